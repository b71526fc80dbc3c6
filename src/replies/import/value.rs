//! One JSON value: the bare reply, or an object with the reply and its request.

use super::fields::Fields;
use super::received::{Received, When};
use super::recorded::recorded;
use super::{Asked, Beside, Captured, Entry, Found, Limits, utf16};

/// Returns whether a text is an object that has the request or the status of its reply, or is a whole reply: an envelope, a
/// page or an error.
pub(super) fn is_reply(text: &[u8]) -> bool {
    let is_whole = |fields: &Fields<'_>| {
        let detail = fields.get("detail").map(str::as_bytes);
        fields.get("items").is_some_and(|raw| raw.starts_with('['))
            || (fields.has("code") && fields.has("router"))
            || detail.and_then(Fields::of).is_some_and(|it| it.has("code"))
    };
    Fields::of(text).is_some_and(|it| recorded(text, &it).is_some() || is_whole(&it))
}

/// Returns the entry of one JSON text.
pub(super) fn one(place: String, text: &[u8], limits: Limits) -> Entry {
    let fields = Fields::of(text);
    if fields.as_ref().is_some_and(describes_data) {
        let found = Found::Foreign("a description of files".to_owned());
        return Entry { place, found };
    }
    let bare = || {
        Found::Answer(Captured {
            asked: Asked::default(),
            status: None,
            when: scraped_at(fields.as_ref()),
            request_id: None,
            body: text.to_vec(),
            is_redacted: false,
            beside: Beside::default(),
        })
    };
    let recorded = fields.as_ref().and_then(|it| recorded(text, it));
    let found = match recorded.unwrap_or_else(bare) {
        Found::Answer(captured) => checked(captured, limits),
        other => other,
    };
    Entry { place, found }
}

/// Bytes of the largest body for each value that it may have. A hostile one has a value in each two bytes, and a parser needs
/// much more memory for a value.
const BYTES_OF_VALUE: usize = 8;

/// Returns the answer if its body is of a usable size.
#[must_use]
pub fn checked(mut captured: Captured, limits: Limits) -> Found {
    match utf16::decoded(&captured.body) {
        Some(Ok(text)) => captured.body = text,
        Some(Err(why)) => return Found::Bad(why),
        None => {}
    }
    match captured.body.len() {
        0 => Found::Bad("the body is missing".to_owned()),
        bytes if bytes > limits.body_bytes => Found::Bad(format!(
            "the body has {bytes} bytes, and api.max_body_bytes is {}",
            limits.body_bytes
        )),
        _ => {
            let most = limits.body_bytes / BYTES_OF_VALUE;
            match memchr::memchr_iter(b',', &captured.body).count() >= most {
                true => Found::Bad(format!("the body has more than {most} values")),
                false => Found::Answer(captured),
            }
        }
    }
}

/// Returns the time that a downloader wrote beside what it found.
fn scraped_at(fields: Option<&Fields<'_>>) -> When {
    let at = fields.and_then(|it| it.get("scraped_at"));
    let received = at.map(|json| Received::of_value("scraped_at", json));
    received.map(Received::when).unwrap_or_default()
}

/// Returns whether an object is what stands beside data: a data package or an RO-Crate.
fn describes_data(fields: &Fields<'_>) -> bool {
    fields.has("@graph")
        || (fields.has("resources") && (fields.has("profile") || fields.has("$schema")))
}
