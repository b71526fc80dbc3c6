//! Calls that captured answers answer.

use crate::api::Entry;

/// An endpoint with its subject and cursor.
#[derive(Debug, Clone)]
pub struct Call {
    pub entry: &'static Entry,
    /// `None` if the request does not say it.
    pub subject: Option<String>,
    pub cursor: Option<String>,
}

/// What a request is about.
#[derive(Debug, Clone)]
pub enum Meaning {
    Call(Call),
    /// The request does not say; the shape of the reply may.
    Unknown,
    /// It asks for something that this archive does not have.
    Other(String),
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
