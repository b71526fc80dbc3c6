//! When an answer was received, in the forms in which tools write it.

use super::fields::Fields;
use crate::clock::unix_seconds;

/// Keys of the time, the most exact ones of an archive first.
const KEYS: [&str; 9] = [
    "time",
    "at",
    "timestamp",
    "fetched_at",
    "received_at",
    "captured_at",
    "retrieved_at",
    "date",
    "ts",
];

/// 2025-09-01: the service did not exist before.
const SERVICE_BEGAN: f64 = 1_756_684_800.0;

/// Returns whether an answer can have been received at this time.
#[must_use]
pub fn is_plausible(at: f64, now: f64) -> bool {
    (SERVICE_BEGAN..=now).contains(&at)
}

/// Returns the time of an entry: the first one that can be read, and is not before the service.
pub(super) fn of_entry(fields: &Fields<'_>, is_envelope: bool) -> Option<f64> {
    // The `time` of an envelope is in the zone of the vendor.
    let keys = KEYS.iter().filter(|key| !is_envelope || **key != "time");
    let all = || {
        keys.clone()
            .flat_map(|key| fields.all(key))
            .filter_map(of_json)
    };
    all()
        .find(|at| *at >= SERVICE_BEGAN)
        .or_else(|| all().next())
}

/// Reads a number or a text of JSON.
pub(super) fn of_json(json: &str) -> Option<f64> {
    match serde_json::from_str(json).ok()? {
        serde_json::Value::Number(seconds) => seconds.as_f64().map(in_seconds),
        serde_json::Value::String(text) => of_text(text.trim()),
        _ => None,
    }
}

/// Reads a number, a time of ISO 8601, or a date of HTTP. A time without an offset is in UTC.
pub(super) fn of_text(text: &str) -> Option<f64> {
    let number = || {
        let number: f64 = text.parse().ok()?;
        number.is_finite().then(|| in_seconds(number))
    };
    let naive = || {
        let time: jiff::civil::DateTime = text.parse().ok()?;
        let time = jiff::tz::Offset::UTC.to_timestamp(time).ok()?;
        Some(time.as_duration().as_secs_f64())
    };
    let http = || {
        let time = jiff::fmt::rfc2822::parse(text).ok()?;
        Some(time.timestamp().as_duration().as_secs_f64())
    };
    let iso = unix_seconds(text).ok();
    number().or(iso).or_else(naive).or_else(http)
}

/// Milliseconds and microseconds are told by their size: in seconds they would be after the year 5000.
fn in_seconds(time: f64) -> f64 {
    match time {
        1e14.. => time / 1e6,
        1e11.. => time / 1e3,
        _ => time,
    }
}
