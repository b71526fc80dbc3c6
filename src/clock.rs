//! The one clock of the program. Every part receives it when it is built.

use std::fmt;
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Reads the time as Unix seconds, in two ways. Clones share one source.
///
/// Rows keep the wall time. Waits are counted on the steady time: it begins at the wall time of the start and never steps,
/// whatever happens to the clock of the system.
#[derive(Clone)]
pub struct Clock {
    wall: Source,
    steady: Source,
}

/// One moment on both times of a [`Clock`], in Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    pub wall: f64,
    pub steady: f64,
}

type Source = Arc<dyn Fn() -> f64 + Send + Sync>;

impl Clock {
    /// Returns the clock of the system. A step of its wall time counts once it has lasted for some seconds, so that one
    /// wrong reading stamps no row.
    #[must_use]
    pub fn real() -> Self {
        let begin = Instant::now();
        let system = || {
            let since = SystemTime::now().duration_since(UNIX_EPOCH);
            since.map_or(0.0, |since| since.as_secs_f64())
        };
        let anchor = system();
        let steady = move || anchor + begin.elapsed().as_secs_f64();
        let steps = Mutex::new(Steps::default());
        Self {
            wall: Arc::new(move || {
                let mut steps = steps.lock().unwrap_or_else(PoisonError::into_inner);
                steps.wall(system(), steady())
            }),
            steady: Arc::new(steady),
        }
    }

    /// Returns a clock that reads `seconds` both ways, for tests and benches.
    #[must_use]
    pub fn manual(seconds: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        let source: Source = Arc::new(seconds);
        Self {
            wall: source.clone(),
            steady: source,
        }
    }

    /// Returns a clock with separate readings, for tests.
    #[must_use]
    pub fn split(
        wall: impl Fn() -> f64 + Send + Sync + 'static,
        steady: impl Fn() -> f64 + Send + Sync + 'static,
    ) -> Self {
        Self {
            wall: Arc::new(wall),
            steady: Arc::new(steady),
        }
    }

    /// Returns the wall time in Unix seconds: for rows and days.
    #[must_use]
    pub fn now(&self) -> f64 {
        (self.wall)()
    }

    /// Returns the steady time in Unix seconds: for waits, leases and cooldowns.
    #[must_use]
    pub fn steady(&self) -> f64 {
        (self.steady)()
    }

    /// Returns the current UTC day, YYYY-MM-DD.
    #[must_use]
    pub fn today(&self) -> String {
        day(self.now())
    }
}

/// Steps of the wall time against the steady time.
#[derive(Debug, Default)]
struct Steps {
    /// Accepted difference of the wall time to the steady time, in seconds.
    offset: f64,
    /// A new difference, and the steady time when it first appeared.
    step: Option<(f64, f64)>,
}

impl Steps {
    /// Difference that is no step: a clock is corrected by less while it runs.
    const SLACK_SECONDS: f64 = 1.0;
    /// Time after which a step counts.
    const TRUST_SECONDS: f64 = 10.0;

