//! Counters of posts: each policy makes the same number of calls, one for each post that it looks at again.

use soracrawl::crawl::refresh::candidate::{Candidate, Change};
use soracrawl::crawl::refresh::counter::Counter;
use soracrawl::crawl::refresh::curve::{Curve, Growth};
use soracrawl::crawl::refresh::plan::{Money, plan};
use soracrawl::model::MicroUsd;

use super::order::greatest;
use super::world::{HOURS, MEASURED_FROM, Post};

const PRICE: MicroUsd = MicroUsd(50_000);
/// Policies decide every two hours: 60 calls a day.
const STEP_HOURS: f64 = 2.0;
const CALLS: usize = 5;
/// The error is measured, and the curve fitted, once a day.
const STEPS_PER_DAY: u32 = 12;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Policy {
    /// Knows all counts. The greatest error first.
    Greedy,
    /// Knows all counts. The greatest error × time since the last look first.
    GreedyByTime,
    /// `crawl::refresh`, with the curve that it fits.
    Fitted,
    /// `crawl::refresh` without a curve: ages double.
    Doubling,
    RoundRobin,
    /// Each day begins at the newest post.
    NewestFirst,
}

/// What the archive knows of a post.
struct Known {
    count: u64,
    looked: f64,
    history: Vec<Growth>,
    pace: f64,
}

pub struct Run<'a> {
    posts: &'a [Post],
    known: Vec<Option<Known>>,
    policy: Policy,
    curve: Curve,
    now: f64,
}

impl<'a> Run<'a> {
    pub fn new(posts: &'a [Post], policy: Policy) -> Self {
        Self {
            posts,
            known: posts.iter().map(|_| None).collect(),
            policy,
            curve: Curve::default(),
            now: 0.0,
        }
    }

    /// Returns the mean log error of the known counters: ln((1 + count) ÷ (1 + known count)).
    pub fn mean_error(mut self) -> f64 {
        let (mut sum, mut measured) = (0.0, 0.0);
        let mut steps = 0;
        while self.now + STEP_HOURS < HOURS {
            self.now += STEP_HOURS;
            steps += 1;
            self.find();
            let is_daily = steps % STEPS_PER_DAY == 0;
            if is_daily && self.policy == Policy::Fitted {
                self.fit();
            }
            for at in self.order() {
                self.look(at);
            }
            if is_daily && self.now >= MEASURED_FROM {
                for error in (0..self.posts.len()).filter_map(|at| self.error(at)) {
                    sum += error;
                    measured += 1.0;
                }
            }
        }
        sum / measured
    }

    fn fit(&mut self) {
        let known = self.known.iter().flatten();
        let curve = Curve::fit(known.flat_map(|known| known.history.iter().copied()));
        for known in self.known.iter_mut().flatten() {
            known.pace = curve.pace(known.history.iter().copied());
        }
        self.curve = curve;
    }

    /// Adds the posts that a list page has shown by now.
    fn find(&mut self) {
        for (post, known) in self.posts.iter().zip(&mut self.known) {
            if known.is_none() && post.found <= self.now {
                *known = Some(Known {
                    count: post.count_at(post.found),
                    looked: post.found,
                    history: Vec::new(),
                    pace: 1.0,
                });
            }
        }
    }

    fn error(&self, at: usize) -> Option<f64> {
        let known = self.known[at].as_ref()?;
        let count = self.posts[at].count_at(self.now);
        Some(((1.0 + count as f64) / (1.0 + known.count as f64)).ln())
    }

    /// Returns the posts to look at in this step.
    fn order(&self) -> Vec<usize> {
        let day = ((self.now - STEP_HOURS) / 24.0).floor() * 24.0;
        let unseen = |at: usize| Some(self.now - self.known[at].as_ref()?.looked);
        let newest = |at: usize| {
            let known = self.known[at].as_ref()?;
            let is_first = known.looked <= day || known.history.is_empty();
            is_first.then_some(self.posts[at].born)
        };
        let by = |key: &dyn Fn(usize) -> Option<f64>| greatest(self.posts.len(), CALLS, key);
        match self.policy {
            Policy::Greedy => by(&|at| self.error(at)),
            Policy::GreedyByTime => by(&|at| Some(self.error(at)? * unseen(at)?)),
            Policy::RoundRobin => by(&unseen),
            Policy::NewestFirst => by(&newest),
            Policy::Fitted | Policy::Doubling => self.planned(),
        }
    }

    fn planned(&self) -> Vec<usize> {
        let candidates = (0..self.posts.len()).filter_map(|at| self.candidate(at));
        let candidates: Vec<Candidate> = candidates.collect();
        let step = PRICE * i64::try_from(CALLS).expect("a count");
        let money = Money {
            per_day: step * i64::from(STEPS_PER_DAY),
            now: step,
            today: step,
        };
        let plan = plan(&candidates, &self.curve, money, None);
        let ids = plan.calls.iter().map(|call| call.candidate.id);
        ids.map(|id| usize::try_from(id).expect("a place"))
            .collect()
    }

    fn candidate(&self, at: usize) -> Option<Candidate> {
        let known = self.known[at].as_ref()?;
        let born = self.posts[at].born;
        Some(Candidate {
            id: i64::try_from(at).expect("a place"),
            noun: "posts",
            price: PRICE,
            page_size: 1,
            unseen_hours: self.now - known.looked,
            change: Change::Nothing,
            counters: vec![Counter {
                count: known.count,
                seen_age_hours: known.looked - born,
                age_hours: self.now - born,
                pace: known.pace,
            }],
        })
    }

    fn look(&mut self, at: usize) {
        let post = &self.posts[at];
        let Some(known) = &mut self.known[at] else {
            return;
        };
        let count = post.count_at(self.now);
        known.history.push(Growth {
            from_age_hours: known.looked - post.born,
            from_count: known.count,
            to_age_hours: self.now - post.born,
            to_count: count,
        });
        known.count = count;
        known.looked = self.now;
    }
}
