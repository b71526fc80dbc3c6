//! A JSON text with a reply: the bare reply, or an object with the reply and its request.

use std::collections::BTreeMap;
use std::io::{BufRead, Read};
use std::ops::ControlFlow;

use super::fields::Fields;
use super::items;
use super::{Asked, Captured, Each, Entry, Found, Limits};
use crate::clock::unix_seconds;

/// Keys of the name or path of the endpoint.
const ENDPOINTS: [&str; 5] = ["endpoint", "operation", "path", "route", "router"];
const PARAMETERS: [&str; 5] = ["params", "parameters", "query", "arguments", "args"];
const BODIES: [&str; 7] = [
    "body", "response", "reply", "result", "json", "data", "content",
];
const URLS: [&str; 3] = ["url", "request_url", "uri"];
const TIMES: [&str; 9] = [
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
/// Longer parameters and times are none.
const PARAMETERS_BYTES: usize = 64 << 10;
const TIME_BYTES: usize = 100;
const STATUSES: [&str; 4] = ["status", "http_status", "status_code", "code"];

/// Reads a file with one JSON text.
pub(super) fn read(
    mut reader: impl BufRead,
    limits: Limits,
    each: &mut Each<'_>,
) -> std::io::Result<()> {
    let most = limits.line_bytes();
    let mut text = Vec::new();
    (&mut reader).take(most as u64 + 1).read_to_end(&mut text)?;
    let bare = text
        .strip_prefix("\u{feff}".as_bytes())
        .unwrap_or(&text)
        .trim_ascii();
    // A list of replies with their requests, as some tools store it.
    if bare.starts_with(b"[") && (text.len() > most || items::any(bare, has_request)?) {
        let whole = std::io::Cursor::new(text).chain(reader);
        return items::read(whole, limits, each);
    }
    let place = "the file".to_owned();
    if text.len() > most {
        let why = format!("the file is longer than {most} bytes");
        let _ = each(Entry {
            place,
            found: Found::Bad(why),
        });
        return Ok(());
    }
    let _ = entry(place, bare, limits, each);
    Ok(())
}

fn has_request(text: &[u8]) -> bool {
    with_request(text).is_some()
}

/// Gives the entry of one JSON text.
pub(super) fn entry(
    place: String,
    text: &[u8],
    limits: Limits,
    each: &mut Each<'_>,
) -> ControlFlow<()> {
    if describes_data(text) {
        let found = Found::Foreign("a description of files".to_owned());
        return each(Entry { place, found });
    }
    let captured = with_request(text).unwrap_or_else(|| Captured {
        asked: Asked::default(),
        status: None,
        at: scraped_at(text),
        request_id: None,
        body: text.to_vec(),
        is_redacted: false,
    });
    each(Entry {
        place,
        found: checked(captured, limits),
    })
}

/// Returns the answer if its body is of a usable size.
#[must_use]
pub fn checked(captured: Captured, limits: Limits) -> Found {
    match captured.body.len() {
        0 => Found::Bad("the body is missing".to_owned()),
        bytes if bytes > limits.body_bytes => Found::Bad(format!(
            "the body has {bytes} bytes, and api.max_body_bytes is {}",
            limits.body_bytes
        )),
        _ => Found::Answer(captured),
    }
}

/// Returns the time that a downloader wrote beside what it found.
fn scraped_at(text: &[u8]) -> Option<f64> {
    let fields: Fields<'_> = serde_json::from_slice(text).ok()?;
    let text: String = serde_json::from_str(fields.get("scraped_at")?.get()).ok()?;
    unix_seconds(&text).ok().or_else(|| naive(&text))
}

/// Returns whether a text is what stands beside data: a data package or an RO-Crate.
fn describes_data(text: &[u8]) -> bool {
    let Ok(fields) = serde_json::from_slice::<Fields<'_>>(text) else {
        return false;
    };
    fields.contains_key("@graph")
        || (fields.contains_key("resources")
            && (fields.contains_key("profile") || fields.contains_key("$schema")))
}

