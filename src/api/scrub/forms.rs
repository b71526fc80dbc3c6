//! Finding a key however it is written: as it is, escaped for JSON, or encoded for a URL, each letter for itself,
//! because writers differ in what they escape.

use memchr::memchr_iter;
use memchr::memmem::Finder;

use super::Edit;

/// What stands where the key was.
const MARK: &[u8] = b"[key]";

/// The key, or one of its ends, and what is put in its place.
#[derive(Clone)]
pub(super) struct Piece {
    text: Vec<u8>,
    /// A quick answer, for the most bodies: none of it there, no piece there.
    core: Option<Finder<'static>>,
    with: Vec<u8>,
}

/// The key, and its ends where it has any that can be told from a number.
pub(super) fn pieces(whole: &str, ends: &[&str]) -> Vec<Piece> {
    let ends = ends.iter().copied().filter(|end| !is_number(end));
    let piece = |text: &str| Piece {
        text: text.into(),
        core: core(text),
        with: mark(text),
    };
    std::iter::once(whole).chain(ends).map(piece).collect()
}

/// The longest run of letters and digits of a text: no writer changes it, so where it is not, the text is in no form.
/// `None` where there is none.
fn core(text: &str) -> Option<Finder<'static>> {
    let runs = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    let longest = runs.max_by_key(|run| run.len())?;
    (!longest.is_empty()).then(|| Finder::new(longest).into_owned())
}

impl Piece {
    /// Adds every occurrence; as a whole word only, where asked.
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

    /// Where the piece ends, if it stands here in any form.
    fn end_at(&self, body: &[u8], at: usize) -> Option<usize> {
        if body[at..].starts_with(&self.text) {
            return Some(at + self.text.len());
        }
        self.text.iter().try_fold(at, |at, letter| {
            Some(at + written(body.get(at..)?, *letter)?)
        })
    }
}

/// How many bytes a letter takes here: as `%2F` or `%252F`, `\u002f`, `\/`, or itself.
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

/// Whether it could stand in JSON without quotes.
fn is_number(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte))
}

/// `[key]`, but for a number another number: in JSON it may stand without quotes.
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

/// Where a match may be cut without breaking an escape of JSON in two: `\n` before `ext` is not the key `next`.
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