    /// Returns the wall time, without a step that has not lasted yet.
    fn wall(&mut self, wall: f64, steady: f64) -> f64 {
        let offset = wall - steady;
        if (offset - self.offset).abs() <= Self::SLACK_SECONDS {
            (self.offset, self.step) = (offset, None);
            return wall;
        }
        let since = match self.step {
            Some((step, since)) if (offset - step).abs() <= Self::SLACK_SECONDS => since,
            _ => steady,
        };
        if steady - since >= Self::TRUST_SECONDS {
            (self.offset, self.step) = (offset, None);
            return wall;
        }
        self.step = Some((offset, since));
        steady + self.offset
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// Parses a date (midnight UTC) or a time with offset. Returns Unix seconds.
///
/// # Errors
/// Returns what is expected.
pub fn unix_seconds(text: &str) -> Result<f64, String> {
    const EXPECTED: &str =
        "must be a date such as 2025-10-01 or a time with offset such as 2025-10-01T12:00:00Z";
    let instant = if text.len() == "2025-10-01".len() {
        let date: jiff::civil::Date = text.parse().map_err(|_| EXPECTED.to_owned())?;
        jiff::tz::Offset::UTC
            .to_timestamp(date.at(0, 0, 0, 0))
            .map_err(|_| EXPECTED.to_owned())?
    } else {
        text.parse::<jiff::Timestamp>()
            .map_err(|_| EXPECTED.to_owned())?
    };
    Ok(instant.as_duration().as_secs_f64())
}

/// Returns the UTC day of a time in Unix seconds, YYYY-MM-DD: the day whose budget a call counts against.
#[must_use]
pub fn day(time: f64) -> String {
    utc(time, "%Y-%m-%d")
}

/// Returns a time in Unix seconds for people, such as `2026-12-01 14:02 UTC`.
#[must_use]
pub fn minute(time: f64) -> String {
    utc(time, "%Y-%m-%d %H:%M UTC")
}

/// Returns the time of day of a time in Unix seconds for people, such as `14:02 UTC`.
#[must_use]
pub fn time_of_day(time: f64) -> String {
    utc(time, "%H:%M UTC")
}

/// Notes in a file's metadata that it was touched now.
///
/// # Errors
/// Returns an error if there is no such file, or if it belongs to another user.
pub fn touch(path: &Path) -> std::io::Result<()> {
    File::options()
        .write(true)
        .open(path)?
        .set_modified(SystemTime::now())
}

/// Returns when a file was written or touched, in Unix seconds; `None` if there is no such file.
#[must_use]
pub fn touched_at(path: &Path) -> Option<f64> {
    let modified = std::fs::metadata(path).and_then(|metadata| metadata.modified());
    let since = modified.ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(since.as_secs_f64())
}

/// Returns the beginning of the next UTC day in Unix seconds.
#[must_use]
pub fn next_day(time: f64) -> f64 {
    ((time / 86_400.0).floor() + 1.0) * 86_400.0
}

fn utc(time: f64, format: &str) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole seconds of a clock fit"
    )]
    let seconds = time as i64;
    jiff::Timestamp::from_second(seconds)
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
        .strftime(format)
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::{Clock, Steps, day, minute};

    #[test]
    fn a_day_is_the_utc_day_of_its_seconds() {
        assert_eq!(day(86_399.9), "1970-01-01");
        assert_eq!(day(86_400.0), "1970-01-02");
        assert_eq!(minute(1_700_000_000.0), "2023-11-14 22:13 UTC");
        assert_eq!(Clock::manual(|| 1_700_000_000.0).today(), "2023-11-14");
    }

    #[test]
    fn a_step_of_the_clock_counts_only_if_it_lasts() {
        let mut steps = Steps::default();
        let read = |steps: &mut Steps, wall, steady| steps.wall(wall, steady);
        assert_eq!(read(&mut steps, 100.0, 100.0), 100.0);
        // One reading in the year 2033, and one in 1970.
        assert_eq!(read(&mut steps, 2e9, 101.0), 101.0);
        assert_eq!(read(&mut steps, 0.0, 102.0), 102.0);
        assert_eq!(read(&mut steps, 103.0, 103.0), 103.0);
        // The clock is set back by an hour.
        for second in 0..10 {
            let steady = 5_000.0 + f64::from(second);
            assert_eq!(read(&mut steps, steady - 3_600.0, steady), steady);
        }
        assert_eq!(read(&mut steps, 1_410.0, 5_010.0), 1_410.0);
        assert_eq!(read(&mut steps, 1_411.0, 5_011.0), 1_411.0);
        // Slow corrections are followed.
        let mut steps = Steps::default();
        for second in 0..100 {
            let steady = f64::from(second);
            assert_eq!(read(&mut steps, steady * 1.5, steady), steady * 1.5);
        }
    }
}
