//! Secrets that their context identifies: echoed headers, bearer tokens and signatures of cached replies.

use memchr::memmem::Finder;

use super::edit::Edit;
use super::schemes::end_of_parameters;

/// Minimum length of a token after "Bearer". A shorter word is part of a sentence.
const MIN_TOKEN: usize = 16;
/// Maximum length of a URL in bytes, which limits the search for its start.
const MAX_URL: usize = 2048;

/// Prepared searches of all rules.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    bearer: Finder<'static>,
    authorization: Finder<'static>,
    sign: Finder<'static>,
    headers: Finder<'static>,
    detail: Finder<'static>,
}

impl Rules {
    pub(super) fn new() -> Self {
        Self {
            // The first letter is left out, because it occurs in both cases.
            bearer: Finder::new("earer"),
            authorization: Finder::new("uthorization"),
            sign: Finder::new("sign="),
            headers: Finder::new("\"headers\""),
            detail: Finder::new("\"detail\""),
        }
    }

    /// Returns whether a body has the form of the remote's errors.
    pub(super) fn is_error(&self, body: &[u8]) -> bool {
        self.detail.find(body).is_some()
    }

    pub(super) fn find<'s>(&self, body: &[u8], edits: &mut Vec<Edit<'s>>) {
        self.bearer_tokens(body, edits);
        self.quoted_authorization(body, edits);
        self.signatures(body, edits);
        self.echoed_headers(body, edits);
    }

    /// Finds `Bearer …` with any token.
    fn bearer_tokens<'s>(&self, body: &[u8], edits: &mut Vec<Edit<'s>>) {
        for at in self.bearer.find_iter(body) {
            let after = at + self.bearer.needle().len();
            let start = match body.get(after) {
                Some(b'+') => after + 1,
                _ => skip_blanks(body, after),
            };
            if start == after {
                continue;
            }
            let end = token_end(body, start);
            // An escape of a slash makes it no longer.
            let escapes = memchr::memchr_iter(b'\\', &body[start..end]).count();
            if preceded(body, at, b"bB") && end - start - escapes >= MIN_TOKEN {
                edits.push(Edit {
                    start,
                    end,
                    with: b"[key]",
                });
            }
        }
    }

    /// Finds `"Authorization": "…"`, also in JSON that is escaped inside of strings.
    fn quoted_authorization<'s>(&self, body: &[u8], edits: &mut Vec<Edit<'s>>) {
        for at in self.authorization.find_iter(body) {
            let Some((level, after)) = opening(body, at + self.authorization.needle().len()) else {
                continue;
            };
            let colon = skip_spaces(body, after);
            let open = opening(body, skip_spaces(body, colon + 1));
            let Some((_, start)) = open.filter(|(of_value, _)| *of_value == level) else {
                continue;
            };
            let end = end_of_level(body, start, level);
            if preceded(body, at, b"aA") && body.get(colon) == Some(&b':') && end > start {
                edits.push(Edit {
                    start,
                    end,
                    with: b"[key]",
                });
            }
        }
    }

    /// Finds `Authorization: …` up to the end of its line, as in a dump of headers. Used for texts only, because a body
    /// may contain these words in a user's content.
    pub(super) fn bare_authorization<'s>(&self, text: &[u8], edits: &mut Vec<Edit<'s>>) {
        let mut done = 0;
        for at in self.authorization.find_iter(text) {
            let name_end = at + self.authorization.needle().len();
            let is_mark = |byte: &&u8| b" '\"\\:=".contains(byte);
            let marks = text[name_end..].iter().take_while(is_mark).count();
            let start = name_end + marks;
            let has_sign = text[name_end..start]
                .iter()
                .any(|byte| b":=".contains(byte));
            let is_one = preceded(text, at, b"aA") && has_sign;
            // What is inside of a line goes with it, so each byte is looked at once.
            if !is_one || start < done {
                continue;
            }
            let ends = |byte: &u8| b"\r\n\"'\\,;{}".contains(byte);
            let length = end_of_parameters(&text[start..]);
            let length = length.or_else(|| text[start..].iter().position(ends));
            done = length.map_or(text.len(), |length| start + length);
            if done > start {
                edits.push(Edit {
                    start,
                    end: done,
                    with: b"[key]",
                });
            }
        }
    }

    /// Finds the signature of a link to a cached reply. The signature gives access to the reply.
    fn signatures<'s>(&self, body: &[u8], edits: &mut Vec<Edit<'s>>) {
        let mut end = 0;
        for at in self.sign.find_iter(body) {
            let start = at + self.sign.needle().len();
            // What begins inside of another one ends with it, so each byte is looked at once.
            if start >= end {
                end = token_end(body, start);
            }
            // The `6` is the end of \u0026, which some JSON encoders write for `&`.
            if end > start && preceded(body, at, b"?&6") && is_cache_url(body, at) {
                edits.push(Edit {
                    start,
                    end,
                    with: b"[signature]",
                });
            }
        }
    }

    /// Finds the value of `headers` in an error: the echoed request headers, which contain the key.
    fn echoed_headers<'s>(&self, body: &[u8], edits: &mut Vec<Edit<'s>>) {
        let detail = self
            .detail
            .find(body)
            .map(|at| at + self.detail.needle().len());
        let mut done = 0;
        for at in self.headers.find_iter(body) {
            let colon = skip_spaces(body, at + self.headers.needle().len());
            let start = skip_spaces(body, colon + 1);
            // What is inside of a value goes with it, so each byte is looked at once.
            if start >= done
                && body.get(colon) == Some(&b':')
                && matches!(body.get(start), Some(b'{' | b'['))
                && detail.is_some_and(|detail| detail <= at)
            {
                done = value_end(body, start);
                edits.push(Edit {
                    start,
                    end: done,
                    with: b"\"[removed]\"",
                });
            }
        }
    }
}

