//! What is known of one path of an endpoint's replies.

use std::collections::BTreeMap;

use crate::api::JsonType;

/// A path over all replies of its endpoint, which are numbered from 0 in the order in which they were kept.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PathHistory {
    /// Replies that have it.
    pub times: u64,
    /// The first and the last reply that has it.
    pub first: u64,
    pub last: u64,
    /// Their calls.
    pub first_call: i64,
    pub last_call: i64,
    /// When these were kept, in Unix seconds.
    pub first_at: f64,
    pub last_at: f64,
    /// Each type, with the first reply that has it.
    pub types: BTreeMap<JsonType, u64>,
    /// A reader asks for it.
    pub is_read: bool,
    /// A value, without what it says about a person.
    pub example: String,
}

impl PathHistory {
    /// Adds what later replies show. They are numbered from `offset`.
    pub(super) fn extend(&mut self, later: Self, offset: u64) {
        self.times += later.times;
        self.last = later.last + offset;
        self.last_call = later.last_call;
        self.last_at = later.last_at;
        self.is_read |= later.is_read;
        for (kind, first) in later.types {
            self.types.entry(kind).or_insert(first + offset);
        }
        if self.example == "null" {
            self.example = later.example;
        }
    }

    /// The same with other numbers: `offset` replies come before.
    pub(super) fn after(mut self, offset: u64) -> Self {
        self.first += offset;
        self.last += offset;
        self.types.values_mut().for_each(|first| *first += offset);
        self
    }
}
