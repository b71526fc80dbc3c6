//! Secrets that are recognised by their form: JSON web tokens, keys of well-known services, private keys.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::names::is_coded;
use super::units::{after_escape, begins_word, unit};

/// Letters of the rest of a token.
#[derive(Clone, Copy)]
enum Letters {
    /// Capitals and digits.
    Capital,
    /// Letters and digits.
    Plain,
    /// Those of base64 in addresses.
    Coded,
    /// These, and full stops.
    Dotted,
}

/// Beginnings of tokens, with the least length of the rest and its letters.
const TOKENS: [(&str, usize, Letters); 36] = [
    ("AKIA", 16, Letters::Capital),
    ("ASIA", 16, Letters::Capital),
    ("ghp_", 30, Letters::Plain),
    ("gho_", 30, Letters::Plain),
    ("ghu_", 30, Letters::Plain),
    ("ghs_", 30, Letters::Plain),
    ("ghr_", 30, Letters::Plain),
    ("github_pat_", 22, Letters::Coded),
    ("glpat-", 20, Letters::Coded),
    ("xoxa-", 10, Letters::Coded),
    ("xoxb-", 10, Letters::Coded),
    ("xoxc-", 10, Letters::Coded),
    ("xoxd-", 10, Letters::Coded),
    ("xoxe-", 10, Letters::Coded),
    ("xoxp-", 10, Letters::Coded),
    ("xoxr-", 10, Letters::Coded),
    ("xoxs-", 10, Letters::Coded),
    ("xapp-", 20, Letters::Coded),
    ("sk-", 20, Letters::Coded),
    ("sk_live_", 16, Letters::Plain),
    ("sk_test_", 16, Letters::Plain),
    ("rk_live_", 16, Letters::Plain),
    ("whsec_", 20, Letters::Plain),
    ("sess-", 30, Letters::Plain),
    ("AIza", 35, Letters::Coded),
    ("ya29.", 20, Letters::Coded),
    ("GOCSPX-", 20, Letters::Coded),
    ("hf_", 30, Letters::Plain),
    ("npm_", 30, Letters::Plain),
    ("r8_", 30, Letters::Plain),
    ("gsk_", 40, Letters::Plain),
    ("xai-", 40, Letters::Plain),
    ("pplx-", 40, Letters::Plain),
    ("pypi-", 60, Letters::Coded),
    ("shpat_", 30, Letters::Plain),
    ("SG.", 60, Letters::Dotted),
];
/// What begins the second part of a JSON web token, and the header of one that is encrypted.
const SECOND: &str = ".eyJ";
const HEADER: &str = "eyJhbGciOi";
/// Least length of a whole JSON web token, and longest one that is looked at before its second part.
const WEB_TOKEN: usize = 40;
const LONGEST: usize = 16_384;
const PEM: &str = "-----BEGIN ";
const BASIC: &str = "Basic ";

static BEGINNINGS: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::new(beginnings()).ok());

/// Returns what each of them begins with, or has in its middle.
pub(super) fn beginnings() -> impl Iterator<Item = &'static str> {
    let tokens = TOKENS.iter().map(|(beginning, ..)| *beginning);
    tokens.chain([SECOND, HEADER, PEM, BASIC, "basic "])
}

/// Returns the tokens in a text.
pub(super) fn secrets(text: &[u8]) -> Vec<Range<usize>> {
    let Some(beginnings) = BEGINNINGS.as_ref() else {
        return Vec::new();
    };
    let (mut found, mut done) = (Vec::new(), 0);
    for at in beginnings.find_overlapping_iter(text) {
        if at.start() >= done
            && let Some(range) = token(text, at.pattern().as_usize(), at.start())
        {
            done = range.end;
            found.push(range);
        }
    }
    found
}

/// Returns the token at a place, if it has one by the number of its beginning.
pub(super) fn token(text: &[u8], beginning: usize, at: usize) -> Option<Range<usize>> {
    let Some((begins, least, letters)) = TOKENS.get(beginning) else {
        return match beginning - TOKENS.len() {
            0 => web_token(text, at),
            1 => encrypted(text, at),
            2 => private_key(text, at),
            _ => basic(text, at),
        };
    };
    let from = at + begins.len();
    let touches = match (letters, text[..at].last()) {
        (Letters::Coded | Letters::Dotted, Some(b'-')) => true,
        (Letters::Dotted, Some(b'.')) => true,
        _ => !begins_word(text, at),
    };
    if touches || !text[at..].starts_with(begins.as_bytes()) {
        return None;
    }
    let rest = &text[from..from + run(&text[from..], *letters)];
    let has = |is_one: fn(&u8) -> bool| rest.iter().any(is_one);
    // In the address of a file, the name of its key stands before a slash.
    let is_of_file = || matches!(unit(text, from + rest.len()), Some((b'/', _)));
    let is_exact = !matches!(letters, Letters::Capital) || (rest.len() == *least && !is_of_file());
    let is_token = rest.len() >= *least
        && is_exact
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_alphabetic)
        && (*begins != "sk-" || is_random(rest));
    is_token.then_some(at..from + rest.len())
}