/// Returns the reply of an object that also has its request or its status; `None` for any other text.
fn with_request(text: &[u8]) -> Option<Captured> {
    let fields: Fields<'_> = serde_json::from_slice(text).ok()?;
    let text_of = |names: &[&str]| {
        let found = names
            .iter()
            .find_map(|name| Some((*name, fields.get(*name)?)));
        found.and_then(|(_, raw)| serde_json::from_str::<String>(raw.get()).ok())
    };
    // The vendor's envelope repeats the request, and is the reply itself.
    let is_envelope = fields.contains_key("data")
        && fields.contains_key("code")
        && (fields.contains_key("router") || fields.contains_key("request_id"));
    if is_envelope {
        return None;
    }
    let (endpoint, url) = (text_of(&ENDPOINTS), text_of(&URLS));
    let has_status = fields.contains_key("http_status") || fields.contains_key("status_code");
    if endpoint.is_none() && url.is_none() && !has_status {
        return None;
    }
    let mut bodies = BODIES.iter().filter_map(|name| fields.get(*name));
    let mut body = bodies.find(|raw| raw.get() != "null")?.get();
    let mut status = number(&fields, &STATUSES);
    // An HTTP response inside of the entry.
    if let Ok(inner) = serde_json::from_str::<Fields<'_>>(body)
        && inner.contains_key("status")
        && let Some(text) = ["body", "text", "content"]
            .iter()
            .find_map(|name| inner.get(*name))
    {
        status = number(&inner, &STATUSES).or(status);
        body = text.get();
    }
    let body = match serde_json::from_str::<String>(body) {
        Ok(text) => text.into_bytes(),
        Err(_) => body.as_bytes().to_vec(),
    };
    let parameters = PARAMETERS.iter().find_map(|name| fields.get(*name));
    Some(Captured {
        asked: Asked {
            endpoint,
            parameters: parameters
                .map(|raw| parameters_of(raw.get()))
                .unwrap_or_default(),
            url,
        },
        status: status.and_then(|status| u16::try_from(status as i64).ok()),
        at: time(&fields),
        request_id: text_of(&["request_id"]),
        body,
        is_redacted: fields
            .get("redacted")
            .is_some_and(|raw| raw.get() == "true"),
    })
}

fn number(fields: &Fields<'_>, names: &[&str]) -> Option<f64> {
    let found = names.iter().find_map(|name| fields.get(*name))?;
    serde_json::from_str(found.get()).ok()
}

/// Returns the parameters of a request, as texts.
fn parameters_of(json: &str) -> BTreeMap<String, String> {
    if json.len() > PARAMETERS_BYTES {
        return BTreeMap::new();
    }
    let all: BTreeMap<String, serde_json::Value> = serde_json::from_str(json).unwrap_or_default();
    let texts = all.into_iter().filter_map(|(name, value)| match value {
        serde_json::Value::String(text) => Some((name, text)),
        serde_json::Value::Number(number) => Some((name, number.to_string())),
        _ => None,
    });
    texts.collect()
}

fn time(fields: &Fields<'_>) -> Option<f64> {
    let raw = TIMES.iter().find_map(|name| fields.get(*name))?;
    if raw.get().len() > TIME_BYTES {
        return None;
    }
    match serde_json::from_str::<serde_json::Value>(raw.get()).ok()? {
        serde_json::Value::Number(seconds) => seconds.as_f64().map(in_seconds),
        serde_json::Value::String(text) => unix_seconds(&text).ok().or_else(|| naive(&text)),
        _ => None,
    }
}

/// A time without an offset is in UTC.
fn naive(text: &str) -> Option<f64> {
    let time: jiff::civil::DateTime = text.parse().ok()?;
    let time = jiff::tz::Offset::UTC.to_timestamp(time).ok()?;
    Some(time.as_duration().as_secs_f64())
}

/// Milliseconds and microseconds are told by their size: in seconds they would be after the year 5000.
pub(super) fn in_seconds(time: f64) -> f64 {
    match time {
        1e14.. => time / 1e6,
        1e11.. => time / 1e3,
        _ => time,
    }
}
