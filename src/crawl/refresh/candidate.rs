//! One call that could be made now: what it would renew, what that is worth, and what it costs.

use super::counter::Counter;
use super::curve::Curve;
use crate::model::MicroUsd;

/// What one unit of log error of one counted item is worth, in items that are unseen for as long.
///
/// This is the only exchange between lists and counters. An unseen item lacks all: its text, author, media and every count. A
/// known item whose counts are wrong by the factor e still has all of that, and mostly its rank among others. So ten such items
/// weigh as much as one that is unseen. An edge of an unordered list weighs as much as an item.
pub const ITEMS_PER_LOG_ERROR: f64 = 0.1;

/// How the list of a call changes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// New items come at the head, so one page shows all of them, if they are few.
    Head {
        /// Expected new items in an hour: [`super::rate::Rates::per_hour`].
        per_hour: f64,
    },
    /// Items come and go anywhere, such as followers: only a whole walk shows them.
    Anywhere {
        /// Items of the list, as the newest count says.
        size: u64,
        /// Difference between that count and the items that the last walk saw: changes that are certain.
        known: u64,
        /// Changes in an hour that earlier walks showed.
        per_hour: f64,
    },
    /// There is no list: a profile or a detail, whose counters are all that changes.
    Nothing,
}

/// One call that could be made now, with everything that it renews. A walk that must be bought whole is one call here.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The caller's number of it, such as the job. It decides between equals.
    pub id: i64,
    /// What the list contains, for sentences: `posts`.
    pub noun: &'static str,
    /// Price of a page.
    pub price: MicroUsd,
    /// Most items of a page, at least 1.
    pub page_size: u32,
    /// Time since the last look, τ.
    pub unseen_hours: f64,
    pub change: Change,
    /// The counters that the call shows again, such as one for each post on the page.
    pub counters: Vec<Counter>,
}

/// What a call is expected to bring.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Worth {
    /// Items of the list that nobody has seen yet.
    pub items: f64,
    /// How long they have waited, all together, in hours.
    pub item_hours: f64,
    /// Mean expected log error of the counters; 0 without counters.
    pub log_error: f64,
    /// The value of all of it in item-hours.
    pub value: f64,
    pub pages: u64,
    pub cost: MicroUsd,
    /// Value per dollar.
    pub index: f64,
}

impl Candidate {
    /// Returns how many items are expected to be unseen now: λτ, or the expected changes of an unordered list.
    #[must_use]
    pub fn unseen_items(&self) -> f64 {
        match self.change {
            Change::Head { per_hour } => per_hour * self.unseen_hours,
            Change::Anywhere {
                known, per_hour, ..
            } => (per_hour * self.unseen_hours).max(known as f64),
            Change::Nothing => 0.0,
        }
    }

    /// Returns how long those have waited, all together: A(τ) = τD(τ) − ∫D, which is λτ²/2 for items that come evenly.
    #[must_use]
    pub fn item_hours(&self) -> f64 {
        self.unseen_items() * self.unseen_hours / 2.0
    }

    /// Returns the pages that the call is expected to buy: 1 + ⌊λτ ÷ page size⌋, or all pages of an unordered list.
    #[must_use]
    pub fn pages(&self) -> u64 {
        let page_size = u64::from(self.page_size.max(1));
        match self.change {
            Change::Head { .. } => 1 + whole(self.unseen_items()) / page_size,
            Change::Anywhere { size, .. } => size.div_ceil(page_size).max(1),
            Change::Nothing => 1,
        }
    }

    /// Returns whether a part of the pages is of use: those at the head of a list show its newest items.
    #[must_use]
    pub fn may_be_bought_in_parts(&self) -> bool {
        matches!(self.change, Change::Head { .. })
    }

    /// Returns what the call is expected to cost.
    #[must_use]
    pub fn cost(&self) -> MicroUsd {
        self.price * i64::try_from(self.pages()).unwrap_or(i64::MAX)
    }

    /// Returns what the call is worth. `curve` is how its counters grow.
    #[must_use]
    pub fn worth(&self, curve: &Curve) -> Worth {
        let (mut log_error, mut error_hours) = (0.0, 0.0);
        for counter in &self.counters {
            log_error += counter.log_error(curve);
            error_hours += counter.error_hours(curve);
        }
        let value = self.item_hours() + ITEMS_PER_LOG_ERROR * error_hours;
        let cost = self.cost();
        Worth {
            items: self.unseen_items(),
            item_hours: self.item_hours(),
            log_error: log_error / (self.counters.len().max(1) as f64),
            value,
            pages: self.pages(),
            cost,
            // A free call counts as the cheapest one that has a price.
            index: value / dollars(cost.max(MicroUsd(1))),
        }
    }
}