fn run(text: &[u8], letters: Letters) -> usize {
    let is_part = |byte: &&u8| match letters {
        Letters::Capital => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        Letters::Plain => byte.is_ascii_alphanumeric(),
        Letters::Coded => byte.is_ascii_alphanumeric() || b"_-".contains(byte),
        Letters::Dotted => byte.is_ascii_alphanumeric() || b"_-.".contains(byte),
    };
    let run = &text[..text.iter().take_while(is_part).count()];
    // A full stop after a token ends a sentence.
    run.iter()
        .rposition(|byte| *byte != b'.')
        .map_or(0, |last| last + 1)
}

/// Returns whether a part between hyphens is no word: a slug may begin with `sk-` too.
fn is_random(rest: &[u8]) -> bool {
    rest.split(|byte| *byte == b'-').any(|part| {
        let digits = part.iter().filter(|byte| byte.is_ascii_digit()).count();
        part.len() >= 16 && digits >= 2 && digits < part.len()
    })
}

/// Returns the three parts around the beginning of the second one.
fn web_token(text: &[u8], dot: usize) -> Option<Range<usize>> {
    let before = text[..dot].iter().rev().take(LONGEST);
    let length = before.take_while(|byte| is_coded_byte(byte)).count();
    let start = after_escape(text, dot - length, dot);
    let second = dot + 1;
    let middle = second + run(&text[second..], Letters::Coded);
    let is_one = text[start..].starts_with(b"eyJ")
        && text[second..].starts_with(b"eyJ")
        && text.get(middle) == Some(&b'.');
    let end = middle + 1 + run(text.get(middle + 1..)?, Letters::Coded);
    (is_one && end - start >= WEB_TOKEN).then_some(start..end)
}

fn is_coded_byte(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-".contains(byte)
}

/// Returns a token without a readable second part.
fn encrypted(text: &[u8], at: usize) -> Option<Range<usize>> {
    if text[..at].last().is_some_and(|byte| b"-.".contains(byte)) || !begins_word(text, at) {
        return None;
    }
    let rest = &text[at..at + run(&text[at..], Letters::Dotted)];
    let dots = rest.iter().filter(|byte| **byte == b'.').count();
    let is_one = rest.starts_with(HEADER.as_bytes());
    (is_one && dots >= 2 && rest.len() >= WEB_TOKEN).then_some(at..at + rest.len())
}

/// Returns a private key up to its end, or that of the text.
fn private_key(text: &[u8], at: usize) -> Option<Range<usize>> {
    let from = at + PEM.len();
    let near = &text[from..text.len().min(from + 48)];
    let title = memchr::memmem::find(near, b"-----")?;
    memchr::memmem::find(&near[..title], b"PRIVATE KEY")?;
    let from = from + title + 5;
    let end = memchr::memmem::find(&text[from..], b"-----END ");
    let end = end.and_then(|end| {
        let title = from + end + b"-----END ".len();
        Some(title + memchr::memmem::find(&text[title..], b"-----")? + 5)
    });
    Some(at..end.unwrap_or(text.len()))
}

/// Returns the base64 of a name and a password.
fn basic(text: &[u8], at: usize) -> Option<Range<usize>> {
    let from = at + BASIC.len();
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    let length = text[from..]
        .iter()
        .take(LONGEST)
        .take_while(is_part)
        .count();
    let word = std::str::from_utf8(&text[from..from + length]).ok()?;
    let decoded = STANDARD.decode(word).ok()?;
    let is_one = decoded.contains(&b':')
        && decoded.iter().all(|byte| (b' '..=b'~').contains(byte))
        && begins_word(text, at)
        && is_coded(word);
    is_one.then_some(from..from + length)
}

/// Returns whether a token may be at a place of a body, by the number of its beginning, whatever is escaped.
pub(super) fn may_be_token(body: &[u8], beginning: usize, at: usize) -> bool {
    match beginning.checked_sub(TOKENS.len()) {
        None | Some(0 | 1) => token(body, beginning, at).is_some(),
        Some(2) => {
            let near = &body[at..body.len().min(at + 64)];
            memchr::memmem::find(near, b"PRIVATE KEY").is_some()
        }
        Some(_) => {
            let word = body[at + BASIC.len()..].iter().take(64);
            let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+/=\\".contains(byte);
            let word: Vec<u8> = word.take_while(is_part).copied().collect();
            begins_word(body, at) && is_coded(&String::from_utf8_lossy(&word))
        }
    }
}
