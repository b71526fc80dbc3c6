//! Secrets that their context identifies: echoed headers, bearer tokens and signatures of cached replies.

use memchr::memmem::Finder;

use super::edit::Edit;

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
            bearer: Finder::new("earer "),
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
            let start = skip_spaces(body, at + self.bearer.needle().len());
            let end = token_end(body, start);
            if preceded(body, at, b"bB") && end - start >= MIN_TOKEN {
                edits.push(Edit {
                    start,
                    end,
                    with: b"[key]",
                });
            }
        }
    }

    /// Finds `"Authorization": "…"`, also in JSON that is escaped inside a string.
    fn quoted_authorization<'s>(&self, body: &[u8], edits: &mut Vec<Edit<'s>>) {
        for at in self.authorization.find_iter(body) {
            let name_end = at + self.authorization.needle().len();
            let quote: &[u8] = match body.get(name_end..) {
                Some([b'"', ..]) => b"\"",
                Some([b'\\', b'"', ..]) => b"\\\"",
                _ => continue,
            };
            let colon = skip_spaces(body, name_end + quote.len());
            let open = skip_spaces(body, colon + 1);
            if preceded(body, at, b"aA")
                && body.get(colon) == Some(&b':')
                && body.get(open..).is_some_and(|rest| rest.starts_with(quote))
            {
                let start = open + quote.len();
                edits.push(Edit {
                    start,
                    end: string_end(body, start, quote),
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
            let length = text[start..].iter().position(ends);
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

/// Returns the position of the quote that ends a string: `"`, or `\"` in JSON that is escaped inside a string.
pub(super) fn string_end(body: &[u8], start: usize, quote: &[u8]) -> usize {
    let mut at = start;
    while let Some(next) = memchr::memchr2(quote[0], b'\\', body.get(at..).unwrap_or_default()) {
        at += next;
        if body[at..].starts_with(quote) {
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
            b'"' => at = string_end(body, at + 1, b"\""),
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
