//! A file with one JSON text, or with several of them that its name does not promise.

use std::io::{self, BufRead, Cursor, Read};

use serde::de::IgnoredAny;

use super::begun::{Begun, UpTo};
use super::documents::Start;
use super::extent::{Extent, MARK, Reached, is_between, next_start};
use super::items::Left;
use super::value::one;
use super::{Each, Entry, Found, Limits, documents, items};
use crate::api::repaired;

/// Reads a file with one JSON text, or several.
pub(super) fn read<R: BufRead>(
    mut file: UpTo<'_, R>,
    limits: Limits,
    each: &mut Each<'_>,
) -> io::Result<()> {
    let most = limits.line_bytes();
    let mut text = Vec::new();
    let end = first(&mut file, &mut text, most)?;
    let begin = begin(&text);
    let place = "the file".to_owned();
    if let Some(end) = end {
        if has_more(&mut file, &mut text, (end, most))? {
            return documents::read(begun(text, file), ("", Start::Document), limits, each);
        }
        let whole = &text[begin..end];
        if !items::are_replies(whole) {
            let _ = each(one(place, whole, limits));
            return Ok(());
        }
        return list(Cursor::new(text).chain(file), limits, each);
    }
    let is_list = text.get(begin) == Some(&b'[');
    if text.len() > most && text.get(begin) == Some(&b'{') {
        return documents::read(begun(text, file), ("", Start::Document), limits, each);
    }
    let rest = (most + 1).saturating_sub(text.len()) as u64;
    (&mut file).take(rest).read_to_end(&mut text)?;
    let whole = &text[begin.min(text.len())..];
    if is_list && (text.len() > most || items::are_replies(whole)) {
        return list(Cursor::new(text).chain(file), limits, each);
    }
    if text.len() > most {
        let why = format!("the file is longer than {most} bytes");
        let found = Found::Bad(why);
        let _ = each(Entry { place, found });
        return Ok(());
    }
    if whole.trim_ascii().is_empty() {
        return Ok(());
    }
    if are_several(whole) {
        return documents::read(begun(text, file), ("", Start::Document), limits, each);
    }
    let _ = each(one(place, whole.trim_ascii(), limits));
    Ok(())
}

/// Reads a list of replies, and what stands after it.
fn list(mut file: impl BufRead, limits: Limits, each: &mut Each<'_>) -> io::Result<()> {
    // A list begins with its bracket.
    while let Some(byte) = file.fill_buf()?.first().copied()
        && byte != b'['
    {
        file.consume(1);
    }
    let from = match items::read(&mut file, "", limits, each)? {
        Left::Nothing | Left::Enough => return Ok(()),
        Left::More => Start::Document,
        Left::Damage => Start::Damage,
    };
    documents::read(file, ("after the list, ", from), limits, each)
}

/// Returns the file from its beginning. What follows damage is read, too.
fn begun<R: BufRead>(text: Vec<u8>, file: UpTo<'_, R>) -> Begun<R> {
    Begun {
        front: text,
        used: 0,
        error: file.error.take(),
        reader: file.reader,
    }
}

/// Reads more of a file. Returns false at its end.
fn grow(file: &mut impl BufRead, text: &mut Vec<u8>) -> io::Result<bool> {
    let more = file.fill_buf()?;
    let read = more.len();
    text.extend_from_slice(more);
    file.consume(read);
    Ok(read > 0)
}

/// Reads to the end of the first document, and returns it; `None` if it does not end, or has more than `most` bytes.
fn first(file: &mut impl BufRead, text: &mut Vec<u8>, most: usize) -> io::Result<Option<usize>> {
    let mut extent = Extent::new();
    loop {
        let begin = begin(text);
        match text.get(begin) {
            Some(b'{' | b'[') => match extent.reach(&text[begin..]) {
                Reached::End(end) => return Ok(Some(begin + end).filter(|end| *end <= most)),
                Reached::Broken(_) => return Ok(None),
                Reached::More => {}
            },
            Some(_) if text.len() >= begin + MARK.len() => return Ok(None),
            _ => {}
        }
        if text.len() > most || !grow(file, text)? {
            return Ok(None);
        }
    }
}

/// Returns whether anything stands after the first document.
fn has_more(
    file: &mut impl BufRead,
    text: &mut Vec<u8>,
    (end, most): (usize, usize),
) -> io::Result<bool> {
    loop {
        if text[end..].iter().any(|byte| !is_between(*byte)) || text.len() > most {
            return Ok(true);
        }
        if !grow(file, text)? {
            return Ok(false);
        }
    }
}

/// Returns where the first document begins.
fn begin(text: &[u8]) -> usize {
    let mut begin = 0;
    while let Some(rest) = text.get(begin..) {
        let mark = if rest.starts_with(MARK) {
            MARK.len()
        } else {
            0
        };
        let blank = rest[mark..].iter().take_while(|byte| is_between(**byte));
        let passed = mark + blank.count();
        if passed == 0 {
            break;
        }
        begin += passed;
    }
    begin
}

/// Returns whether these are several documents of which the first one is damaged. The beginning of one document on many lines is
/// none of them.
fn are_several(text: &[u8]) -> bool {
    let is_one = |text: String| serde_json::from_str::<IgnoredAny>(&text).is_ok();
    if repaired(text).is_some_and(is_one) {
        return false;
    }
    let is_cut = text.starts_with(b"{") && Extent::new().reach(text) == Reached::More;
    let mut from = 0;
    for _ in 0..STARTS {
        let Ok(next) = next_start(text, from) else {
            return false;
        };
        if is_another(text, next, is_cut) {
            return true;
        }
        from = next;
    }
    false
}

/// Places that are looked at to tell whether there are several documents.
const STARTS: usize = 16;

/// Returns whether a whole document begins at a place, and is no part of the first one. That may be cut at the end.
fn is_another(text: &[u8], next: usize, is_cut: bool) -> bool {
    let before = &text[..next];
    // Then what looks like another document may be a part of it, unless only its own lines are indented.
    let is_indented = || before.windows(2).any(|two| matches!(two, b"\n " | b"\n\t"));
    let is_clear = !is_cut || before.ends_with(&[0x1e]) || before.ends_with(b"}") || is_indented();
    let document = text[next..].trim_ascii_start();
    is_clear && matches!(Extent::new().reach(document), Reached::End(_))
}
