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
    let rest = (most + 1).saturating_sub(text.len()) as u64;
    (&mut reader).take(rest).read_to_end(&mut text)?;
    let bare = whole(&text);
    let place = "the file".to_owned();
    if bare.starts_with(b"[") && (text.len() > most || items::have_requests(bare)) {
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

fn whole(text: &[u8]) -> &[u8] {
    text.strip_prefix("\u{feff}".as_bytes())
        .unwrap_or(text)
        .trim_ascii()
}
