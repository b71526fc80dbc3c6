//! Lists that grow at their head: each policy spends the same dollars.

use soracrawl::crawl::refresh::candidate::{Candidate, Change};
use soracrawl::crawl::refresh::curve::Curve;
use soracrawl::crawl::refresh::look::{Look, looks_of_dates};
use soracrawl::crawl::refresh::plan::{Money, plan};
use soracrawl::crawl::refresh::rate::{Prior, Rates};
use soracrawl::model::MicroUsd;

use super::order::greatest;
use super::world::{CHANGE, HOURS, List, MEASURED_FROM, PAGE};

pub const MAX_DAYS: f64 = 21.0;
const PRICE: MicroUsd = MicroUsd(50_000);
const HOUR_SECONDS: f64 = 3_600.0;

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Policy {
    /// `crawl::refresh`, with the rates that it learns.
    ItemHours,
    /// The same, with the rates of the world.
    TrueRates,
    /// The longest unseen list first.
    RoundRobin,
    /// A list is due after one expected item; the most overdue one first.
    OneByRate,
    /// Each day begins at the list with the newest known item.
    NewestFirst,
}

/// What a policy brought.
#[derive(Debug, Clone, Copy)]
pub struct Outcome {
    /// Mean time from the appearance of an item until its list is looked at.
    pub delay_hours: f64,
    /// Lists that were once unseen for longer than [`MAX_DAYS`].
    pub overdue: usize,
    pub spent: MicroUsd,
    /// The most that a plan said it needs for all deadlines, in pages a day.
    pub pages_needed: i64,
}

/// What the archive knows of a list.
struct Known {
    looked: f64,
    items: usize,
    rates: Rates,
    longest_unseen: f64,
}

pub struct Run<'a> {
    lists: &'a [List],
    known: Vec<Known>,
    policy: Policy,
    pages_per_day: i64,
    now: f64,
    item_hours: f64,
    spent: MicroUsd,
    spent_today: MicroUsd,
    pages_needed: i64,
}

/// Returns the least mean delay of any policy: (Σ√λ)² ÷ (2BΣλ), with the rates before and after mid-run.
///
/// A list that is looked at n times in T hours collects at least λT² ÷ 2n item-hours, and n ~ √λ gives the least sum.
pub fn bound(lists: &[List], pages_per_day: i64) -> f64 {
    let looks_per_hour = pages_per_day as f64 / 24.0;
    let (mut item_hours, mut items) = (0.0, 0.0);
    for (half, hours) in [(0, CHANGE - MEASURED_FROM), (1, HOURS - CHANGE)] {
        let rates = lists.iter().map(|list| list.per_hour[half]);
        let roots: f64 = rates.clone().map(f64::sqrt).sum();
        item_hours += hours * roots * roots / (2.0 * looks_per_hour);
        items += hours * rates.sum::<f64>();
    }
    item_hours / items
}

impl<'a> Run<'a> {
    /// Begins after a first crawl: each list has just been seen, and the dates on its first page are known.
    pub fn new(lists: &'a [List], policy: Policy, pages_per_day: i64) -> Self {
        let first = lists.iter().map(|list| {
            let seen = list.items[..list.items_until(0.0)].iter().rev();
            let dates: Vec<f64> = seen.map(|hour| hour * HOUR_SECONDS).collect();
            looks_of_dates(&dates, 0.0)
        });
        let first: Vec<Vec<Look>> = first.collect();
        let prior = Prior::of(first.iter().flatten());
        let known = lists.iter().zip(&first).map(|(list, looks)| Known {
            looked: 0.0,
            items: list.items_until(0.0),
            rates: Rates::learn(prior, looks),
            longest_unseen: 0.0,
        });
        Self {
            lists,
            known: known.collect(),
            policy,
            pages_per_day,
            now: 0.0,
            item_hours: 0.0,
            spent: MicroUsd(0),
            spent_today: MicroUsd(0),
            pages_needed: 0,
        }
    }

