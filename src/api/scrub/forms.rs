//! Finds a key in all its written forms: plain, escaped for JSON or encoded for a URL. The form may differ per
//! character, because encoders differ in what they escape.

use memchr::memchr_iter;
use memchr::memmem::Finder;

use super::edit::Edit;

/// Replacement of a key.
const MARK: &[u8] = b"[key]";

/// The key, or one of its ends, with its replacement.
#[derive(Clone)]
pub(super) struct Piece {
    text: Vec<u8>,
    /// Quick check that most bodies fail: without the core, a body contains no form of the piece.
    core: Option<Finder<'static>>,
    with: Vec<u8>,
}

/// Returns pieces for the key and for its ends, except ends that look like a number.
pub(super) fn pieces(whole: &str, ends: &[&str]) -> Vec<Piece> {
    let ends = ends.iter().copied().filter(|end| !is_number(end));
    let piece = |text: &str| Piece {
        text: text.into(),
        core: core(text),
        with: mark(text),
    };
    std::iter::once(whole).chain(ends).map(piece).collect()
}

/// Returns a finder for the text's longest run of letters and digits; `None` if there is none.
/// No encoder changes such a run, so every form of the text contains it.
fn core(text: &str) -> Option<Finder<'static>> {
    let runs = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    let longest = runs.max_by_key(|run| run.len())?;
    (!longest.is_empty()).then(|| Finder::new(longest).into_owned())
}

impl Piece {
    /// Adds an edit for every occurrence, or only for whole words if `whole_words` is set.
    pub(super) fn find<'s>(&'s self, body: &[u8], whole_words: bool, edits: &mut Vec<Edit<'s>>) {
        if self
            .core
            .as_ref()
            .is_some_and(|core| core.find(body).is_none())
        {
            return;
        }
        let first = self.text[0];
        let escapes: &[u8] = if first.is_ascii_alphanumeric() {
            b""
        } else {
            br"%\"
        };
        for mark in std::iter::once(&first).chain(escapes) {
            for at in memchr_iter(*mark, body) {
                let Some(end) = self.end_at(body, at) else {
                    continue;
                };
                let in_word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
                let before = at.checked_sub(1).and_then(|before| body.get(before));
                let start = after_escape(body, at);
                if start < end && !(whole_words && (in_word(before) || in_word(body.get(end)))) {
                    edits.push(Edit {
                        start,
                        end,
                        with: &self.with,
                    });
                }
            }
        }
    }

    /// Returns the end of the piece if any form of it starts at `at`.
    fn end_at(&self, body: &[u8], at: usize) -> Option<usize> {
        if body[at..].starts_with(&self.text) {
            return Some(at + self.text.len());
        }
        self.text.iter().try_fold(at, |at, letter| {
            Some(at + written(body.get(at..)?, *letter)?)
        })
    }
}

/// Returns the bytes that a character takes at this position: as `%2F`, `%252F`, `\u002f`, `\/` or itself.
fn written(rest: &[u8], letter: u8) -> Option<usize> {
    if !letter.is_ascii_alphanumeric() {
        for (prefix, length) in [(&b"%"[..], 3), (b"%25", 5), (b"\\u00", 6)] {
            let digits = rest.get(length - 2..length);
            if rest.starts_with(prefix) && digits.is_some_and(|digits| is_hex(digits, letter)) {
                return Some(length);
            }
        }
        if letter == b'/' && rest.starts_with(b"\\/") {
            return Some(2);
        }
    }
    (rest.first() == Some(&letter)).then_some(1)
}

fn is_hex(digits: &[u8], letter: u8) -> bool {
    digits.eq_ignore_ascii_case(format!("{letter:02x}").as_bytes())
}

/// Returns whether JSON could contain the text without quotes.
fn is_number(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte))
}

/// Returns the replacement: `[key]`, or other digits for a number, which JSON may contain without quotes.
fn mark(text: &str) -> Vec<u8> {
    if !is_number(text) {
        return MARK.to_vec();
    }
    let only_nines = text
        .bytes()
        .all(|byte| byte == b'9' || !byte.is_ascii_digit());
    let digit = if only_nines { b'8' } else { b'9' };
    text.bytes()
        .map(|byte| if byte.is_ascii_digit() { digit } else { byte })
        .collect()
}

/// Returns a start for a match that splits no JSON escape: `\n` followed by `ext` is not the key `next`.
fn after_escape(body: &[u8], start: usize) -> usize {
    for back in 1..=5.min(start) {
        let at = start - back;
        if body[at] != b'\\' {
            continue;
        }
        let run = body[..=at]
            .iter()
            .rev()
            .take_while(|byte| **byte == b'\\')
            .count();
        let length = if body.get(at + 1) == Some(&b'u') {
            6
        } else {
            2
        };
        return if run % 2 == 1 {
            start.max(at + length)
        } else {
            start
        };
    }
    start
}
