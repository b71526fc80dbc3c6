//! The one clock of the program. Every part receives it when it is built.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Reads the time as Unix seconds. Clones share one source.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> f64 + Send + Sync>);

impl Clock {
    /// Returns the clock of the system.
    #[must_use]
    pub fn real() -> Self {
        Self::manual(|| {
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0.0, |since| since.as_secs_f64())
        })
    }

    /// Returns a clock that reads `seconds`, for tests and benches.
    #[must_use]
    pub fn manual(seconds: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(seconds))
    }

    /// Returns the time in Unix seconds.
    #[must_use]
    pub fn now(&self) -> f64 {
        (self.0)()
    }

    /// Returns the current UTC day, YYYY-MM-DD.
    #[must_use]
    pub fn today(&self) -> String {
        day(self.now())
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// Returns the UTC day of a time in Unix seconds, YYYY-MM-DD: the day whose budget a call counts against.
#[must_use]
pub fn day(time: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole seconds of a clock fit"
    )]
    let seconds = time as i64;
    jiff::Timestamp::from_second(seconds)
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
        .strftime("%Y-%m-%d")
        .to_string()
}

/// Returns a time in Unix seconds for people, such as `2026-12-01 14:02 UTC`.
#[must_use]
pub fn minute(time: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole seconds of a clock fit"
    )]
    let seconds = time as i64;
    jiff::Timestamp::from_second(seconds)
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
        .strftime("%Y-%m-%d %H:%M UTC")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::{Clock, day, minute};

    #[test]
    fn a_day_is_the_utc_day_of_its_seconds() {
        assert_eq!(day(86_399.9), "1970-01-01");
        assert_eq!(day(86_400.0), "1970-01-02");
        assert_eq!(minute(1_700_000_000.0), "2023-11-14 22:13 UTC");
        assert_eq!(Clock::manual(|| 1_700_000_000.0).today(), "2023-11-14");
    }
}
