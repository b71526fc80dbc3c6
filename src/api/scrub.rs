//! Takes secrets out of what the remote sent: it repeats the key in its errors, echoes our headers, and signs
//! public links to the replies.
//!
//! Every rule only names places (`Edit`); they are cut out together at the end, so no rule can hide a secret
//! from another.

mod forms;
mod rules;

use std::borrow::Cow;
use std::fmt;

use super::Secret;
use forms::Piece;

/// Keys of this length and more are also recognised by their ends, which vendors like to show.
const LONG: usize = 20;
/// How much of each end.
const END: usize = 8;
/// A shorter key is no secret, and would be found in every other text: in bodies it is looked for in
/// errors only, and everywhere only as a whole word.
const SHORT: usize = 8;

/// A place to be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Edit<'s> {
    start: usize,
    end: usize,
    with: &'s [u8],
}

/// Removes the key, echoed headers and signatures before anything is logged, stored or shown.
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
    /// Prepares the searches once: every paid body goes through them.
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

    /// Removes what is recognised by its surroundings only: for where no key is at hand.
    #[must_use]
    pub fn without_key() -> Self {
        Self {
            key: Vec::new(),
            is_short: false,
            rules: rules::Rules::new(),
        }
    }

    /// A text without its secrets.
    #[must_use]
    pub fn scrub_text(&self, text: &str) -> String {
        let bytes = text.as_bytes();
        let mut edits = self.find(bytes, true);
        self.rules.bare_authorization(bytes, &mut edits);
        match apply(bytes, edits) {
            Cow::Borrowed(_) => text.to_owned(),
            // Only ASCII is cut and put in, so this loses nothing.
            Cow::Owned(clean) => String::from_utf8_lossy(&clean).into_owned(),
        }
    }

    /// A body without its secrets; the same bytes where it had none. Valid JSON stays valid.
    #[must_use]
    pub fn scrub_body<'a>(&self, body: &'a [u8]) -> Cow<'a, [u8]> {
        let with_key = !self.is_short || self.rules.is_error(body);
        apply(body, self.find(body, with_key))
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

/// Cuts out all places at once; where some overlap, their union.
fn apply<'a>(body: &'a [u8], mut edits: Vec<Edit<'_>>) -> Cow<'a, [u8]> {
    if edits.is_empty() {
        return Cow::Borrowed(body);
    }
    // Of two that begin together the longer one comes first: its replacement says more.
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
