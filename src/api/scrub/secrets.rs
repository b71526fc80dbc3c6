//! Finds the secrets of a text.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::edit::Cut;
use super::names::{is_coded, is_secret, last_part};
use super::schemes::{end_of_parameters, has_parameters};
use super::{addresses, commands, fields, options, tags, tokens};

/// The shortest token.
const SHORTEST: usize = 14;
/// How much of the value of a header is looked at, for each name of one.
const WORDS: usize = 256;

static HTTP: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("HTTP/"));

/// Returns the secrets of a text, each with what takes its place.
pub(super) fn texts(text: &str) -> Vec<Cut> {
    if is_plain(text) {
        return Vec::new();
    }
    let mut edits = fields::secrets(text.as_bytes());
    let bytes = text.as_bytes();
    edits.extend(replaced(tokens::secrets(bytes)));
    edits.extend(replaced(
        options::secrets(bytes).chain(tags::secrets(bytes)),
    ));
    edits.extend(places(text));
    edits
}

/// Returns the secrets of a place in a list. It may be JSON with any names, or have the form of a token or of cookies: only what
/// is an address, a command or a header in it is one.
pub(super) fn places(text: &str) -> Vec<Cut> {
    if is_plain(text) {
        return Vec::new();
    }
    let bytes = text.as_bytes();
    let ranges = addresses::secrets(bytes)
        .chain(commands::secrets(bytes))
        .chain(headers(text).filter(|range| !range.is_empty()));
    replaced(ranges).collect()
}

fn replaced(ranges: impl IntoIterator<Item = Range<usize>>) -> impl Iterator<Item = Cut> {
    ranges
        .into_iter()
        .map(|range| (range, b"[removed]".to_vec()))
}

/// Returns whether a text is so short and plain that it has none, as most keys and values are.
fn is_plain(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_- ".contains(&byte);
    text.len() < SHORTEST && text.bytes().all(is_plain)
}

/// Returns whether a whole text is a secret: a message of HTTP or the command of a client with such a header, or cookies.
pub(super) fn is_message(text: &str) -> bool {
    headers(text).next().is_some() || are_cookies(text)
}

/// Returns the values of headers with a secret, up to the end of the line or to a quote.
fn headers(text: &str) -> impl Iterator<Item = Range<usize>> {
    let is_http = HTTP.find(text.as_bytes()).is_some();
    let mut done = 0;
    text.match_indices(':').filter_map(move |(at, _)| {
        // What is inside of a value goes with it, so each end is looked for once.
        if at < done {
            return None;
        }
        let before = text[..at].trim_end();
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
        let name = &before[before.trim_end_matches(is_name).len()..];
        let value = text[at + 1..].trim_start();
        let start = text.len() - value.len();
        if !is_secret(name) || !(is_http || is_value_of(name, value)) {
            return None;
        }
        let end = end_of_parameters(value.as_bytes());
        let end = end.or_else(|| value.find(['\r', '\n', '"', '\'', '\\']));
        done = end.map_or(text.len(), |end| start + end);
        Some(start..done)
    })
}

/// Returns whether a text begins with what a header has as its value, and a sentence does not.
fn is_value_of(header: &str, text: &str) -> bool {
    // A word may be as long as the text.
    let text = (WORDS..WORDS + 4)
        .find_map(|end| text.get(..end))
        .unwrap_or(text);
    let mut words = text.split([' ', '\t', '\r', '\n', ';', '\'', '"', '\\']);
    let first = words.next().unwrap_or_default();
    match header.to_ascii_lowercase().as_str() {
        "cookie" | "set-cookie" => first.contains('='),
        "authorization" | "proxy-authorization" => {
            let is_scheme = ["bearer", "basic", "digest", "token"]
                .iter()
                .any(|scheme| first.eq_ignore_ascii_case(scheme));
            has_parameters(text.as_bytes())
                || (is_scheme && words.next().is_some_and(is_coded))
                || (first.len() >= 20 && is_coded(first))
        }
        // No word of a language has a hyphen and is the name of a key.
        name => name.contains('-') && is_coded(first),
    }
}

/// Returns whether a text is nothing but cookies, or one with its attributes.
fn are_cookies(text: &str) -> bool {
    let mut parts = text
        .split(';')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    let Some((name, value)) = parts.next().and_then(|first| first.split_once('=')) else {
        return false;
    };
    let is_one = |part: &str| !part.is_empty() && !part.contains(char::is_whitespace);
    if !is_one(name) || value.contains(char::is_whitespace) || name.contains(['/', ':', '?']) {
        return false;
    }
    let (mut has_secret, mut count) = (is_of_secret(name), 1);
    for part in parts {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        if ["httponly", "samesite"]
            .iter()
            .any(|it| name.eq_ignore_ascii_case(it))
        {
            return true;
        }
        let is_time = ["expires", "max-age"]
            .iter()
            .any(|it| name.eq_ignore_ascii_case(it));
        if !is_time && (!is_one(name) || value.contains(char::is_whitespace)) {
            return false;
        }
        has_secret |= is_of_secret(name);
        count += 1;
    }
    has_secret && count > 1
}

fn is_of_secret(cookie: &str) -> bool {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    cookie.chars().all(is_part) && is_secret(last_part(cookie))
}
