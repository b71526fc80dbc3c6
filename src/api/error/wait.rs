//! How long the remote wants to be left alone, by its headers.

use std::time::Duration;

use super::Facts;

/// No wish is obeyed for longer than a week: it is a mistake, and the next answer can repeat it.
const LONGEST: f64 = 7.0 * 24.0 * 3600.0;
/// A reset beyond this is a moment, not a number of seconds to wait: a year holds fewer.
const LEAST_MOMENT: f64 = 100_000_000.0;
/// A moment beyond this is in milliseconds: in seconds it would be the year 5138.
const LEAST_MILLIS: f64 = 100_000_000_000.0;

/// The longer of `Retry-After` (seconds or a date) and `X-RateLimit-Reset` (seconds to wait, or a moment in Unix
/// seconds or milliseconds); `None` where neither says anything.
pub(super) fn after(facts: &Facts, now: f64) -> Option<Duration> {
    // The remote's dates are read by the remote's clock where it shows it, as ours may be wrong.
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

/// The date form that HTTP has used since 1994, as Unix seconds: `Sun, 06 Nov 1994 08:49:37 GMT`.
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
    fn each_form_of_a_wish_is_understood() {
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
    fn the_remotes_own_clock_is_taken_where_it_is_shown() {
        let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(
            wait(Some("Sun, 06 Nov 1994 08:49:41 GMT"), None, date),
            Some(4.0)
        );
        assert_eq!(wait(None, Some("784111787"), date), Some(10.0));
    }
}
