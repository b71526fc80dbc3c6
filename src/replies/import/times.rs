//! A time in the forms in which tools write it. One that may mean two times is not read.

use crate::clock::unix_seconds;

/// 2025-09-01: the service did not exist before.
const SERVICE_BEGAN: f64 = 1_756_684_800.0;
/// The longest time in JSON, in bytes.
const LONGEST: usize = 200;
/// Objects around a number or a text, as MongoDB exports them.
const WRAPPED: [&str; 4] = ["$date", "$numberLong", "$numberDouble", "$numberInt"];
/// Zones of RFC 2822 that are the same everywhere. Other names would be read as UTC.
const ZONES: [&str; 12] = [
    "GMT", "UTC", "UT", "Z", "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT",
];

/// Returns whether an answer can have been received at this time.
#[must_use]
pub fn is_plausible(at: f64, now: f64) -> bool {
    (SERVICE_BEGAN..=now).contains(&at)
}

/// Returns whether the service existed at this time.
pub(super) fn is_of_the_service(at: f64) -> bool {
    at >= SERVICE_BEGAN
}

/// Reads a number or a text of JSON, also in an object of MongoDB.
pub(super) fn of_json(json: &str) -> Option<f64> {
    if json.len() > LONGEST {
        return None;
    }
    let mut value: serde_json::Value = serde_json::from_str(json).ok()?;
    for _ in 0..2 {
        let serde_json::Value::Object(object) = &mut value else {
            break;
        };
        let inner = WRAPPED.iter().find_map(|key| object.remove(*key))?;
        value = inner;
    }
    match value {
        serde_json::Value::Number(number) => of_text(&number.to_string()),
        serde_json::Value::String(text) => of_text(text.trim()),
        _ => None,
    }
}

/// Reads a number, a time of ISO 8601, a date of HTTP, or one of a browser. A time without an offset is in UTC.
pub(super) fn of_text(text: &str) -> Option<f64> {
    let number = || {
        let number: f64 = text.parse().ok()?;
        number.is_finite().then(|| in_seconds(number))
    };
    let all = || compact(text).or_else(number).or_else(|| iso(text));
    all().or_else(|| http(text)).or_else(|| browser(text))
}

/// Reads a day or a second that is written in 8 or 14 digits. No time of the service has so many of them as a number.
fn compact(text: &str) -> Option<f64> {
    let is_one = text.starts_with("20") && text.bytes().all(|byte| byte.is_ascii_digit());
    let text = match text.len() {
        8 if is_one => format!("{text}000000"),
        14 if is_one => text.to_owned(),
        _ => return None,
    };
    in_utc(jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", text).ok()?)
}

/// Reads a time of ISO 8601, also with a space before its offset or its `UTC`.
fn iso(text: &str) -> Option<f64> {
    let utc = ["UTC", "utc", "GMT", "Z"]
        .iter()
        .find_map(|zone| text.strip_suffix(zone)?.strip_suffix(' '));
    let text = utc.unwrap_or(text);
    let joined = text
        .rsplit_once(' ')
        .filter(|(_, offset)| offset.starts_with(['+', '-']))
        .map(|(time, offset)| format!("{time}{offset}"));
    let exact = joined.as_deref().unwrap_or(text);
    unix_seconds(exact).ok().or_else(|| {
        // The offset of a named zone is not known.
        let time = text.parse().ok().filter(|_| !text.contains('['))?;
        in_utc(time)
    })
}

fn in_utc(time: jiff::civil::DateTime) -> Option<f64> {
    let time = jiff::tz::Offset::UTC.to_timestamp(time).ok()?;
    Some(time.as_duration().as_secs_f64())
}

/// Reads a date of HTTP or RFC 2822.
fn http(text: &str) -> Option<f64> {
    let zone = text.rsplit(' ').next().unwrap_or_default();
    let is_name = zone.bytes().all(|byte| byte.is_ascii_alphabetic());
    if is_name && !ZONES.contains(&&*zone.to_ascii_uppercase()) {
        return None;
    }
    let time = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(time.timestamp().as_duration().as_secs_f64())
}

/// Reads what a browser makes of a date, and what `date` prints in UTC.
fn browser(text: &str) -> Option<f64> {
    let text = text.split(" (").next().unwrap_or_default();
    let time = jiff::Timestamp::strptime("%a %b %d %Y %H:%M:%S GMT%z", text);
    if let Ok(time) = time {
        return Some(time.as_duration().as_secs_f64());
    }
    in_utc(jiff::civil::DateTime::strptime("%a %b %d %H:%M:%S UTC %Y", text).ok()?)
}

/// Milliseconds, microseconds and nanoseconds are told by their size: in seconds they would be after the year 5000.
fn in_seconds(time: f64) -> f64 {
    match time {
        1e17.. => time / 1e9,
        1e14.. => time / 1e6,
        1e11.. => time / 1e3,
        _ => time,
    }
}