fn preceded(body: &[u8], at: usize, by: &[u8]) -> bool {
    at > 0 && by.contains(&body[at - 1])
}

fn skip_spaces(body: &[u8], at: usize) -> usize {
    let rest = body.get(at..).unwrap_or_default();
    at + rest
        .iter()
        .take_while(|byte| byte.is_ascii_whitespace())
        .count()
}

/// Returns the place after blanks, which may be percent-encoded.
fn skip_blanks(body: &[u8], mut at: usize) -> usize {
    loop {
        let rest = body.get(at..).unwrap_or_default();
        let length = match rest {
            [byte, ..] if byte.is_ascii_whitespace() => 1,
            [b'%', b'2', b'0', ..] => 3,
            [b'%', b'2', b'5', b'2', b'0', ..] => 5,
            _ => return at,
        };
        at += length;
    }
}

/// Returns the end of a token or parameter: letters, digits and the symbols of base64 and percent encoding.
pub(super) fn token_end(body: &[u8], start: usize) -> usize {
    let mut end = start;
    while let Some(byte) = body.get(end) {
        let escaped_slash = *byte == b'\\' && body.get(end + 1) == Some(&b'/');
        if escaped_slash {
            end += 2;
        } else if byte.is_ascii_alphanumeric() || b"-._~+/=%:|".contains(byte) {
            end += 1;
        } else {
            break;
        }
    }
    end
}

/// Returns in how many strings a quote is, by the backslashes before it: none and two of them are of this string, one is of
/// JSON in it, and three are of JSON in that.
fn level(backslashes: usize) -> u32 {
    (backslashes + 1).trailing_zeros()
}

/// Returns the level of the quote at a place, and the place after it.
fn opening(body: &[u8], at: usize) -> Option<(u32, usize)> {
    let rest = body.get(at..)?;
    let escapes = rest.iter().take_while(|byte| **byte == b'\\').count();
    (rest.get(escapes) == Some(&b'"')).then(|| (level(escapes), at + escapes + 1))
}

/// Returns the end of a string of a level, which may end with one that it is in.
fn end_of_level(body: &[u8], start: usize, level: u32) -> usize {
    let mut ends = memchr::memchr_iter(b'"', &body[start..]).filter_map(|at| {
        let before = body[start..start + at].iter().rev();
        let found = self::level(before.take_while(|byte| **byte == b'\\').count());
        (found <= level).then(|| start + at + 1 - (1 << found))
    });
    ends.next().unwrap_or(body.len())
}

/// Returns the position of the quote that ends a string.
pub(super) fn string_end(body: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(next) = memchr::memchr2(b'"', b'\\', body.get(at..).unwrap_or_default()) {
        at += next;
        if body[at] == b'"' {
            return at;
        }
        at += 2;
    }
    body.len()
}

/// Returns the end of an object or array by its brackets, or the end of the body if it is truncated.
fn value_end(body: &[u8], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0_usize);
    while at < body.len() {
        match body[at] {
            b'"' => at = string_end(body, at + 1),
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            break;
        }
    }
    at.min(body.len())
}

/// Returns whether the URL at a position is that of a cached reply, by its host, path or field name.
fn is_cache_url(body: &[u8], at: usize) -> bool {
    let before = &body[at.saturating_sub(MAX_URL)..at];
    let ends = |byte: &u8| byte.is_ascii_whitespace() || b"\"'<>()".contains(byte);
    let start = before.iter().rposition(ends).map_or(0, |place| place + 1);
    let (field, url) = before.split_at(start);
    let unescaped: Vec<u8> = url.iter().copied().filter(|byte| *byte != b'\\').collect();
    let has = |part: &[u8]| memchr::memmem::find(&unescaped, part).is_some();
    let name = field
        .trim_ascii_end()
        .strip_suffix(b"\"")
        .unwrap_or(field)
        .trim_ascii_end();
    let name = name.strip_suffix(b":").unwrap_or(name).trim_ascii_end();
    has(b"//cache.tikhub.") || has(b"/cache/") || name.ends_with(b"\"cache_url\"")
}