    /// Decides each hour, up to the end of the run.
    pub fn outcome(mut self) -> Outcome {
        let per_day = PRICE * self.pages_per_day;
        let mut hour_of_day = 0.0;
        while self.now + 1.0 < HOURS {
            self.now += 1.0;
            hour_of_day += 1.0;
            if hour_of_day > 24.0 {
                hour_of_day = 1.0;
                // More pages than expected may have been bought in the last hour. The next day pays for them.
                self.spent_today = MicroUsd((self.spent_today.0 - per_day.0).max(0));
            }
            self.hour(Money::at(per_day, self.spent_today, hour_of_day));
        }
        self.now = HOURS;
        for at in 0..self.lists.len() {
            self.see(at);
        }
        let measured = |list: &List| list.items.len() - list.items_until(MEASURED_FROM);
        let items: usize = self.lists.iter().map(measured).sum();
        let is_overdue = |known: &&Known| known.longest_unseen > MAX_DAYS * 24.0;
        Outcome {
            delay_hours: self.item_hours / items as f64,
            overdue: self.known.iter().filter(is_overdue).count(),
            spent: self.spent,
            pages_needed: self.pages_needed,
        }
    }

    fn hour(&mut self, money: Money) {
        let end = self.spent.0 + money.now.0;
        for at in self.order(money) {
            if self.spent.0 + PRICE.0 > end {
                break;
            }
            self.look(at);
        }
    }

    /// Returns the lists to look at in this hour.
    fn order(&mut self, money: Money) -> Vec<usize> {
        let (lists, known, now) = (self.lists, &self.known, self.now);
        let most = usize::try_from(money.now.0 / PRICE.0).expect("a count");
        let unseen = |at: usize| now - known[at].looked;
        let by = |key: &dyn Fn(usize) -> Option<f64>| greatest(lists.len(), most, key);
        match self.policy {
            Policy::RoundRobin => by(&|at| Some(unseen(at))),
            Policy::OneByRate => by(&|at| Some(unseen(at) * known[at].rates.per_hour())),
            Policy::NewestFirst => {
                let day = ((now - 1.0) / 24.0).floor() * 24.0;
                by(&|at| {
                    let newest = known[at].items.checked_sub(1);
                    let newest = newest.map_or(f64::MIN, |item| lists[at].items[item]);
                    (known[at].looked <= day).then_some(newest)
                })
            }
            Policy::ItemHours | Policy::TrueRates => {
                let candidates: Vec<Candidate> =
                    (0..lists.len()).map(|at| self.candidate(at)).collect();
                let plan = plan(&candidates, &Curve::default(), money, Some(MAX_DAYS));
                self.pages_needed = self.pages_needed.max(plan.per_day_needed.0 / PRICE.0);
                let ids = plan.calls.iter().map(|call| call.candidate.id);
                ids.map(|id| usize::try_from(id).expect("a place"))
                    .collect()
            }
        }
    }

    fn candidate(&self, at: usize) -> Candidate {
        let per_hour = match self.policy {
            Policy::TrueRates => self.lists[at].rate_at(self.now),
            _ => self.known[at].rates.per_hour(),
        };
        Candidate {
            id: i64::try_from(at).expect("a place"),
            noun: "posts",
            price: PRICE,
            page_size: PAGE,
            unseen_hours: self.now - self.known[at].looked,
            change: Change::Head { per_hour },
            counters: Vec::new(),
        }
    }

    /// Buys the pages of a list until one shows an item that is known.
    fn look(&mut self, at: usize) {
        let span_hours = self.now - self.known[at].looked;
        let new_items = self.see(at);
        let cost = PRICE * i64::from(1 + new_items / PAGE);
        self.spent = MicroUsd(self.spent.0 + cost.0);
        self.spent_today = MicroUsd(self.spent_today.0 + cost.0);
        self.known[at].looked = self.now;
        self.known[at].rates.add(&Look {
            at: self.now * HOUR_SECONDS,
            span_hours,
            new_items,
        });
    }

    /// Adds up how long the new items of a list have waited, and returns their number.
    fn see(&mut self, at: usize) -> u32 {
        let (list, known) = (&self.lists[at], &mut self.known[at]);
        let until = list.items_until(self.now);
        let new = &list.items[known.items..until];
        let waited = |item: &f64| (self.now - item.max(MEASURED_FROM)).max(0.0);
        self.item_hours += new.iter().map(waited).sum::<f64>();
        known.items = until;
        known.longest_unseen = known.longest_unseen.max(self.now - known.looked);
        u32::try_from(new.len()).expect("few items")
    }
}
