//! Secrets that a capture of another tool has around a reply: headers, cookies, settings of the client, keys in parameters.
//!
//! Other bytes stay the same. A value with a secret is replaced as a whole, so valid JSON stays valid.

use std::borrow::Cow;
use std::ops::Range;

use super::hints::may_have_secrets;
use super::secrets::{is_header, is_message, is_secret, letters, parameters};

/// Values deeper than this are passed over: no reply is read as deep.
const DEEPEST: u32 = 256;
/// What stands where something was removed.
const REMOVED: &[u8] = b"\"[removed]\"";
type Edit = (Range<usize>, Vec<u8>);

/// Returns a body without them; `None` if it has none.
pub(super) fn clean_body(body: &[u8]) -> Option<Vec<u8>> {
    may_have_secrets(body).then(|| walked(body)).flatten()
}

/// Goes through a body. Returns it without secrets; `None` if it has none.
pub(super) fn walked(body: &[u8]) -> Option<Vec<u8>> {
    let mut walk = Walk {
        body,
        edits: Vec::new(),
    };
    let mut at = 0;
    while at < body.len() {
        at = walk.value(at, 0).end.max(at + 1);
    }
    apply(body, walk.edits)
}

/// Returns a text without the secret parameters of its addresses; `None` if it has none.
pub(super) fn clean_text(text: &[u8]) -> Option<Vec<u8>> {
    let edits = parameters(text).map(|range| (range, b"[removed]".to_vec()));
    apply(text, edits.collect())
}

fn apply(body: &[u8], mut edits: Vec<Edit>) -> Option<Vec<u8>> {
    if edits.is_empty() {
        return None;
    }
    edits.sort_by_key(|(range, _)| (range.start, usize::MAX - range.end));
    let (mut clean, mut done) = (Vec::with_capacity(body.len()), 0);
    for (range, with) in edits {
        // One that is inside of another one goes with it.
        if range.start >= done {
            clean.extend_from_slice(&body[done..range.start]);
            clean.extend_from_slice(&with);
            done = range.end;
        }
    }
    clean.extend_from_slice(&body[done..]);
    Some(clean)
}

/// What stands at a place of a body.
struct Node<'b> {
    start: usize,
    end: usize,
    kind: Kind<'b>,
}

