//! The wait that the remote requests in its headers.

use std::time::Duration;

use crate::api::Facts;

/// Maximum wait in seconds: one week. A longer request is a mistake, and the next answer can repeat it.
const LONGEST: f64 = 7.0 * 24.0 * 3600.0;
/// A reset of at least this is a Unix time, not a wait in seconds: it is more than three years.
const LEAST_MOMENT: f64 = 100_000_000.0;
/// A Unix time of at least this is in milliseconds: in seconds it would be the year 5138.
const LEAST_MILLIS: f64 = 100_000_000_000.0;

/// Returns the longer wait of `Retry-After` and `X-RateLimit-Reset`; `None` if neither can be parsed.
///
/// `Retry-After` is in seconds or a date. `X-RateLimit-Reset` is a wait in seconds or a Unix time in s or ms.
pub(super) fn after(facts: &Facts, now: f64) -> Option<Duration> {
    // The remote's `Date` is the reference for its dates, because the local clock may be wrong.
    let now = facts.date.as_deref().and_then(http_date).unwrap_or(now);
    let retry_after = facts
        .retry_after
        .as_deref()
        .and_then(|text| seconds(text).or_else(|| http_date(text).map(|moment| moment - now)));
    let reset = facts
        .rate_limit_reset
        .as_deref()
        .and_then(seconds)
        .map(|value| {
            if value >= LEAST_MILLIS {
                value / 1000.0 - now
            } else if value >= LEAST_MOMENT {
                value - now
            } else {
                value
            }
        });
    let longest = match (retry_after, reset) {
        (Some(one), Some(other)) => one.max(other),
        (one, other) => one.or(other)?,
    };
    Some(Duration::from_secs_f64(longest.clamp(0.0, LONGEST)))
}

fn seconds(text: &str) -> Option<f64> {
    text.trim()
        .parse()
        .ok()
        .filter(|value: &f64| value.is_finite())
}

/// Parses an HTTP date, such as `Sun, 06 Nov 1994 08:49:37 GMT`, into Unix seconds.
fn http_date(text: &str) -> Option<f64> {
    let moment = jiff::fmt::rfc2822::DateTimeParser::new()
        .relaxed_weekday(true)
        .parse_timestamp(text.trim())
        .ok()?;
    Some(moment.as_duration().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::{Facts, after};

    const NOW: f64 = 1_700_000_000.0;

    fn wait(retry_after: Option<&str>, reset: Option<&str>, date: Option<&str>) -> Option<f64> {
        let own = |text: Option<&str>| text.map(str::to_owned);
        let facts = Facts {
            retry_after: own(retry_after),
            rate_limit_reset: own(reset),
            date: own(date),
            ..Facts::default()
        };
        after(&facts, NOW).map(|wait| wait.as_secs_f64())
    }

    #[test]
    fn every_header_form_of_a_wait_parses() {
        for (retry_after, reset, seconds) in [
            (None, None, None),
            (Some("7"), None, Some(7.0)),
            (Some(" 1.5 "), None, Some(1.5)),
            (Some("soon"), None, None),
            (Some("-3"), None, Some(0.0)),
            (Some("86400"), None, Some(86_400.0)),
            (Some("604801"), None, Some(604_800.0)),
            (Some("inf"), None, None),
            (Some("1e300"), None, Some(604_800.0)),
            (Some("Tue, 14 Nov 2023 22:13:30 GMT"), None, Some(10.0)),
            (Some("Tue, 14 Nov 2023 22:13:10 GMT"), None, Some(0.0)),
            (None, Some("12"), Some(12.0)),
            (None, Some("1700000020"), Some(20.0)),
            (None, Some("1700000020500"), Some(20.5)),
            (None, Some("1800000000"), Some(604_800.0)),
            (Some("7"), Some("1700000020"), Some(20.0)),
            (Some("70"), Some("1700000020"), Some(70.0)),
            (Some("soon"), Some("3"), Some(3.0)),
        ] {
            assert_eq!(
                wait(retry_after, reset, None),
                seconds,
                "{retry_after:?} {reset:?}"
            );
        }
    }

    #[test]
    fn the_date_header_replaces_the_local_clock() {
        let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(
            wait(Some("Sun, 06 Nov 1994 08:49:41 GMT"), None, date),
            Some(4.0)
        );
        assert_eq!(wait(None, Some("784111787"), date), Some(10.0));
    }
}
