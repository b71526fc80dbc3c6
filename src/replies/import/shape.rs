//! What a reply is, told by its shape, if nothing says what was asked.

use memchr::memmem;
use serde_json::value::RawValue;

use super::asked::Asked;
use super::call::Recognised;
use super::extent::MARK;
use super::fields::Fields;
use super::received::{Received, unread};
use super::stated::Stated;
use super::{When, times};
use crate::api::json::Json;
use crate::api::{endpoints, repaired};

/// A list of items.
#[derive(serde::Deserialize)]
struct List<'a> {
    #[serde(borrow)]
    items: Vec<&'a RawValue>,
}

/// What the envelope of a reply says (api/README.md §3).
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) asked: Asked,
    /// Why its request cannot be read.
    pub(super) unclear: Option<String>,
    pub(super) when: When,
    pub(super) request_id: Option<String>,
}

/// Reads the envelope of a reply, if it has one. It repeats the request.
pub(super) fn envelope(body: &[u8]) -> Said {
    let said = read(body);
    match said.as_ref().is_some_and(|said| said.unclear.is_none()) {
        true => said,
        false => repaired(body).map_or(said, |text| read(text.as_bytes())),
    }
    .unwrap_or_default()
}

/// Returns whether a reply has this value as the cursor of its next page.
pub(super) fn is_next_cursor(body: &[u8], value: &str) -> bool {
    let quoted = serde_json::Value::from(value).to_string();
    memmem::find_iter(body, &quoted).any(|at| {
        let before = body[..at].trim_ascii_end().strip_suffix(b":");
        let key = before.unwrap_or_default().trim_ascii_end();
        key.ends_with(b"\"cursor\"") || key.ends_with(b"\"next_cursor\"")
    })
}

/// Reads the envelope of a reply in valid JSON; `None` for any other text.
fn read(body: &[u8]) -> Option<Said> {
    // Some replies are a list of what they should be.
    let only = serde_json::from_slice::<[&RawValue; 1]>(body).ok();
    let body = only.map_or(body, |[only]| only.get().as_bytes());
    let fields = Fields::of(body)?;
    if !fields.has("code") {
        return Some(Said::default());
    }
    let mut stated = Stated::default();
    let mut params = fields.all("params");
    let unclear = params.find_map(|raw| stated.add_json(raw, "its envelope").err());
    let router = fields.text("router").filter(|router| !router.is_empty());
    Some(Said {
        asked: Asked {
            endpoint: router,
            parameters: stated.values(),
            url: None,
        },
        unclear,
        when: when(&fields),
        request_id: fields.text("request_id"),
    })
}

/// Returns when an envelope was made. Its `time` is in a zone of the vendor, so it counts only if it says the offset.
fn when(fields: &Fields<'_>) -> When {
    let mut received = Received::default();
    fields
        .all("time_stamp")
        .for_each(|json| received.add_stamp("time_stamp", json));
    let stamp = received.when();
    if stamp != When::default() {
        return stamp;
    }
    let zone = fields.text("time_zone").unwrap_or_default();
    let is_utc = ["utc", "gmt", "z", "etc/utc"].contains(&&*zone.trim().to_ascii_lowercase());
    let mut when = When::default();
    for json in fields.all("time") {
        let text: Option<String> = serde_json::from_str(json).ok();
        let exact = text.and_then(|text| crate::clock::unix_seconds(&text).ok());
        let is_local = json.starts_with('"') && !is_utc;
        let at = exact.or_else(|| times::of_json(json).filter(|_| !is_local));
        let unread = if at.is_some() {
            None
        } else {
            unread("time", json)
        };
        when = When {
            at: when.at.or(at),
            unread: when.unread.or(unread),
        };
    }
    when
}

/// Returns the payload of a body: `data` of an envelope, or all of it.
fn payload(body: &[u8]) -> &[u8] {
    let fields = Fields::of(body).filter(|fields| fields.get("code").is_some());
    fields
        .and_then(|fields| fields.get("data"))
        .map_or(body, str::as_bytes)
}

fn unmarked(body: &[u8]) -> &[u8] {
    body.strip_prefix(MARK).unwrap_or(body)
}

/// Returns what a reply is. A list of posts or profiles of which nobody knows the request is taken apart: each item
/// describes itself.
///
/// # Errors
/// Returns why the reply is not recognised.
pub(super) fn recognise(body: &[u8]) -> Result<Vec<Recognised>, String> {
    let inner = payload(unmarked(body));
    let text = std::str::from_utf8(inner).map_err(|_| "it is not UTF-8".to_owned())?;
    let json = Json::parse(text).map_err(|error| format!("it is not JSON: {error}"))?;
    if let Some((entry, subject)) = endpoints::of_shape(&json) {
        return Ok(vec![Recognised {
            entry,
            subject,
            cursor: None,
            part: String::new(),
            body: body.to_vec(),
        }]);
    }
    items(&json, text, false)
}

/// Takes a list apart, whatever list it is. An item may have its profile in it.
///
/// # Errors
/// Returns why the reply is no list of posts or profiles.
pub(super) fn apart(body: &[u8]) -> Result<Vec<Recognised>, String> {
    let inner = payload(unmarked(body));
    let text = std::str::from_utf8(inner).map_err(|_| "it is not UTF-8".to_owned())?;
    let json = Json::parse(text).map_err(|error| format!("it is not JSON: {error}"))?;
    items(&json, text, true)
}

/// Returns the items of a list as replies. `may_wrap` says that a profile in an item counts.
fn items(json: &Json<'_>, text: &str, may_wrap: bool) -> Result<Vec<Recognised>, String> {
    let items = match json {
        Json::Array(_) => serde_json::from_str::<Vec<&RawValue>>(text).unwrap_or_default(),
        _ => serde_json::from_str::<List<'_>>(text)
            .map(|list| list.items)
            .unwrap_or_default(),
    };
    if items.is_empty() {
        return Err(unknown(json));
    }
    let mut found = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let of = |text: &str| endpoints::of_shape(&Json::parse(text).ok()?);
        let mut item = item.get();
        let mut shape = of(item);
        let fields = Fields::of(item.as_bytes()).filter(|_| may_wrap && shape.is_none());
        if let Some(profile) = fields.and_then(|fields| fields.get("profile")) {
            (item, shape) = (profile, of(profile));
        }
        let Some((entry, subject)) = shape else {
            return Err(format!(
                "it is a list, and item {at} tells neither a post nor a profile. {HOW}"
            ));
        };
        found.push(Recognised {
            entry,
            subject,
            cursor: None,
            part: format!(" item {at}"),
            body: item.as_bytes().to_vec(),
        });
    }
    Ok(found)
}

const HOW: &str = "Name what was asked with --endpoint NAME and --subject ID";

fn unknown(json: &Json<'_>) -> String {
    if json.has("detail") || json.has("error") {
        return "it is an error, not a page".to_owned();
    }
    match json {
        Json::Object(_) => format!("its shape does not tell what was asked. {HOW}"),
        other => format!("it is {}, not a reply", other.kind()),
    }
}
