//! Times in replies: usually float seconds, sometimes ISO 8601 strings.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::api::json::Json;

/// Maximum time in seconds (the year 5138). A larger number must be milliseconds.
const MOST_SECONDS: f64 = 1e11;

/// Result of parsing a time. Both fields are set for milliseconds, which are valid but odd.
#[derive(Debug, PartialEq)]
pub struct Read {
    pub seconds: Option<f64>,
    pub odd: Option<&'static str>,
}

/// Parses a number, a decimal string or an ISO 8601 string (UTC if it has no zone) into Unix seconds.
///
/// A number that can only be milliseconds is converted, so that the archive has one unit, and is odd.
/// A number that is not finite counts as missing.
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
        Json::Text(text) => match (text.parse::<f64>(), iso_seconds(text)) {
            (Ok(value), _) => of_number(value),
            (_, Some(seconds)) => Read {
                seconds: Some(seconds),
                odd: None,
            },
            _ => Read {
                seconds: None,
                odd: Some("expected a time, found another string"),
            },
        },
        Json::Bool(_) | Json::Array(_) | Json::Object(_) => Read {
            seconds: None,
            odd: Some("expected a time, found neither a number nor a string"),
        },
    }
}

fn of_number(value: f64) -> Read {
    if !value.is_finite() {
        Read {
            seconds: None,
            odd: None,
        }
    } else if value.abs() <= MOST_SECONDS {
        Read {
            seconds: Some(value),
            odd: None,
        }
    } else if value.abs() <= MOST_SECONDS * 1000.0 {
        Read {
            seconds: Some(value / 1000.0),
            odd: Some("expected seconds, found milliseconds"),
        }
    } else {
        Read {
            seconds: None,
            odd: Some("expected a time, found a number out of range"),
        }
    }
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
    fn milliseconds_are_converted_and_odd() {
        assert_eq!(seconds("1760343131250"), (Some(1_760_343_131.25), true));
        assert_eq!(seconds("1760343131250000"), (None, true));
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
