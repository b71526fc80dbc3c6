//! Removes secrets from replies. The remote repeats the key in its errors, echoes request headers and signs public
//! links to cached replies.
//!
//! Each rule only returns ranges (`Edit`). All ranges are replaced together at the end, so no rule can hide a secret
//! from another one.

mod addresses;
mod captured;
mod commands;
mod depth;
mod edit;
mod fields;
mod forms;
mod hints;
mod names;
mod node;
mod options;
mod rules;
mod schemes;
mod secrets;
mod tags;
mod tokens;
mod units;

pub(super) use names::letters;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use super::Secret;
use edit::Edit;
use forms::Piece;

/// Minimum length of a key whose ends are removed too, because vendors often show the ends of a key.
const LONG: usize = 20;
/// Length of each end in bytes.
const END: usize = 8;
/// Minimum length of a key to remove everywhere. A shorter key occurs in ordinary text by chance, so it is removed only
/// as a whole word, and in bodies only from errors.
const SHORT: usize = 8;
/// A key whose value is a place in a list.
const CURSOR: &str = "cursor";

/// Removes the key, echoed headers and signatures before a text is logged, stored or displayed.
#[derive(Clone)]
pub struct Scrubber {
    key: Vec<Piece>,
    is_short: bool,
    rules: rules::Rules,
}

impl fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scrubber")
    }
}

impl Scrubber {
    /// Creates a scrubber. It prepares the searches once, because every paid body passes through them.
    #[must_use]
    pub fn new(key: &Secret) -> Self {
        let whole = key.expose();
        let ends = match whole.len() {
            LONG.. => vec![&whole[..END], &whole[whole.len() - END..]],
            _ => Vec::new(),
        };
        Self {
            key: forms::pieces(whole, &ends),
            is_short: whole.len() < SHORT,
            rules: rules::Rules::new(),
        }
    }

    /// Creates a scrubber without a key. It removes only secrets that their context identifies.
    #[must_use]
    pub fn without_key() -> Self {
        Self {
            key: Vec::new(),
            is_short: false,
            rules: rules::Rules::new(),
        }
    }

    /// Returns the text without its secrets.
    #[must_use]
    pub fn scrub_text(&self, text: &str) -> String {
        let bytes = text.as_bytes();
        let mut edits = self.find(bytes, true);
        self.rules.bare_authorization(bytes, &mut edits);
        match apply(bytes, edits) {
            Cow::Borrowed(_) => text.to_owned(),
            // Lossless, because the edits remove and insert only ASCII.
            Cow::Owned(clean) => String::from_utf8_lossy(&clean).into_owned(),
        }
    }

    /// Returns the body without its secrets, or the same bytes if it has none. Valid JSON stays valid.
    #[must_use]
    pub fn scrub_body<'a>(&self, body: &'a [u8]) -> Cow<'a, [u8]> {
        let with_key = !self.is_short || self.rules.is_error(body);
        apply(body, self.find(body, with_key))
    }

    /// Returns a body from a capture of another tool without its secrets: also headers, cookies and keys of the client.
    #[must_use]
    pub fn scrub_captured<'a>(&self, body: &'a [u8]) -> Cow<'a, [u8]> {
        match captured::clean_body(body) {
            None => self.scrub_body(body),
            Some(clean) => Cow::Owned(self.scrub_body(&clean).into_owned()),
        }
    }

    /// Returns a text beside such a body without its secrets: also those in addresses, commands and fields.
    #[must_use]
    pub fn scrub_captured_text(&self, text: &str) -> String {
        match captured::clean_text(text) {
            None => self.scrub_text(text),
            Some(clean) => self.scrub_text(&clean),
        }
    }

    /// Returns the path of a file without secrets in its names, as in `feed-token=abc.json`.
    #[must_use]
    pub fn scrub_captured_path(&self, path: &str) -> String {
        let is_gap = |letter: char| "/\\ ,;()".contains(letter);
        let parts = path.split_inclusive(is_gap).map(|part| {
            let name = part.trim_end_matches(is_gap);
            self.scrub_captured_text(name) + &part[name.len()..]
        });
        self.scrub_captured_text(&parts.collect::<String>())
    }

    /// Returns the place in a list that such a body is of, without secrets. It is what a body has that names the same place, so
    /// that a request for a page finds its reply.
    #[must_use]
    pub fn scrub_captured_cursor(&self, cursor: &str) -> String {
        let body = serde_json::json!({ CURSOR: cursor }).to_string();
        let clean = self.scrub_captured(body.as_bytes());
        let clean = serde_json::from_slice::<HashMap<String, String>>(&clean);
        let cursor = clean.ok().and_then(|mut clean| clean.remove(CURSOR));
        cursor.unwrap_or_else(|| "[removed]".to_owned())
    }

    fn find(&self, body: &[u8], with_key: bool) -> Vec<Edit<'_>> {
        let mut edits = Vec::new();
        if with_key {
            for piece in &self.key {
                piece.find(body, self.is_short, &mut edits);
            }
        }
        self.rules.find(body, &mut edits);
        edits
    }
}

/// Replaces all ranges. The union of overlapping ranges is replaced once.
fn apply<'a>(body: &'a [u8], mut edits: Vec<Edit<'_>>) -> Cow<'a, [u8]> {
    if edits.is_empty() {
        return Cow::Borrowed(body);
    }
    // Of two ranges with the same start the longer one comes first, because its replacement is more specific.
    edits.sort_by_key(|edit| (edit.start, usize::MAX - edit.end));
    let mut clean = Vec::with_capacity(body.len());
    let mut done = 0;
    for edit in edits {
        if edit.start >= done {
            clean.extend_from_slice(&body[done..edit.start]);
            clean.extend_from_slice(edit.with);
        }
        done = done.max(edit.end);
    }
    clean.extend_from_slice(&body[done..]);
    Cow::Owned(clean)
}

#[cfg(test)]
mod tests;
