//! How fast a list grows: a gamma prior and two memories.

use super::look::Look;

/// Time after which the long memory has forgotten all but 1/e of what it saw: 30 days.
const LONG_HOURS: f64 = 720.0;
/// Share of the short memory that survives a look: with ½ it is about as good as the last two looks.
const SHORT_KEEPS: f64 = 0.5;
/// Items that a prior counts as. A half is weak: two looks outweigh it, and a list without items never has the rate 0.
const PRIOR_ITEMS: f64 = 0.5;
/// Rate of a list of which nothing is known: one item in a week.
const UNKNOWN_PER_HOUR: f64 = 1.0 / 168.0;

/// The gamma prior of all rates: as if `items` had been seen in `hours`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prior {
    pub items: f64,
    pub hours: f64,
}

impl Prior {
    /// Returns the prior whose mean is the rate of all looks at all lists together.
    #[must_use]
    pub fn of<'a>(looks: impl IntoIterator<Item = &'a Look>) -> Self {
        let mut all = Memory::default();
        for look in looks {
            all.items += f64::from(look.new_items);
            all.hours += look.span_hours;
        }
        let per_hour = if all.items > 0.0 && all.hours > 0.0 {
            all.items / all.hours
        } else {
            UNKNOWN_PER_HOUR
        };
        Self {
            items: PRIOR_ITEMS,
            hours: PRIOR_ITEMS / per_hour,
        }
    }
}

/// Items seen, and the time in which they appeared. Both are forgotten together.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Memory {
    items: f64,
    hours: f64,
}

impl Memory {
    fn fade(&mut self, share: f64) {
        self.items *= share;
        self.hours *= share;
    }

    fn per_hour(self, prior: Prior) -> f64 {
        (prior.items + self.items) / (prior.hours + self.hours)
    }
}

/// The rate of one list, learned from its looks.
///
/// The rate of a memory is λ̂ = (a + n) ÷ (b + T). The long memory is steady, the short one notices a list that wakes up. The
/// larger rate counts: an unneeded look costs one page, and a list taken for asleep costs all its items for weeks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    prior: Prior,
    long: Memory,
    short: Memory,
}

impl Rates {
    /// Returns the rate of a list that nobody has looked at.
    #[must_use]
    pub fn new(prior: Prior) -> Self {
        Self {
            prior,
            long: Memory::default(),
            short: Memory::default(),
        }
    }

    /// Returns the rate of a list with these looks, the oldest first.
    #[must_use]
    pub fn learn<'a>(prior: Prior, looks: impl IntoIterator<Item = &'a Look>) -> Self {
        let mut rates = Self::new(prior);
        for look in looks {
            rates.add(look);
        }
        rates
    }

    /// Adds a look that is later than all others.
    pub fn add(&mut self, look: &Look) {
        let (items, hours) = (f64::from(look.new_items), look.span_hours.max(0.0));
        self.short.fade(SHORT_KEEPS);
        self.short.items += items;
        self.short.hours += hours;
        // The items appeared somewhere in the span, so the older part of a long span is forgotten as well.
        let kept_hours = LONG_HOURS * -(-hours / LONG_HOURS).exp_m1();
        let kept_share = if hours > 0.0 { kept_hours / hours } else { 1.0 };
        self.long.fade((-hours / LONG_HOURS).exp());
        self.long.items += items * kept_share;
        self.long.hours += kept_hours;
    }

    /// Returns the expected number of new items in an hour. It is greater than 0.
    #[must_use]
    pub fn per_hour(&self) -> f64 {
        let long = self.long.per_hour(self.prior);
        long.max(self.short.per_hour(self.prior))
    }
}

#[cfg(test)]
mod tests {
    use super::{Look, Prior, Rates};

    const PRIOR: Prior = Prior {
        items: 0.5,
        hours: 50.0,
    };

    fn look(span_hours: f64, new_items: u32) -> Look {
        Look {
            at: 0.0,
            span_hours,
            new_items,
        }
    }

    #[test]
    fn the_prior_has_the_mean_rate_of_all_lists_and_the_weight_of_half_an_item() {
        let prior = Prior::of(&[look(100.0, 9), look(100.0, 1)]);
        assert_eq!((prior.items, prior.hours), (0.5, 10.0));
        let unknown = Prior::of(&[]);
        assert_eq!((unknown.items, unknown.hours), (0.5, 84.0));
        assert_eq!(Prior::of(&[look(100.0, 0)]), unknown);
    }

    #[test]
    fn a_list_without_looks_has_the_rate_of_the_prior() {
        assert_eq!(Rates::new(PRIOR).per_hour(), 0.01);
    }

    #[test]
    fn after_one_short_look_the_rate_is_the_mean_of_the_gamma_posterior() {
        let rates = Rates::learn(PRIOR, &[look(1.0, 3)]);
        let expected = 3.5 / 51.0;
        assert!((rates.per_hour() - expected).abs() < 1e-4, "{rates:?}");
    }

    #[test]
    fn the_long_memory_weighs_each_hour_by_its_age() {
        // Even looks of any length give the same memory: ∫ exp(−t ÷ 720) over 1,440 hours.
        let whole = Rates::learn(PRIOR, &[look(1_440.0, 144)]);
        let parts = Rates::learn(PRIOR, &[look(10.0, 1); 144]);
        let hours = 720.0 * (1.0 - (-2.0_f64).exp());
        for rates in [whole, parts] {
            assert!((rates.long.hours - hours).abs() < 1e-6, "{rates:?}");
            assert!((rates.long.items - hours / 10.0).abs() < 1e-6, "{rates:?}");
        }
    }

    #[test]
    fn a_list_that_wakes_up_is_noticed_at_once_and_one_that_falls_asleep_slowly() {
        let mut rates = Rates::learn(PRIOR, &[look(100.0, 1); 20]);
        let asleep = rates.per_hour();
        rates.add(&look(100.0, 100));
        assert!(rates.per_hour() > 0.4, "{rates:?}");
        rates.add(&look(100.0, 1));
        rates.add(&look(100.0, 1));
        let later = rates.per_hour();
        assert!(asleep < later && later < 0.4, "{asleep} {later}");
    }

    #[test]
    fn looks_without_a_span_change_no_rate_but_by_their_items() {
        let rates = Rates::learn(PRIOR, &[look(0.0, 2)]);
        assert_eq!(rates.per_hour(), 2.5 / 50.0);
        assert_eq!(Rates::learn(PRIOR, &[look(-1.0, 0)]).per_hour(), 0.01);
    }
}
