//! Where a text names people.

use std::ops::Range;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::known::People;
use super::touching::ids_inside;

/// Shortest word that is decoded from base64.
const LEAST_CODED: usize = 8;
/// Longest id or name that is looked for inside of a word, in bytes: a hostile word may have many parts.
const LONGEST: usize = 256;
/// How often a decoded text is decoded again: percent-encoded base64 of a URL.
const DEPTH: u8 = 3;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);
const ENGINES: [GeneralPurpose; 2] = [
    GeneralPurpose::new(&alphabet::STANDARD, LENIENT),
    GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT),
];

/// Finds people in texts.
pub(super) struct Within<'a>(pub(super) &'a People);

impl Within<'_> {
    /// Returns the parts of a text that name somebody, in order.
    pub(super) fn find(&self, text: &str) -> Vec<Range<usize>> {
        self.find_at(text, DEPTH)
    }

    fn find_at(&self, text: &str, depth: u8) -> Vec<Range<usize>> {
        if self.0.is_name(text) || self.0.is_user(text) {
            return std::iter::once(0..text.len()).collect();
        }
        let mut found = Vec::new();
        for word in words(text) {
            let part = &text[word.clone()];
            if let Some(at) = url_in(part) {
                self.before_url(text, word.start..word.start + at, depth, &mut found);
                let url = word.start + at..word.end;
                if self.is_in_url(&text[url.clone()], depth) {
                    found.push(url);
                }
            } else {
                self.before_url(text, word.clone(), depth, &mut found);
            }
        }
        found
    }

    /// Adds what a word without a URL names.
    fn before_url(&self, text: &str, word: Range<usize>, depth: u8, found: &mut Vec<Range<usize>>) {
        let part = &text[word.clone()];
        if self.is_coded(part, depth) {
            found.push(word);
            return;
        }
        for token in tokens(part) {
            self.token(part, token, |span| {
                found.push(word.start + span.start..word.start + span.end);
            });
        }
    }

    /// Adds the parts of a word that a token of it makes mentions, in order.
    fn token(&self, part: &str, token: Range<usize>, mut add: impl FnMut(Range<usize>)) {
        let ids = ids_inside(&part[token.clone()]);
        let ids = ids.map(|id| token.start + id.start..token.start + id.end);
        let mut ids: Vec<_> = ids.filter(|id| self.0.is_user(&part[id.clone()])).collect();
        ids.sort_unstable_by_key(|id| id.start);
        let mut ids = ids.into_iter().peekable();
        let mut from = token.start;
        while from < token.end {
            while ids.next_if(|id| id.start < from).is_some() {}
            let rest = self.mention(part, from..token.end);
            let Some(span) = rest
                .or_else(|| self.between(part, from..token.end, ids.peek(), from > token.start))
            else {
                return;
            };
            from = span.end;
            add(span);
        }
    }

    /// Returns the first mention of a rest whose beginning is none: what is before an id in it, or after an earlier mention, or
    /// the id. A sign may be between them.
    fn between(
        &self,
        part: &str,
        rest: Range<usize>,
        id: Option<&Range<usize>>,
        is_after: bool,
    ) -> Option<Range<usize>> {
        let is_sign = |at: usize| b"._-".contains(&part.as_bytes()[at]);
        let start = rest.start + usize::from(is_after && is_sign(rest.start));
        let whole = (start > rest.start).then_some(start..rest.end);
        let gap = id.filter(|id| id.start > rest.start).map(|id| {
            let end = id.start - usize::from(is_sign(id.start - 1));
            [
                rest.start..id.start,
                rest.start..end,
                start..id.start,
                start..end,
            ]
        });
        let mut parts = whole.into_iter().chain(gap.into_iter().flatten());
        let named = parts.find_map(|it| self.mention(part, it));
        named.or_else(|| id.cloned())
    }

    /// Returns the mention that a token, or a part of one, begins with.
    fn mention(&self, part: &str, token: Range<usize>) -> Option<Range<usize>> {
        let (before, after) = (&part[..token.start], part.get(token.end..)?);
        let name = part.get(token.clone()).filter(|name| !name.is_empty())?;
        if before.ends_with("<@") && after.starts_with('>') && self.0.is_user(name) {
            return Some(token.start - 2..token.end + 1);
        }
        if let Some(id) = shortened(name).find(|id| self.0.is_user(id)) {
            return Some(token.start..token.start + id.len());
        }
        let sign = before.chars().next_back().filter(|it| "@＠".contains(*it));
        if let Some(sign) = sign {
            let name = shortened(name).find(|name| self.0.is_name(name))?;
            let is_address =
                before[..before.len() - sign.len_utf8()].ends_with(char::is_alphanumeric);
            let start = token.start - if is_address { 0 } else { sign.len_utf8() };
            return Some(start..token.start + name.len());
        }
        let whole = name.trim_end_matches(['.', '-']);
        let start = whole.len() - whole.trim_start_matches(['.', '-']).len();
        let is_theirs = is_distinct(&whole[start..]) && self.0.is_name(&whole[start..]);
        is_theirs.then(|| token.start + start..token.start + whole.len())
    }

    /// Returns whether a key of an object has an id.
    pub(super) fn is_key(&self, key: &str) -> bool {
        let is_user = |id: &str| self.0.is_user(id);
        let has = |token: &str| {
            shortened(token).any(is_user) || ids_inside(token).any(|id| is_user(&token[id]))
        };
        is_user(key.trim_matches(['<', '@', '>'])) || tokens(key).any(|token| has(&key[token]))
    }

    /// Returns whether any part of a URL is an id or a name, or hides one.
    fn is_in_url(&self, url: &str, depth: u8) -> bool {
        let is_theirs = |token: &str| self.0.is_user(token) || self.0.is_name(token);
        let names = |token: &str| {
            shortened(token).any(is_theirs)
                || ids_inside(token).any(|id| self.0.is_user(&token[id]))
        };
        tokens(url).any(|token| names(&url[token])) || self.is_coded(url, depth)
    }

    /// Returns whether percent-encoding or base64 of a text hides somebody.
    fn is_coded(&self, part: &str, depth: u8) -> bool {
        let Some(depth) = depth.checked_sub(1) else {
            return false;
        };
        if part.contains('%') {
            let decoded = percent_encoding::percent_decode_str(part).decode_utf8_lossy();
            if decoded != part && (self.is_in(&decoded, depth) || self.is_in_url(&decoded, depth)) {
                return true;
            }
        }
        coded_words(part).any(|word| {
            let ask = || self.is_base64(word, depth);
            self.0.are_hidden_in(word, depth, ask)
        })
    }

    fn is_base64(&self, word: &str, depth: u8) -> bool {
        let bytes = word.as_bytes();
        let whole = |rest: &[u8]| rest.len() - usize::from(rest.len() % 4 == 1);
        (0..4).any(|offset| {
            let rest = &bytes[offset.min(bytes.len())..];
            let rest = &rest[..whole(rest)];
            ENGINES.iter().any(|engine| {
                let decoded = engine.decode(rest).unwrap_or_default();
                is_text(&decoded) && self.is_in(&String::from_utf8_lossy(&decoded), depth)
            })
        })
    }

    fn is_in(&self, text: &str, depth: u8) -> bool {
        self.0.may_be_in(text.as_bytes()) && !self.find_at(text, depth).is_empty()
    }
}