enum Kind<'b> {
    Text(Cow<'b, str>),
    /// A list, with its name and the range of its value if it is a pair of these.
    List(Option<(Cow<'b, str>, Range<usize>)>),
    /// An object; of a client, if it says where a request went to.
    Object {
        is_of_client: bool,
    },
    Number,
    /// A truth value or nothing.
    Word,
}

struct Walk<'b> {
    body: &'b [u8],
    edits: Vec<Edit>,
}

impl<'b> Walk<'b> {
    fn value(&mut self, at: usize, depth: u32) -> Node<'b> {
        let start = self.past_blanks(at);
        let (end, kind) = match self.body.get(start) {
            Some(b'"') => self.text(start, depth),
            Some(b'{') if depth < DEEPEST => self.object(start, depth),
            Some(b'[') if depth < DEEPEST => self.list(start, depth),
            Some(_) => {
                let rest = &self.body[start..];
                let ends = |byte: &u8| b",]}:\"".contains(byte) || byte.is_ascii_whitespace();
                let length = rest.iter().position(ends).unwrap_or(rest.len());
                let kind = match rest[0].is_ascii_alphabetic() {
                    true => Kind::Word,
                    false => Kind::Number,
                };
                (start + length, kind)
            }
            None => (start, Kind::Word),
        };
        Node { start, end, kind }
    }

    fn past_blanks(&self, at: usize) -> usize {
        let rest = self.body.get(at..).unwrap_or_default();
        at + rest
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace() || **byte == b',')
            .count()
    }

    fn text(&mut self, start: usize, depth: u32) -> (usize, Kind<'b>) {
        let end = super::rules::string_end(self.body, start + 1, b"\"") + 1;
        let end = end.min(self.body.len());
        let raw = &self.body[start..end];
        let text = unquoted(raw);
        let is_json = depth < DEEPEST && text.trim_start().starts_with(['{', '[']);
        if !is_json && is_message(&text) {
            self.edits.push((start..end, REMOVED.to_vec()));
            return (end, Kind::Text(text));
        }
        // An escape may hide the beginning or the end of a secret, so the whole text is replaced.
        let clean = match is_json {
            true => walked(text.as_bytes()),
            false => clean_text(text.as_bytes()),
        };
        if let Some(clean) = clean {
            let clean = String::from_utf8_lossy(&clean).into_owned();
            let json = serde_json::Value::String(clean).to_string();
            self.edits.push((start..end, json.into_bytes()));
        }
        (end, Kind::Text(text))
    }

    fn object(&mut self, start: usize, depth: u32) -> (usize, Kind<'b>) {
        let (mut at, mut name, mut values) = (start + 1, None, Vec::new());
        let mut is_of_client = false;
        loop {
            at = self.past_blanks(at);
            match self.body.get(at) {
                None => break,
                Some(b'}') => {
                    at += 1;
                    break;
                }
                Some(b'"') => {}
                Some(_) => {
                    at += 1;
                    continue;
                }
            }
            let before = self.edits.len();
            let (end, Kind::Text(key)) = self.text(at, DEEPEST) else {
                break;
            };
            self.edits.truncate(before);
            let colon = self.past_blanks(end);
            if self.body.get(colon) != Some(&b':') {
                at = end;
                continue;
            }
            let value = self.value(colon + 1, depth + 1);
            let range = value.start..value.end;
            if is_removed(&key, &value.kind) {
                self.remove(range.clone());
            }
            let key = key.to_ascii_lowercase();
            is_of_client |= key.ends_with("headers")
                || matches!(
                    &*key,
                    "url" | "uri" | "baseurl" | "href" | "host" | "method"
                );
            match &*key {
                "name" | "key" | "header" => {
                    if let Kind::Text(text) = &value.kind {
                        name = Some(text.clone());
                    }
                }
                "value" | "values" => values.push(range),
                _ => {}
            }
            at = value.end.max(colon + 1);
        }
        if name.is_some_and(|name| is_secret(&name)) {
            for range in values {
                self.remove(range);
            }
        }
        (at, Kind::Object { is_of_client })
    }

    fn list(&mut self, start: usize, depth: u32) -> (usize, Kind<'b>) {
        let (mut at, mut items) = (start + 1, Vec::new());
        loop {
            at = self.past_blanks(at);
            match self.body.get(at) {
                None => break,
                Some(b']') => {
                    at += 1;
                    break;
                }
                Some(b'}' | b':') => at += 1,
                Some(_) => {
                    let item = self.value(at, depth + 1);
                    at = item.end.max(at + 1);
                    items.push(item);
                }
            }
        }
        let pairs: Option<Vec<_>> = items
            .iter()
            .map(|item| match &item.kind {
                Kind::List(pair) => pair.as_ref(),
                _ => None,
            })
            .collect();
        for (name, value) in pairs.into_iter().flatten() {
            if is_secret(name) {
                self.remove(value.clone());
            }
        }
        // Names and values in turn, as Node has raw headers. A list of words may have some of these words too.
        let is_header = |item: &Node<'_>| matches!(&item.kind, Kind::Text(name) if is_header(name));
        if items.iter().any(is_header) {
            for two in items.windows(2) {
                if matches!(&two[0].kind, Kind::Text(name) if is_secret(name)) {
                    self.remove(two[1].start..two[1].end);
                }
            }
        }
        let pair = match &items[..] {
            [
                Node {
                    kind: Kind::Text(name),
                    ..
                },
                value,
            ] => Some((name.clone(), value.start..value.end)),
            _ => None,
        };
        (at, Kind::List(pair))
    }

    fn remove(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.edits.push((range, REMOVED.to_vec()));
        }
    }
}

/// Returns what a string says.
fn unquoted(raw: &[u8]) -> Cow<'_, str> {
    let plain = std::str::from_utf8(raw)
        .ok()
        .filter(|it| !it.contains('\\'));
    let text = plain.map(|raw| Cow::Borrowed(raw.trim_matches('"')));
    text.or_else(|| serde_json::from_slice::<String>(raw).ok().map(Cow::Owned))
        .unwrap_or_else(|| Cow::Owned(String::from_utf8_lossy(raw).trim_matches('"').to_owned()))
}

/// Returns whether the value of a key is removed.
fn is_removed(key: &str, value: &Kind<'_>) -> bool {
    let name = letters(key);
    match value {
        Kind::Word => false,
        Kind::Text(text) if text.is_empty() => false,
        // A number of tokens, perhaps.
        Kind::Number => is_secret(key) && !name.ends_with("token"),
        // A hit of a search has the mention of a user as its token.
        Kind::Text(text) if name == "token" => !text.starts_with("<@"),
        Kind::Object { is_of_client: true }
            if matches!(name.as_str(), "config" | "request" | "requestconfig") =>
        {
            true
        }
        _ => is_secret(key) || name.ends_with("headers"),
    }
}
