//! A file with one JSON text, or with lines of it that its name does not promise.

use std::io::{BufRead, Cursor, Read};

use serde::de::IgnoredAny;

use super::value::one;
use super::{Each, Entry, Found, Limits, items, jsonl};

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
    // A line that is too long does not end the file.
    if text.len() > most && whole(&text).starts_with(b"{") {
        return jsonl::read(Cursor::new(text).chain(reader), limits, each);
    }
    let rest = (most + 1).saturating_sub(text.len()) as u64;
    (&mut reader).take(rest).read_to_end(&mut text)?;
    let bare = whole(&text);
    if has_bad_line(bare) {
        return jsonl::read(Cursor::new(text).chain(reader), limits, each);
    }
    let place = "the file".to_owned();
    if bare.starts_with(b"[") && (text.len() > most || items::are_replies(bare)) {
        let rest = Cursor::new(text).chain(reader);
        return items::read(rest, "", limits, each).map(drop);
    }
    if text.len() > most {
        let why = format!("the file is longer than {most} bytes");
        let found = Found::Bad(why);
        let _ = each(Entry { place, found });
        return Ok(());
    }
    let _ = each(one(place, bare, limits));
    Ok(())
}

/// Returns whether these are lines of which the first is damaged. The beginning of one value on many lines is none.
fn has_bad_line(text: &[u8]) -> bool {
    let is_value = |text: &[u8]| serde_json::from_slice::<IgnoredAny>(text);
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let is_object = |line: &&[u8]| line.starts_with(b"{");
    let mut objects = lines.by_ref().filter(|line| !line.is_empty()).take(2);
    let (Some(first), Some(second)) = (objects.next(), objects.next()) else {
        return false;
    };
    is_object(&first)
        && is_object(&second)
        && is_value(second).is_ok()
        && is_value(text).is_err_and(|error| !error.is_eof())
}

fn whole(text: &[u8]) -> &[u8] {
    text.strip_prefix("\u{feff}".as_bytes())
        .unwrap_or(text)
        .trim_ascii()
}
