//! Times in replies: usually float seconds, sometimes ISO 8601 strings.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::api::json::Json;

/// Maximum time in seconds (the year 5138). A larger number has another unit.
const MOST_SECONDS: f64 = 1e11;
/// The units of larger numbers, each with its parts of a second.
const UNITS: [(f64, &str); 3] = [
    (1e3, "expected seconds, found milliseconds"),
    (1e6, "expected seconds, found microseconds"),
    (1e9, "expected seconds, found nanoseconds"),
];
/// 0, -1 and the year 1 are what programs write for "never".
const NEVER: &str = "a time at or before 1970 states nothing";

/// Result of parsing a time. Both fields are set for other units, which are valid but odd.
#[derive(Debug, PartialEq)]
pub struct Read {
    pub seconds: Option<f64>,
    pub odd: Option<&'static str>,
}

/// Parses a number, a decimal string, an ISO 8601 string (UTC if it has no zone) or a date of mail into Unix seconds.
///
/// A number that can only be milli-, micro- or nanoseconds is converted and is odd. A number that is not finite counts as
/// missing. A time at or before 1970-01-01 is a zero value: missing, and odd.
pub fn read(value: &Json<'_>) -> Read {
    match value {
        Json::Null => Read {
            seconds: None,
            odd: None,
        },
        Json::Int(value) => of_number(*value as f64),
        Json::Float(value) => of_number(*value),
        Json::Text(text) if text.is_empty() => Read {
            seconds: None,
            odd: None,
        },
        Json::Text(text) => match text.parse::<f64>() {
            Ok(value) => of_number(value),
            Err(_) => match iso_seconds(text).or_else(|| dated_seconds(text)) {
                Some(seconds) => of_number(seconds),
                None => Read {
                    seconds: None,
                    odd: Some("expected a time, found another string"),
                },
            },
        },
        Json::Bool(_) | Json::Array(_) | Json::Object(_) | Json::TooDeep => Read {
            seconds: None,
            odd: Some("expected a time, found neither a number nor a string"),
        },
    }
}

fn of_number(value: f64) -> Read {
    if !value.is_finite() {
        return Read {
            seconds: None,
            odd: None,
        };
    }
    if value <= 0.0 {
        return Read {
            seconds: None,
            odd: Some(NEVER),
        };
    }
    if value <= MOST_SECONDS {
        return Read {
            seconds: Some(value),
            odd: None,
        };
    }
    let unit = UNITS
        .iter()
        .find(|(parts, _)| value <= MOST_SECONDS * parts);
    Read {
        // A float of nanoseconds is exact to a microsecond only.
        seconds: unit.map(|(parts, _)| (value / parts * 1e6).round() / 1e6),
        odd: Some(unit.map_or(
            "expected a time, found a number out of range",
            |(_, odd)| odd,
        )),
    }
}

/// Parses the date of an HTTP header or an e-mail, and that of C's `ctime` with a zone, into Unix seconds.
fn dated_seconds(text: &str) -> Option<f64> {
    let mail = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text);
    let at = mail.ok().or_else(|| {
        let ctime = jiff::fmt::strtime::parse("%a %b %d %H:%M:%S %z %Y", text).ok()?;
        ctime.to_timestamp().ok()
    })?;
    Some(at.as_microsecond() as f64 / 1e6)
}

/// Parses an ISO 8601 string, with or without a zone, into Unix seconds.
pub fn iso_seconds(text: &str) -> Option<f64> {
    let at = text.parse::<Timestamp>().ok().or_else(|| {
        let local: DateTime = text.parse().ok()?;
        TimeZone::UTC.to_timestamp(local).ok()
    })?;
    Some(at.as_microsecond() as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(value: &str) -> (Option<f64>, bool) {
        let read = read(&Json::parse(value).unwrap());
        (read.seconds, read.odd.is_some())
    }

    #[test]
    fn a_time_is_a_number_of_seconds_or_an_iso_string() {
        for value in [
            "1760343131.25",
            "\"1760343131.25\"",
            "\"2025-10-13T08:12:11.250000Z\"",
        ] {
            assert_eq!(seconds(value), (Some(1_760_343_131.25), false), "{value}");
        }
        assert_eq!(
            seconds("\"2025-10-13T08:12:11.25\""),
            (Some(1_760_343_131.25), false)
        );
        assert_eq!(
            seconds("\"2025-10-13T10:12:11.25+02:00\""),
            (Some(1_760_343_131.25), false)
        );
        assert_eq!(seconds("1760343131"), (Some(1_760_343_131.0), false));
    }

    #[test]
    fn other_units_are_converted_and_odd() {
        for value in ["1760343131250", "1760343131250000", "1760343131250000000"] {
            assert_eq!(seconds(value), (Some(1_760_343_131.25), true), "{value}");
        }
        assert_eq!(seconds("1760343131250000000000"), (None, true));
    }

    #[test]
    fn zero_values_are_missing_and_odd() {
        for value in [
            "0",
            "-1",
            "0.0",
            "\"0\"",
            "\"0001-01-01T00:00:00Z\"",
            "\"1970-01-01\"",
            "-62135596800",
        ] {
            assert_eq!(seconds(value), (None, true), "{value}");
        }
        assert_eq!(seconds("1"), (Some(1.0), false));
    }

    #[test]
    fn unambiguous_dates_are_times() {
        for value in [
            "\"Mon, 13 Oct 2025 08:12:11 GMT\"",
            "\"Mon Oct 13 08:12:11 +0000 2025\"",
            "\"Mon, 13 Oct 2025 10:12:11 +0200\"",
        ] {
            assert_eq!(seconds(value), (Some(1_760_343_131.0), false), "{value}");
        }
    }

    #[test]
    fn a_number_that_is_not_finite_is_missing_and_other_types_are_odd() {
        assert_eq!(seconds("\"NaN\""), (None, false));
        assert_eq!(seconds("null"), (None, false));
        assert_eq!(seconds("\"yesterday\""), (None, true));
        assert_eq!(seconds("{}"), (None, true));
        assert_eq!(seconds("true"), (None, true));
    }
}
