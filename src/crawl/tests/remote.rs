//! A simulated remote in virtual time: its answers, and the calls that it bills.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::model::PRICE;
use crate::api::Error;

/// Answer to a call.
pub(super) enum Answer {
    Page,
    /// A billed success whose body is unreadable.
    Unreadable,
    Refused(Error),
    /// No answer arrives, but the call is billed.
    Lost,
    /// The request was not sent.
    NeverSent,
}

pub(super) struct Remote {
    /// Seconds from the start until calls no longer fail.
    pub(super) healed_at: f64,
    /// Some of its failures count as attempts of a job.
    pub(super) costs_attempts: bool,
    stretches: Vec<Stretch>,
    /// Allowed calls of an endpoint in any second.
    limit: Option<usize>,
    recent: HashMap<&'static str, VecDeque<f64>>,
    pub(super) billed: i64,
    pub(super) admitted: usize,
    random: StdRng,
}

/// A period in which calls fail in one way with a given probability.
struct Stretch {
    from: f64,
    until: f64,
    chance: f64,
    endpoint: Option<&'static str>,
    way: Way,
}

#[derive(Clone, Copy)]
enum Way {
    ThrottleFor(u64),
    Throttle,
    Block(u64),
    Fail,
    Lose,
    Down,
}

impl Remote {
    pub(super) fn healthy() -> Self {
        Self {
            healed_at: 0.0,
            costs_attempts: false,
            stretches: Vec::new(),
            limit: None,
            recent: HashMap::new(),
            billed: 0,
            admitted: 0,
            random: StdRng::seed_from_u64(0),
        }
    }

    /// Returns a remote that answers 429 with a wait of 1 s beyond `limit` calls of an endpoint in any second.
    pub(super) fn limited(limit: usize) -> Self {
        Self {
            limit: Some(limit),
            ..Self::healthy()
        }
    }

    /// Returns a remote that fails for some periods, in ways that depend on the seed, and then recovers.
    pub(super) fn unstable(seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed ^ 0x51c4);
        let stretches: Vec<Stretch> = (0..random.random_range(1..6))
            .map(|_| {
                let from = random.random_range(0.0..60.0);
                let way = match random.random_range(0..6) {
                    0 => Way::ThrottleFor(random.random_range(0..90)),
                    1 => Way::Throttle,
                    2 => Way::Block(random.random_range(1..120)),
                    3 => Way::Fail,
                    4 => Way::Lose,
                    _ => Way::Down,
                };
                Stretch {
                    from,
                    until: from + random.random_range(0.5..120.0),
                    chance: if random.random_bool(0.5) {
                        1.0
                    } else {
                        random.random_range(0.05..1.0)
                    },
                    endpoint: [None, Some("get_user_posts"), Some("get_post_comments")]
                        [random.random_range(0..3)],
                    way,
                }
            })
            .collect();
        Self {
            healed_at: stretches
                .iter()
                .map(|stretch| stretch.until)
                .fold(0.0, f64::max),
            costs_attempts: stretches
                .iter()
                .any(|stretch| matches!(stretch.way, Way::Fail | Way::Lose)),
            stretches,
            random,
            ..Self::healthy()
        }
    }

    pub(super) fn answer(&mut self, endpoint: &'static str, is_poisoned: bool, now: f64) -> Answer {
        if let Some(limit) = self.limit {
            let recent = self.recent.entry(endpoint).or_default();
            while recent.front().is_some_and(|at| now - at >= 1.0) {
                recent.pop_front();
            }
            if recent.len() >= limit {
                return throttled(Some(1));
            }
            recent.push_back(now);
        }
        for stretch in &self.stretches {
            let is_now = (stretch.from..stretch.until).contains(&now);
            let is_meant = stretch.endpoint.is_none_or(|name| name == endpoint);
            if is_now && is_meant && self.random.random_bool(stretch.chance) {
                return match stretch.way {
                    Way::ThrottleFor(seconds) => throttled(Some(seconds)),
                    Way::Throttle => throttled(None),
                    Way::Block(seconds) => Answer::Refused(Error::Blocked {
                        after: Duration::from_secs(seconds),
                        why: "blocked".to_owned(),
                    }),
                    Way::Fail => Answer::Refused(Error::Unavailable {
                        why: "500".to_owned(),
                        is_network: false,
                        after: None,
                    }),
                    Way::Lose => {
                        self.billed += PRICE;
                        Answer::Lost
                    }
                    Way::Down => Answer::NeverSent,
                };
            }
        }
        self.billed += PRICE;
        self.admitted += 1;
        if is_poisoned {
            Answer::Unreadable
        } else {
            Answer::Page
        }
    }
}

fn throttled(seconds: Option<u64>) -> Answer {
    Answer::Refused(Error::Throttled {
        after: seconds.map(Duration::from_secs),
    })
}