/// Returns whether a name cannot be an ordinary word, so that it is a name wherever it is.
fn is_distinct(name: &str) -> bool {
    (3..=LONGEST).contains(&name.len())
        && name
            .bytes()
            .any(|it| it.is_ascii_digit() || b"._-".contains(&it))
}

/// Returns whether most of the bytes are of a text, as in base64 of a text and not of an accident.
fn is_text(bytes: &[u8]) -> bool {
    let plain = bytes
        .iter()
        .filter(|it| it.is_ascii_graphic() || **it == b' ');
    plain.count() * 4 >= bytes.len() * 3 && !bytes.is_empty()
}

/// Returns the parts between blanks and quotation marks.
fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    let is_gap = |it: char| {
        it.is_whitespace()
            || it.is_control()
            || "\"`{}|\\^“”«»「」『』、。，！？（）[],".contains(it)
    };
    parts(text, move |it| !is_gap(it))
}

/// Returns the parts that may be ids or names: letters and digits of ASCII, `.`, `_` and `-`.
fn tokens(text: &str) -> impl Iterator<Item = Range<usize>> {
    parts(text, |it| it.is_ascii_alphanumeric() || "._-".contains(it))
}

fn coded_words(text: &str) -> impl Iterator<Item = &str> {
    parts(text, |it| it.is_ascii_alphanumeric() || "+/_-".contains(it))
        .filter(|word| word.len() >= LEAST_CODED)
        .map(|word| &text[word])
}

fn parts(text: &str, is_part: impl Fn(char) -> bool) -> impl Iterator<Item = Range<usize>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + text[from..].find(&is_part)?;
        let end = text[start..]
            .find(|it| !is_part(it))
            .map_or(text.len(), |at| start + at);
        from = end;
        Some(start..end)
    })
}

/// Returns a token, and what is left of it without what may follow a name: a full stop or a hyphen, and the rest.
fn shortened(token: &str) -> impl Iterator<Item = &str> {
    let without_end = |token: &'_ str| token.rfind(['.', '-']).filter(|at| *at > 0);
    let first = match token.get(..=LONGEST) {
        Some(most) => without_end(most).map(|at| &token[..at]),
        None => Some(token),
    };
    std::iter::successors(first, move |token| {
        without_end(token).map(|at| &token[..at])
    })
}

/// Returns where a URL begins in a word.
fn url_in(word: &str) -> Option<usize> {
    let scheme = word.find("://")?;
    let before = &word[..scheme];
    let start = before
        .rfind(|it: char| !it.is_ascii_alphanumeric())
        .map_or(0, |at| {
            at + before[at..].chars().next().map_or(1, char::len_utf8)
        });
    (start < scheme).then_some(start)
}