/// Returns an amount in dollars.
pub(super) fn dollars(amount: MicroUsd) -> f64 {
    amount.0 as f64 / 1e6
}

/// Returns a number that is not negative without its fraction.
fn whole(number: f64) -> u64 {
    // A conversion from a float saturates, and turns what is no number into 0.
    number as u64
}

#[cfg(test)]
mod tests {
    use super::{Candidate, Change, Counter, Curve, ITEMS_PER_LOG_ERROR, MicroUsd};

    fn candidate(change: Change, unseen_hours: f64) -> Candidate {
        Candidate {
            id: 1,
            noun: "posts",
            price: MicroUsd(50_000),
            page_size: 30,
            unseen_hours,
            change,
            counters: Vec::new(),
        }
    }

    fn head(per_hour: f64, unseen_hours: f64) -> Candidate {
        candidate(Change::Head { per_hour }, unseen_hours)
    }

    #[test]
    fn the_item_hours_of_a_head_are_the_area_over_the_growth() {
        let list = head(0.2, 60.0);
        // τD(τ) − ∫D by brute force.
        let steps = 10_000;
        let width = 60.0 / f64::from(steps);
        let integral: f64 = (0..steps)
            .map(|step| 0.2 * (f64::from(step) + 0.5) * width * width)
            .sum();
        let area = 60.0 * list.unseen_items() - integral;
        assert!((list.item_hours() - area).abs() < 1e-6);
        assert!((list.item_hours() - 0.2 * 3_600.0 / 2.0).abs() < 1e-9);
    }

    #[test]
    fn a_head_costs_one_page_more_for_each_full_page_of_new_items() {
        let pages = |items: f64| head(items, 1.0).pages();
        assert_eq!([0.0, 29.9, 30.0, 59.0, 60.0].map(pages), [1, 1, 2, 2, 3]);
        assert_eq!(head(60.0, 1.0).cost(), MicroUsd(150_000));
        let worth = head(60.0, 1.0).worth(&Curve::default());
        assert!((worth.index - 30.0 / 0.15).abs() < 1e-9, "{worth:?}");
    }

    #[test]
    fn an_unordered_list_is_bought_whole_and_its_count_is_certain() {
        let list = |known, hours| {
            let change = Change::Anywhere {
                size: 1_001,
                known,
                per_hour: 2.0,
            };
            candidate(change, hours)
        };
        assert_eq!(list(0, 10.0).pages(), 34);
        assert_eq!(list(0, 10.0).unseen_items(), 20.0);
        assert_eq!(list(70, 10.0).unseen_items(), 70.0);
        assert_eq!(list(70, 10.0).item_hours(), 350.0);
        let empty = Change::Anywhere {
            size: 0,
            known: 0,
            per_hour: 0.0,
        };
        assert_eq!(candidate(empty, 1.0).pages(), 1);
    }

    #[test]
    fn a_call_is_worth_all_that_it_renews() {
        let counter = Counter {
            count: 100,
            seen_age_hours: 24.0,
            age_hours: 48.0,
            pace: 1.0,
        };
        let curve = Curve::default();
        let mut page = head(0.5, 24.0);
        let list = page.worth(&curve);
        page.counters = vec![counter; 30];
        let both = page.worth(&curve);
        let counters = ITEMS_PER_LOG_ERROR * 30.0 * counter.error_hours(&curve);
        assert!((both.value - list.value - counters).abs() < 1e-9);
        assert!((both.log_error - counter.log_error(&curve)).abs() < 1e-12);
        assert_eq!((both.cost, both.items), (list.cost, list.items));
        let profile = Candidate {
            change: Change::Nothing,
            counters: vec![counter],
            ..page
        };
        let profile = profile.worth(&curve);
        assert_eq!((profile.items, profile.pages), (0.0, 1));
        assert!(profile.value > 0.0);
    }

    #[test]
    fn a_call_without_a_price_has_a_finite_index() {
        let free = Candidate {
            price: MicroUsd(0),
            ..head(1.0, 1.0)
        };
        assert!(free.worth(&Curve::default()).index.is_finite());
    }
}
