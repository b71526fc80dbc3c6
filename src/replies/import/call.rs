//! Calls that captured answers answer.

use crate::api::Entry;

/// An endpoint with its subject and cursor.
#[derive(Debug, Clone)]
pub struct Call {
    pub entry: &'static Entry,
    /// `None` if the request does not say it.
    pub subject: Option<String>,
    /// `None` if the request does not say it, and empty if it says that there was none.
    pub cursor: Option<String>,
}

impl Call {
    /// Returns what both say together. `place` says the other one.
    ///
    /// # Errors
    /// Returns an error if they contradict each other.
    pub(super) fn with(self, other: Self, place: &str) -> Result<Self, String> {
        let unclear = |what: &str| {
            Err(format!(
                "its request is unclear: {place} states another {what}. Keep the right one"
            ))
        };
        let differ = |one: &Option<String>, other: &Option<String>| matches!((one, other), (Some(one), Some(other)) if one.trim() != other.trim());
        if self.entry.name != other.entry.name {
            return unclear("endpoint");
        }
        if differ(&self.subject, &other.subject) {
            return unclear("subject");
        }
        if differ(&self.cursor, &other.cursor) {
            return unclear("cursor");
        }
        Ok(Self {
            entry: self.entry,
            subject: self.subject.or(other.subject),
            cursor: self.cursor.or(other.cursor),
        })
    }
}

/// What a request is about.
#[derive(Debug, Clone)]
pub enum Meaning {
    Call(Call),
    /// The request does not say; the shape of the reply may.
    Unknown,
    /// It asks for something that this archive does not have.
    Other(String),
    /// Its parts contradict each other, or cannot be read.
    Unclear(String),
}

/// A call, and the reply to it.
#[derive(Debug, Clone)]
pub struct Recognised {
    pub entry: &'static Entry,
    pub subject: String,
    pub cursor: Option<String>,
    /// Which part of the entry it is; empty for all of it.
    pub part: String,
    pub body: Vec<u8>,
}
