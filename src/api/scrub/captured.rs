//! Secrets that a capture of another tool has around a reply: headers, cookies, settings of the client, keys in parameters.
//!
//! Other bytes stay the same. A value with a secret is replaced as a whole, so valid JSON stays valid.

use std::ops::Range;

use super::depth::Depth;
use super::edit::Cut;
use super::hints::{begins_mention, may_have_secrets};
use super::names::{is_header, is_place, is_secret, letters};
use super::node::{Kind, Node, Unquoted, is_removed, unquoted};
use super::secrets::{is_message, places, texts};

/// What stands where something was removed.
const REMOVED: &[u8] = b"\"[removed]\"";

/// Returns a body without them; `None` if it has none.
pub(super) fn clean_body(body: &[u8]) -> Option<Vec<u8>> {
    may_have_secrets(body).then(|| walked(body)).flatten()
}

/// Goes through a body. Returns it without secrets; `None` if it has none.
pub(super) fn walked(body: &[u8]) -> Option<Vec<u8>> {
    walked_at(body, Depth::default())
}

fn walked_at(body: &[u8], depth: Depth) -> Option<Vec<u8>> {
    let mut walk = Walk {
        body,
        edits: Vec::new(),
    };
    let mut at = 0;
    while at < body.len() {
        at = walk.value(at, depth).end.max(at + 1);
    }
    apply(body, walk.edits)
}

/// Returns a text without its secrets; `None` if it has none.
pub(super) fn clean_text(text: &str) -> Option<String> {
    clean_inside(text, Depth::default().in_text())
}

/// Returns a text without its secrets. `inside`: how deep its values are if it is JSON.
fn clean_inside(text: &str, inside: Option<Depth>) -> Option<String> {
    let inside = inside.filter(|_| may_be_json(text));
    let clean = inside.and_then(|depth| walked_at(text.as_bytes(), depth));
    let clean = clean.map(lossless);
    if inside.is_some() && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
        return clean;
    }
    // What begins as JSON may have other words after it, or escapes before its quotes.
    let rest = clean.as_deref().unwrap_or(text);
    let again = apply(rest.as_bytes(), texts(rest)).map(lossless);
    again.or(clean)
}

/// Lossless, because whole characters of ASCII are replaced, and what is between such.
fn lossless(clean: Vec<u8>) -> String {
    String::from_utf8_lossy(&clean).into_owned()
}

fn may_be_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

fn apply(body: &[u8], mut edits: Vec<Cut>) -> Option<Vec<u8>> {
    if edits.is_empty() {
        return None;
    }
    edits.sort_by_key(|(range, _)| (range.start, usize::MAX - range.end));
    let (mut clean, mut done) = (Vec::with_capacity(body.len()), 0);
    for (range, with) in edits {
        // What another one has of it goes with that.
        if range.start >= done {
            clean.extend_from_slice(&body[done..range.start]);
            clean.extend_from_slice(&with);
        }
        done = done.max(range.end);
    }
    clean.extend_from_slice(&body[done..]);
    (clean != body).then_some(clean)
}

struct Walk<'b> {
    body: &'b [u8],
    edits: Vec<Cut>,
}

impl<'b> Walk<'b> {
    fn value(&mut self, at: usize, depth: Depth) -> Node<'b> {
        self.value_of(at, depth, false)
    }

    fn value_of(&mut self, at: usize, depth: Depth, is_place: bool) -> Node<'b> {
        let start = self.past_blanks(at);
        let (end, kind) = match self.body.get(start) {
            Some(b'"') => self.text(start, depth, is_place),
            Some(b'{') if depth.is_open() => self.object(start, depth),
            Some(b'[') if depth.is_open() => self.list(start, depth),
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

    fn text(&mut self, start: usize, depth: Depth, is_place: bool) -> (usize, Kind<'b>) {
        let (end, said) = self.string(start);
        let is_json = depth.is_open() && may_be_json(&said.text);
        if is_place {
            let clean = apply(said.text.as_bytes(), places(&said.text)).map(lossless);
            self.replace(start..end, clean);
        } else if !is_json && is_message(&said.text) {
            self.remove(start..end);
        } else {
            self.clean(start..end, &said, depth);
        }
        (end, Kind::Text(said.text))
    }

    fn string(&self, start: usize) -> (usize, Unquoted<'b>) {
        let end = super::rules::string_end(self.body, start + 1) + 1;
        let end = end.min(self.body.len());
        (end, unquoted(&self.body[start..end]))
    }

    fn clean(&mut self, range: Range<usize>, said: &Unquoted<'_>, depth: Depth) {
        // With its escapes, a text has no string that ends: a walk would begin again at each quote.
        let inside = depth.in_text().filter(|_| said.is_decoded);
        self.replace(range, clean_inside(&said.text, inside));
    }

    /// Replaces a whole text with a secret: an escape may hide the beginning or the end of that.
    fn replace(&mut self, range: Range<usize>, clean: Option<String>) {
        let json = clean.map(|clean| serde_json::Value::String(clean).to_string().into_bytes());
        self.edits.extend(json.map(|json| (range, json)));
    }

    fn object(&mut self, start: usize, depth: Depth) -> (usize, Kind<'b>) {
        let (mut at, mut name, mut values) = (start + 1, None, Vec::new());
        let (mut is_of_client, mut is_cookie) = (false, false);
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
            let (end, key) = self.string(at);
            self.clean(at..end, &key, depth);
            let key = key.text;
            let colon = self.past_blanks(end);
            if self.body.get(colon) != Some(&b':') {
                at = end;
                continue;
            }
            let value = self.value_of(colon + 1, depth.in_brackets(), is_place(&key));
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
                "httponly" | "hostonly" | "samesite" => is_cookie = true,
                _ => {}
            }
            at = value.end.max(colon + 1);
        }
        for range in values {
            if is_cookie
                || name
                    .as_ref()
                    .is_some_and(|name| self.is_named(name, &range))
            {
                self.remove(range);
            }
        }
        (at, Kind::Object { is_of_client })
    }

    fn list(&mut self, start: usize, depth: Depth) -> (usize, Kind<'b>) {
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
                    let item = self.value(at, depth.in_brackets());
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
            if self.is_named(name, value) {
                self.remove(value.clone());
            }
        }
        // Names and values in turn, as Node has raw headers. A list of words may have some of these words too.
        let is_header = |item: &Node<'_>| matches!(&item.kind, Kind::Text(name) if is_header(name));
        if items.iter().any(is_header) {
            for two in items.windows(2) {
                let value = two[1].start..two[1].end;
                if matches!(&two[0].kind, Kind::Text(name) if self.is_named(name, &value)) {
                    self.remove(value);
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

    /// Returns whether a name beside a value says that it is a secret. A hit of a search has the mention of a user as its token.
    fn is_named(&self, name: &str, value: &Range<usize>) -> bool {
        let is_mention = || begins_mention(&self.body[value.clone()]) && letters(name) == "token";
        is_secret(name) && !is_mention()
    }

    fn remove(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.edits.push((range, REMOVED.to_vec()));
        }
    }
}
