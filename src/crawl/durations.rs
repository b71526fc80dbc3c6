//! How long calls took, counted in classes, since the start of the process.

use std::sync::atomic::{AtomicU64, Ordering};

/// Upper bounds of the classes in seconds. Longer calls are in no class, and in the total.
pub const BOUNDS: [f64; 9] = [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// The counts.
#[derive(Debug, Default)]
pub struct CallDurations {
    /// Calls of each class alone.
    counts: [AtomicU64; BOUNDS.len()],
    count: AtomicU64,
    microseconds: AtomicU64,
}

impl CallDurations {
    pub(super) fn record(&self, seconds: f64) {
        let seconds = seconds.max(0.0);
        if let Some(class) = BOUNDS.iter().position(|bound| seconds <= *bound) {
            self.counts[class].fetch_add(1, Ordering::Relaxed);
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a call lasts at most a month"
        )]
        self.microseconds
            .fetch_add((seconds * 1e6) as u64, Ordering::Relaxed);
    }

    /// Returns the bound and the number of calls of each class, their number, and their sum in seconds.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a sum for charts")]
    pub fn read(&self) -> (Vec<(f64, u64)>, u64, f64) {
        let counts = self
            .counts
            .iter()
            .map(|count| count.load(Ordering::Relaxed));
        let classes: Vec<(f64, u64)> = BOUNDS.into_iter().zip(counts).collect();
        let seconds = self.microseconds.load(Ordering::Relaxed) as f64 / 1e6;
        (classes, self.count.load(Ordering::Relaxed), seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::CallDurations;

    #[test]
    fn a_call_is_counted_in_the_class_of_its_bound() {
        let durations = CallDurations::default();
        for seconds in [0.1, 0.11, 60.0, 61.0] {
            durations.record(seconds);
        }
        let (classes, count, sum) = durations.read();
        let counts: Vec<u64> = classes.iter().map(|(_, count)| *count).collect();
        assert_eq!(counts, [1, 1, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!((count, sum), (4, 121.21));
    }
}
