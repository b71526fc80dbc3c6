//! How counters grow with the age of what they count: one fitted curve for all.

use std::f64::consts::LN_2;

/// Bins of age: powers of two of an hour, up to seven years.
const BINS: usize = 16;
/// Age from which on the usual growth slows down.
const DAY_HOURS: f64 = 24.0;
/// Length of ln(age) that the usual slope counts as in each bin: about three doublings.
const USUAL_LENGTH: f64 = 2.0;
/// ln of growth that a pace of 1 counts as, before a counter has a history of its own.
const PACE_WEIGHT: f64 = 1.0;

/// Two observations of one counter, one after the other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Growth {
    pub from_age_hours: f64,
    pub from_count: u64,
    pub to_age_hours: f64,
    pub to_count: u64,
}

impl Growth {
    /// Returns the growth of the logarithm of the count.
    fn log(&self) -> f64 {
        ln_count(self.to_count) - ln_count(self.from_count)
    }
}

/// The growth G(age) of a counter, up to a factor: piecewise linear in ln(age) and ln(count).
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// ln G at the begin of each bin.
    begins: [f64; BINS],
    /// Slope in each bin.
    slopes: [f64; BINS],
}

impl Default for Curve {
    /// Returns the curve of no observation: ln G = −1 day ÷ age, and at most the age itself.
    ///
    /// 37 % of the last count are there after a day, 78 % after four days. With it the value of a look at an old counter depends
    /// only on the factor by which its age has grown, so looks come at 1, 2, 4, 8 days.
    fn default() -> Self {
        Self::of(std::array::from_fn(usual_slope))
    }
}

impl Curve {
    fn of(slopes: [f64; BINS]) -> Self {
        let mut sum = 0.0;
        let begins = slopes.map(|slope| {
            let begin = sum;
            sum += slope * LN_2;
            begin
        });
        Self { begins, slopes }
    }

    /// Fits the curve to the histories of counters, in one pass.
    ///
    /// The slope of a bin is the mean slope of the growths that pass through it, each weighted by its length in ln(age) there. A
    /// few usual ones are added, so a bin with few observations stays close to the usual slope. No slope is negative.
    #[must_use]
    pub fn fit(growths: impl IntoIterator<Item = Growth>) -> Self {
        let mut rise: [f64; BINS] = std::array::from_fn(|bin| usual_slope(bin) * USUAL_LENGTH);
        let mut length = [USUAL_LENGTH; BINS];
        for growth in growths {
            let (from, to) = (octaves(growth.from_age_hours), octaves(growth.to_age_hours));
            let slope = growth.log() / ((to - from) * LN_2);
            for (bin, part) in parts(from, to) {
                rise[bin] += slope * part;
                length[bin] += part;
            }
        }
        Self::of(std::array::from_fn(|bin| {
            (rise[bin] / length[bin]).max(0.0)
        }))
    }

    /// Returns ln(G(to) ÷ G(from)): by how much the logarithm of a counter grows between two ages.
    #[must_use]
    pub fn log_growth(&self, from_age_hours: f64, to_age_hours: f64) -> f64 {
        (self.ln(to_age_hours) - self.ln(from_age_hours)).max(0.0)
    }

    fn ln(&self, age_hours: f64) -> f64 {
        let octaves = octaves(age_hours);
        let bin = (octaves as usize).min(BINS - 1);
        self.begins[bin] + self.slopes[bin] * (octaves - bin as f64) * LN_2
    }

    /// Returns how fast one counter grew, by this curve: 1 is as usual, and 2 twice as fast in ln(count).
    ///
    /// It is (observed growth + 1) ÷ (expected growth + 1), so a short history says little. It is never negative.
    #[must_use]
    pub fn pace(&self, history: impl IntoIterator<Item = Growth>) -> f64 {
        let (mut observed, mut expected) = (PACE_WEIGHT, PACE_WEIGHT);
        for growth in history {
            observed += growth.log();
            expected += self.log_growth(growth.from_age_hours, growth.to_age_hours);
        }
        (observed / expected).max(0.0)
    }
}

/// Returns the mean slope of ln G = −1 day ÷ age in a bin, at most 1.
fn usual_slope(bin: usize) -> f64 {
    let begin = (bin as f64).exp2();
    (DAY_HOURS / (2.0 * begin) / LN_2).min(1.0)
}

