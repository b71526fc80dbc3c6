//! Texts, subjects and cursors without people.

use super::known::People;
use super::spans::Within;
use crate::model::is_erased;

/// What stands in a text where it named somebody.
pub(super) const TAKEN_OUT: &str = "[erased]";

impl People {
    /// Returns whether a text names one of them: by id, by name where it is marked as a name, or in an encoded form.
    #[must_use]
    pub fn are_in(&self, text: &str) -> bool {
        self.may_be_in(text.as_bytes()) && !Within(self).find(text).is_empty()
    }

    /// Returns whether a key of an object has an id of them. A name there may be the name of a field.
    pub(super) fn are_in_key(&self, key: &str) -> bool {
        Within(self).is_key(key)
    }

    /// Returns a text without them; `None` if it does not name them.
    #[must_use]
    pub fn taken_out_of(&self, text: &str) -> Option<String> {
        if !self.may_be_in(text.as_bytes()) {
            return None;
        }
        let found = Within(self).find(text);
        let (mut out, mut from) = (String::with_capacity(text.len()), 0);
        for span in &found {
            out += &text[from..span.start];
            out += TAKEN_OUT;
            from = span.end;
        }
        out += &text[from..];
        (!found.is_empty()).then_some(out)
    }

    /// Returns what replaces a subject of a job, call or seed; `None` if it names nobody of them.
    #[must_use]
    pub fn subject(&self, subject: &str) -> Option<String> {
        let key = self.key()?;
        let is_theirs = !is_erased(subject)
            && (self.is_user(subject) || self.is_name(subject) || self.are_in(subject));
        is_theirs.then(|| key.subject(subject))
    }

    /// Returns what replaces a cursor; `None` if it names nobody of them.
    #[must_use]
    pub fn cursor(&self, cursor: &str) -> Option<String> {
        let key = self.key()?;
        (!is_erased(cursor) && self.are_in(cursor)).then(|| key.seal(cursor))
    }

    /// Returns the cursor to send: the original of one that was replaced.
    #[must_use]
    pub fn opened(&self, cursor: String) -> String {
        self.key()
            .and_then(|key| key.unseal(&cursor))
            .unwrap_or(cursor)
    }
}
