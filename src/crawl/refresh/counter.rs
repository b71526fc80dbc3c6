//! A counter that a call would show again, such as the views of a post.

use super::curve::Curve;

/// A known count, and how old the counted item was when it was seen and is now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Counter {
    pub count: u64,
    /// Age of the item at the last look at the counter.
    pub seen_age_hours: f64,
    /// Age of the item now.
    pub age_hours: f64,
    /// How fast this counter grew so far, by the usual curve: [`Curve::pace`]; 1 if nothing is known of it.
    pub pace: f64,
}

impl Counter {
    /// Returns the expected log error D: ln((1 + v̂) ÷ (1 + v)) with v̂ = v · (G(age) ÷ G(age at the last look))^pace.
    ///
    /// A count of 0 is treated as 1, because what grows by a factor would stay 0.
    #[must_use]
    pub fn log_error(&self, curve: &Curve) -> f64 {
        let count = self.count.max(1) as f64;
        let growth = self.pace * curve.log_growth(self.seen_age_hours, self.age_hours);
        // ln((1 + v·r) ÷ (1 + v)) = ln(1 + (r − 1) · v ÷ (1 + v)), which is exact for small growth too.
        (growth.exp_m1() * count / (1.0 + count)).ln_1p()
    }

    /// Returns the value of a look in hours of log error: D · τ ÷ 2.
    ///
    /// For even growth this is A(τ) = τD(τ) − ∫D. Counters grow fast first, and then A is small although the error stays. A look
    /// removes the error D until the next one, which is about τ away, so D · τ is what counts. The half makes lists and
    /// counters equal where both grow evenly.
    #[must_use]
    pub fn error_hours(&self, curve: &Curve) -> f64 {
        let unseen_hours = (self.age_hours - self.seen_age_hours).max(0.0);
        self.log_error(curve) * unseen_hours / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::{Counter, Curve};

    fn counter(count: u64, from: f64, to: f64) -> Counter {
        Counter {
            count,
            seen_age_hours: from,
            age_hours: to,
            pace: 1.0,
        }
    }

    #[test]
    fn the_log_error_is_that_of_the_expected_count() {
        // Without observations a young count grows as its age: 100 views at 4 h are 200 at 8 h.
        let error = counter(100, 4.0, 8.0).log_error(&Curve::default());
        assert!((error - (201.0_f64 / 101.0).ln()).abs() < 1e-12, "{error}");
        let slow = Counter {
            pace: 0.5,
            ..counter(100, 4.0, 16.0)
        };
        assert!((slow.log_error(&Curve::default()) - error).abs() < 1e-12);
        assert_eq!(counter(100, 24.0, 24.0).log_error(&Curve::default()), 0.0);
        assert!(counter(0, 24.0, 48.0).log_error(&Curve::default()) > 0.0);
    }

    #[test]
    fn without_observations_a_look_at_what_aged_by_the_greater_factor_is_worth_more() {
        let curve = Curve::default();
        let value = |from: f64, factor: f64| {
            let counter = counter(1_000_000, from, from * factor);
            counter.error_hours(&curve)
        };
        for from in [32.0, 100.0, 1_000.0] {
            for other in [32.0, 100.0, 1_000.0] {
                assert!(value(from, 2.6) > value(other, 2.0), "{from} {other}");
            }
        }
    }

    #[test]
    fn the_value_of_a_look_is_half_the_error_times_the_time_since_the_last_one() {
        let (curve, counter) = (Curve::default(), counter(100, 24.0, 48.0));
        let expected = counter.log_error(&curve) * 12.0;
        assert!((counter.error_hours(&curve) - expected).abs() < 1e-12);
    }
}
