//! What a tool wrote beside a reply that says more about its list than the reply does: an error, or that a page follows.

use super::fields::Fields;
use crate::api::{is_telling, tells_failure, tells_more};

/// The longest key that is quoted, in characters.
const QUOTED: usize = 40;
/// From so many bytes on, a list or an object is no error and no cursor. A HAR entry keeps no more of one.
const LARGE: usize = 64 << 10;

/// What stands beside a reply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beside {
    /// Why an empty list is none.
    pub failure: Option<String>,
    /// Why the reply is not the end of its list.
    pub more: Option<String>,
}

impl Beside {
    /// Adds the keys around a reply. `body` is the value that has it.
    pub(super) fn add(&mut self, fields: &Fields<'_>, body: &str) {
        let others = fields.0.iter().map(|(key, raw)| (key, raw.get()));
        let others = others.filter(|(_, json)| !std::ptr::eq(json.as_ptr(), body.as_ptr()));
        others.for_each(|(key, json)| self.note(key, json));
    }

    /// Adds a key with its value in JSON.
    pub(super) fn note(&mut self, key: &str, json: &str) {
        let is_large = json.len() >= LARGE && json.trim_start().starts_with(['{', '[']);
        if is_large || !is_telling(key) {
            return;
        }
        let key: String = key.chars().take(QUOTED).collect();
        if self.failure.is_none() && tells_failure(&key, json) {
            self.fail(format!("`{key}` beside it does not state success"));
        }
        if self.more.is_none() && tells_more(&key, json) {
            self.go_on(&key);
        }
    }

    /// Notes why an empty list is none.
    pub(super) fn fail(&mut self, why: String) {
        self.failure.get_or_insert(why);
    }

    /// Notes a key that says that a page follows.
    pub(super) fn go_on(&mut self, key: &str) {
        let why = format!("`{key}` beside the reply says that a page follows");
        self.more.get_or_insert(why);
    }
}
