//! Secrets in values of a text that a program wrote: JSON after other words, at any depth of escapes, and what Python, PHP and
//! others print: `headers={'Cookie': 'a=b'}`.

use std::ops::Range;

use super::names::{is_secret, last_part, unnumbered};

/// Longest name that is looked at, and most blanks beside a sign.
const NAME: usize = 128;
const BLANKS: usize = 64;

/// Returns the values, each with what takes its place.
pub(super) fn secrets(text: &[u8]) -> Vec<(Range<usize>, Vec<u8>)> {
    let (mut found, mut done) = (Vec::new(), 0);
    for at in memchr::memchr2_iter(b':', b'=', text) {
        if at < done {
            continue;
        }
        if let Some((range, with)) = value(text, at) {
            // What is inside of it goes with it, so each byte is looked at once.
            done = range.end;
            if !range.is_empty() {
                found.push((range, with));
            }
        }
    }
    found
}

/// Returns the secret value after a sign.
fn value(text: &[u8], sign: usize) -> Option<(Range<usize>, Vec<u8>)> {
    let is_blank = |byte: &&u8| b" \t\r\n".contains(byte);
    let before = text[..sign].iter().rev().take(BLANKS);
    let end = sign - before.take_while(is_blank).count();
    let quote = text[..end].last().filter(|it| is_quote(it)).copied();
    let escapes = quote.map_or(0, |_| escapes_before(text, end - 1));
    let end = end - quote.map_or(0, |_| 1 + escapes);
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
    let length = text[..end]
        .iter()
        .rev()
        .take(NAME)
        .take_while(is_part)
        .count();
    let start = end - length;
    let name = last_part(std::str::from_utf8(&text[start..end]).ok()?);
    let is_quoted = quote.is_some_and(|quote| {
        text[..start].ends_with(&[quote]) && escapes_before(text, start - 1) == escapes
    });

    let mut from = sign + 1;
    from += usize::from(text[sign] == b'=' && text.get(from) == Some(&b'>'));
    let blanks = text.get(from..)?.iter().take(BLANKS).take_while(is_blank);
    from += blanks.count();
    let first = *text.get(from)?;
    let letters = unnumbered(name);
    let is_headers = letters.ends_with("headers");
    match quote.filter(|_| is_quoted) {
        Some(_) if !is_headers && !is_secret(name) => None,
        Some(quote) => {
            let marks = text[from..].iter().take_while(|it| is_escape(it)).count();
            let open = from + marks;
            if marks == escapes && text.get(open).is_some_and(is_quote) {
                let string = open + 1..closing(text, open + 1, text[open], escapes);
                // A hit of a search has the mention of a user as its token.
                let is_mention = letters == "token" && text[string.clone()].starts_with(b"<@");
                return (!is_mention).then(|| (string, b"[removed]".to_vec()));
            }
            let end = match first {
                b'{' | b'[' => bracketed(text, from, escapes),
                // A number of tokens, perhaps.
                b'0'..=b'9' if !letters.ends_with("token") => {
                    let digits = text[from..].iter().take_while(|it| it.is_ascii_digit());
                    from + digits.count()
                }
                _ => return None,
            };
            let escape = "\\".repeat(escapes);
            let quote = char::from(quote);
            let with = format!("{escape}{quote}[removed]{escape}{quote}");
            Some((from..end, with.into_bytes()))
        }
        None if quote.is_none() => {
            let after = text[from + 1..]
                .iter()
                .find(|byte| !is_blank(byte) && !is_escape(byte));
            let is_one = match first {
                b'{' if is_headers => true,
                b'{' => letters.ends_with("cookies") && after.is_some_and(is_quote),
                b'(' => letters == "auth" && after.is_some_and(is_quote),
                _ => false,
            };
            is_one.then(|| (from..bracketed(text, from, 0), b"[removed]".to_vec()))
        }
        None => None,
    }
}

fn is_quote(byte: &u8) -> bool {
    b"\"'".contains(byte)
}

/// Also the escape of a Windows shell.
fn is_escape(byte: &u8) -> bool {
    b"\\^".contains(byte)
}

/// Returns how many escapes are before a quote.
pub(super) fn escapes_before(text: &[u8], quote: usize) -> usize {
    text[..quote]
        .iter()
        .rev()
        .take_while(|it| is_escape(it))
        .count()
}

/// Returns where the string ends that a quote with some escapes began.
pub(super) fn closing(text: &[u8], from: usize, quote: u8, escapes: usize) -> usize {
    let quotes = memchr::memchr_iter(quote, &text[from..]).map(|at| from + at);
    let mut ends = quotes.map(|at| (at, escapes_before(&text[from..], at - from)));
    let end = ends.find(|(_, before)| *before == escapes);
    end.map_or(text.len(), |(at, before)| at - before)
}

/// Returns the end of what a bracket begins.
fn bracketed(text: &[u8], from: usize, escapes: usize) -> usize {
    let (mut at, mut depth) = (from, 0_usize);
    while let Some(byte) = text.get(at) {
        match byte {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            b'"' | b'\'' if escapes_before(text, at) == escapes => {
                at = closing(text, at + 1, *byte, escapes) + escapes;
            }
            _ => {}
        }
        at += 1;
        if depth == 0 {
            break;
        }
    }
    at.min(text.len())
}
