//! Secrets in the commands of clients: `curl -b 'a=b' -u user:password -H 'Cookie: c' …`.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::fields::{closing, escapes_before};
use super::names::{is_parameter, is_secret};
use super::units::begins_word;

/// Names of clients.
pub(super) const CLIENTS: [&str; 2] = ["curl", "wget"];
static FINDERS: LazyLock<[Finder<'static>; 2]> = LazyLock::new(|| CLIENTS.map(Finder::new));
/// Options of curl with one letter that have a value.
const VALUED: &[u8] = b"bcdeDEFHmoPrtTuUwxXyYzACKQh";
/// Options whose value is a secret.
const SECRET: [&str; 10] = [
    "oauth2-bearer",
    "pass",
    "proxy-pass",
    "tlspassword",
    "proxy-tlspassword",
    "password",
    "http-password",
    "ftp-password",
    "proxy-password",
    "proxy-passwd",
];

/// Returns the secrets in the commands of a text.
pub(super) fn secrets(text: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for client in FINDERS.iter() {
        let (mut done, length) = (0, client.needle().len());
        for at in client.find_iter(text) {
            if at >= done && is_command(text, at, at + length) {
                done = command(text, at + length, client.needle() == b"curl", &mut found);
            }
        }
    }
    found
}

/// Returns whether a word is a command: something follows that is no word of a sentence.
pub(super) fn is_command(text: &[u8], start: usize, end: usize) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-".contains(byte);
    let rest = &text[end..];
    let rest = rest.strip_prefix(b".exe").unwrap_or(rest);
    let blanks = rest
        .iter()
        .take_while(|byte| byte.is_ascii_whitespace())
        .count();
    let word = &rest[blanks..];
    let is_odd = |byte: &u8| b"-.:/'\"\\$^<{".contains(byte);
    let word = word
        .iter()
        .take(512)
        .take_while(|byte| !byte.is_ascii_whitespace());
    let is_escaped = rest.first().is_some_and(|byte| b"\\^".contains(byte));
    begins_word(text, start)
        && text[..start].last() != Some(&b'-')
        && !rest.first().is_some_and(is_part)
        && (is_escaped || (blanks > 0 && word.clone().any(is_odd)))
}

/// Goes through the words of a command. Returns where it ends.
fn command(text: &[u8], from: usize, is_curl: bool, found: &mut Vec<Range<usize>>) -> usize {
    let mut at = from;
    // What the next word is the value of.
    let mut option: Option<String> = None;
    while let Some(word) = next_word(text, at) {
        at = word.end.max(at + 1);
        let inner = unquoted(text, word.clone());
        if let Some(option) = option.take() {
            found.extend(secret_of(text, &option, inner));
            continue;
        }
        let part = &text[inner.clone()];
        if let Some(long) = part.strip_prefix(b"--") {
            let equals = long.iter().position(|byte| *byte == b'=');
            let name = String::from_utf8_lossy(&long[..equals.unwrap_or(long.len())]).into_owned();
            match equals {
                None => option = Some(name),
                Some(equals) => {
                    let value = inner.start + 2 + equals + 1..inner.end;
                    found.extend(secret_of(text, &name, unquoted(text, value)));
                }
            }
        } else if is_curl && part.starts_with(b"-") {
            let Some(letter) = part.iter().position(|letter| VALUED.contains(letter)) else {
                continue;
            };
            let name = char::from(part[letter]).to_string();
            let value = inner.start + letter + 1..inner.end;
            match value.is_empty() {
                true => option = Some(name),
                false => found.extend(secret_of(text, &name, unquoted(text, value))),
            }
        }
    }
    at
}

