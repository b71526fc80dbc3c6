//! Secrets in the options of any program: `--token abcDEF12`, `--api-key=x`.

use std::ops::Range;

use super::names::{is_coded, is_secret};
use super::units::begins_word;

/// Longest name and value that are looked at.
const NAME: usize = 64;
const VALUE: usize = 4_096;

/// Returns the values of options whose names say that these are secrets.
pub(super) fn secrets(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut done = 0;
    memchr::memmem::find_iter(text, b"--").filter_map(move |at| {
        // What is inside of a value goes with it.
        let value = (at >= done).then(|| value(text, at))??;
        done = value.end;
        Some(value)
    })
}

fn value(text: &[u8], at: usize) -> Option<Range<usize>> {
    if text[..at].last() == Some(&b'-') || !begins_word(text, at) {
        return None;
    }
    let from = at + 2;
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_-".contains(byte);
    let name = text[from..].iter().take(NAME).take_while(is_part).count();
    let name = std::str::from_utf8(&text[from..from + name]).ok()?;
    if !is_secret(name) {
        return None;
    }
    let sign = from + name.len();
    let is_stated = text.get(sign) == Some(&b'=');
    let blanks = text[sign..]
        .iter()
        .take(NAME)
        .take_while(|byte| byte.is_ascii_whitespace());
    let begin = sign + if is_stated { 1 } else { blanks.count() };
    let marks = text[begin..]
        .iter()
        .take(NAME)
        .take_while(|byte| b"\\\"'".contains(byte));
    let start = begin + marks.count();
    // Another option follows.
    if text.get(start) == Some(&b'-') {
        return None;
    }
    let ends = |byte: &u8| byte.is_ascii_whitespace() || b"\\\"'`<>&|;)".contains(byte);
    let rest = &text[start..];
    let rest = &rest[..rest.len().min(VALUE)];
    let end = start + rest.iter().position(ends).unwrap_or(rest.len());
    // After a blank, a word may go on with a sentence.
    let is_one =
        is_stated || (begin > sign && is_coded(&String::from_utf8_lossy(&text[start..end])));
    (is_one && start < end).then_some(start..end)
}
