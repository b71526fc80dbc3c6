//! A JSON text with a reply: the bare reply, or an object with the reply and its request.

use std::io::{BufRead, Cursor, Read};
use std::ops::ControlFlow;

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::fields::Fields;
use super::recorded::recorded;
use super::{Asked, Captured, Each, Entry, Found, Limits, jsonl, times};

/// Reads a file with one JSON text, or lines of it.
pub(super) fn read(
    mut reader: impl BufRead,
    limits: Limits,
    each: &mut Each<'_>,
) -> std::io::Result<()> {
    let most = limits.line_bytes();
    let mut text = Vec::new();
    (&mut reader)
        .take(most as u64 + 1)
        .read_until(b'\n', &mut text)?;
    // A value on a line, and another one after it.
    let is_value = text.len() <= most && serde_json::from_slice::<IgnoredAny>(whole(&text)).is_ok();
    if is_value && !reader.fill_buf()?.is_empty() {
        return jsonl::read(Cursor::new(text).chain(reader), limits, each);
    }
    let rest = (most + 1).saturating_sub(text.len()) as u64;
    (&mut reader).take(rest).read_to_end(&mut text)?;
    let place = "the file".to_owned();
    if text.len() > most {
        let why = format!("the file is longer than {most} bytes");
        let found = Found::Bad(why);
        let _ = each(Entry { place, found });
        return Ok(());
    }
    let _ = entry(place, whole(&text), limits, each);
    Ok(())
}

fn whole(text: &[u8]) -> &[u8] {
    text.strip_prefix("\u{feff}".as_bytes())
        .unwrap_or(text)
        .trim_ascii()
}

/// Gives the entries of one JSON text: more than one if it is a list of replies with their requests.
pub(super) fn entry(
    place: String,
    text: &[u8],
    limits: Limits,
    each: &mut Each<'_>,
) -> ControlFlow<()> {
    let items = serde_json::from_slice::<Vec<&RawValue>>(text).unwrap_or_default();
    let is_list = items
        .iter()
        .any(|item| recorded(item.get().as_bytes()).is_some());
    if !is_list {
        return each(one(place, text, limits));
    }
    for (at, item) in items.iter().enumerate() {
        let place = match place.as_str() {
            "the file" => format!("item {at}"),
            line => format!("{line}, item {at}"),
        };
        each(one(place, item.get().as_bytes(), limits))?;
    }
    ControlFlow::Continue(())
}

fn one(place: String, text: &[u8], limits: Limits) -> Entry {
    if describes_data(text) {
        let found = Found::Foreign("a description of files".to_owned());
        return Entry { place, found };
    }
    let bare = || {
        Ok(Captured {
            asked: Asked::default(),
            status: None,
            at: scraped_at(text),
            request_id: None,
            body: text.to_vec(),
            is_redacted: false,
        })
    };
    let found = match recorded(text).unwrap_or_else(bare) {
        Ok(captured) => checked(captured, limits),
        Err(found) => found,
    };
    Entry { place, found }
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
    let at = Fields::of(text)?.text("scraped_at")?;
    times::of_text(&at)
}

/// Returns whether a text is what stands beside data: a data package or an RO-Crate.
fn describes_data(text: &[u8]) -> bool {
    Fields::of(text).is_some_and(|fields| {
        fields.has("@graph")
            || (fields.has("resources") && (fields.has("profile") || fields.has("$schema")))
    })
}