/// Returns an age in doublings of an hour, at least 0.
fn octaves(age_hours: f64) -> f64 {
    age_hours.max(1.0).log2()
}

fn ln_count(count: u64) -> f64 {
    (count.max(1) as f64).ln()
}

/// Returns the bins between two ages in doublings, and the length of ln(age) in each.
fn parts(from: f64, to: f64) -> impl Iterator<Item = (usize, f64)> {
    (0..BINS).filter_map(move |bin| {
        let begin = bin as f64;
        let end = if bin + 1 == BINS {
            f64::INFINITY
        } else {
            begin + 1.0
        };
        let part = to.min(end) - from.max(begin);
        (part > 0.0).then_some((bin, part * LN_2))
    })
}

#[cfg(test)]
mod tests {
    use super::{Curve, Growth};

    fn growth(from: f64, to: f64, count: impl Fn(f64) -> f64) -> Growth {
        Growth {
            from_age_hours: from,
            from_count: count(from) as u64,
            to_age_hours: to,
            to_count: count(to) as u64,
        }
    }

    #[test]
    fn without_observations_a_counter_nears_its_last_value() {
        let curve = Curve::default();
        assert_eq!(Curve::fit([]), curve);
        for (from, to) in [(32.0, 256.0), (64.0, 4_096.0), (512.0, 1_024.0)] {
            let (grown, expected) = (curve.log_growth(from, to), 24.0 / from - 24.0 / to);
            assert!((grown - expected).abs() < 1e-9, "{grown} {expected}");
        }
        assert!((curve.log_growth(2.0, 8.0) - 4.0_f64.ln()).abs() < 1e-12);
        assert_eq!(curve.log_growth(24.0, 24.0), 0.0);
        assert_eq!(curve.log_growth(48.0, 24.0), 0.0);
        assert_eq!(curve.log_growth(0.0, 1.0), 0.0);
        assert!(curve.log_growth(1e5, 1e9).is_finite());
    }

    #[test]
    fn many_observations_of_a_power_of_age_give_its_exponent() {
        let count = |age: f64| 1e9 * age.powf(0.3);
        let growths = (0..12).flat_map(|bin| {
            let from = f64::from(1 << bin);
            std::iter::repeat_n(growth(from, from * 3.0, count), 500)
        });
        let curve = Curve::fit(growths);
        let grown = curve.log_growth(2.0, 2_000.0);
        let expected = 0.3 * 1_000.0_f64.ln();
        assert!((grown / expected - 1.0).abs() < 0.02, "{grown} {expected}");
    }

    #[test]
    fn ages_without_observations_keep_the_usual_slope() {
        let flat = growth(4.0, 8.0, |_| 50.0);
        let curve = Curve::fit(std::iter::repeat_n(flat, 1_000));
        assert!(curve.log_growth(4.0, 8.0) < 0.01);
        let usual = Curve::default().log_growth(16.0, 99.0);
        assert!((curve.log_growth(16.0, 99.0) - usual).abs() < 1e-12);
    }

    #[test]
    fn counters_that_shrink_and_pairs_out_of_order_do_no_harm() {
        let shrunk = growth(4.0, 8.0, |age| 1_000.0 / age.powi(3));
        let curve = Curve::fit(std::iter::repeat_n(shrunk, 100));
        assert_eq!(curve.log_growth(4.0, 8.0), 0.0);
        assert_eq!(curve.log_growth(4.0, 64.0), curve.log_growth(8.0, 64.0));
        assert_eq!(Curve::fit([growth(8.0, 4.0, |age| age)]), Curve::default());
    }

    #[test]
    fn the_pace_of_a_counter_is_its_growth_by_the_usual_one() {
        let curve = Curve::default();
        assert_eq!(curve.pace([]), 1.0);
        let fast = curve.pace([growth(10.0, 1_000.0, |age| 1e6 * age * age)]);
        let (grown, usual) = (2.0 * 100.0_f64.ln(), curve.log_growth(10.0, 1_000.0));
        assert!((fast - (grown + 1.0) / (usual + 1.0)).abs() < 1e-9);
        let shrunk = curve.pace([growth(1.0, 9.0, |age| 1e6 / age.powi(9))]);
        assert_eq!(shrunk, 0.0);
    }
}