/// Returns the secret in the value of an option.
fn secret_of(text: &[u8], option: &str, value: Range<usize>) -> Option<Range<usize>> {
    let part = &text[value.clone()];
    let place = |sign: u8| memchr::memchr(sign, part).map(|at| value.start + at + 1);
    match option {
        "b" | "cookie" => place(b'=').map(|_| value),
        "u" | "user" | "U" | "proxy-user" => place(b':').map(|from| from..value.end),
        "H" | "header" | "proxy-header" => {
            let from = place(b':')?;
            let name = String::from_utf8_lossy(&text[value.start..from - 1]);
            is_secret(&name)
                .then_some(from..value.end)
                .map(|it| trimmed(text, it))
        }
        "x" | "proxy" | "preproxy" => {
            let sign = value.start + memchr::memrchr(b'@', part)?;
            let colon = place(b':').filter(|colon| *colon < sign)?;
            (!part.contains(&b'/')).then_some(colon..sign)
        }
        "d" | "F" | "data" | "form" | "data-raw" | "data-urlencode" | "data-binary"
        | "form-string" | "post-data" | "body-data" => {
            let from = place(b'=')?;
            let name = String::from_utf8_lossy(&text[value.start..from - 1]);
            let rest = &text[from..value.end];
            let is_form = matches!(option, "F" | "form" | "form-string");
            let end = memchr::memchr(b'&', rest).filter(|_| !is_form);
            let end = end.map_or(value.end, |at| from + at);
            let is_one = is_parameter(&name, &String::from_utf8_lossy(&text[from..end]));
            is_one.then_some(from..end)
        }
        option => SECRET.contains(&option).then_some(value),
    }
    .filter(|range| !range.is_empty())
}

fn trimmed(text: &[u8], range: Range<usize>) -> Range<usize> {
    let blanks = text[range.clone()]
        .iter()
        .take_while(|byte| **byte == b' ')
        .count();
    range.start + blanks..range.end
}

/// Returns the next word of a command; `None` at its end. A line goes on after an escape.
fn next_word(text: &[u8], from: usize) -> Option<Range<usize>> {
    let mut start = from;
    loop {
        match (*text.get(start)?, text.get(start + 1)) {
            (b'\\' | b'^' | b'`', Some(b'\n')) => start += 2,
            (b'\\' | b'^' | b'`', Some(b'\r')) if text.get(start + 2) == Some(&b'\n') => start += 3,
            (b'\n', _) => return None,
            (byte, _) if byte.is_ascii_whitespace() => start += 1,
            (b'\\', _) => match escaped_blank(text, start) {
                Some(length) => start += length,
                None => break,
            },
            _ => break,
        }
    }
    let mut at = start;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' | b'\'' => {
                let escapes = escapes_before(&text[start..], at - start);
                let end = closing(text, at + 1, *byte, escapes) + escapes + 1;
                let is_whole = at - start - escapes <= 1;
                let ends = text
                    .get(end)
                    .is_none_or(|byte| byte.is_ascii_whitespace() || *byte == b'\\');
                // A quote inside of a word may be that of a text around the command.
                if !is_whole && !ends && !text[start..].starts_with(b"-") {
                    return Some(start..at - escapes);
                }
                at = end.min(text.len());
                continue;
            }
            byte if byte.is_ascii_whitespace() => break,
            b'\\' if escaped_blank(text, at).is_some() => break,
            b'\\' => {
                // What follows is the same for each of them.
                at += slashes(text, at);
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    Some(start..at.max(start + 1).min(text.len()))
}

/// Returns how many backslashes are at a place.
fn slashes(text: &[u8], at: usize) -> usize {
    text[at..].iter().take_while(|byte| **byte == b'\\').count()
}

/// Returns the length of an escaped end of a line, or of a blank.
fn escaped_blank(text: &[u8], at: usize) -> Option<usize> {
    let slashes = slashes(text, at);
    matches!(
        text.get(at + slashes),
        Some(b'n' | b'r' | b't' | b'\n' | b'\r')
    )
    .then_some(slashes + 1)
}

/// Returns a word without its quotes.
fn unquoted(text: &[u8], word: Range<usize>) -> Range<usize> {
    let part = &text[word.clone()];
    let dollar = usize::from(part.first() == Some(&b'$'));
    let marks = part[dollar..]
        .iter()
        .take_while(|byte| b"\\^".contains(byte))
        .count();
    let open = dollar + marks;
    let is_quoted = part.get(open).is_some_and(|byte| b"\"'".contains(byte));
    if !is_quoted {
        return word;
    }
    let start = word.start + open + 1;
    let end = closing(text, start, part[open], marks).min(word.end);
    start..end.max(start)
}
