//! Replies from files: captures of the remote by other tools, and archives.
//!
//! `file` opens a file and tells its kind, `documents`, `json`, `har` and `warc` find the entries in it, and `recognise` decides
//! which call an entry answers. Nothing here writes.

mod asked;
mod begun;
mod beside;
mod call;
mod digest;
mod documents;
mod extent;
mod fields;
mod file;
mod folder;
mod har;
mod held;
mod http;
mod items;
mod json;
mod parameter;
mod places;
mod positional;
mod received;
mod recognise;
mod recorded;
mod request;
mod scan;
mod shape;
mod stated;
mod times;
mod unpack;
mod upstream;
mod utf16;
mod value;
mod warc;

pub use asked::Asked;
pub use beside::Beside;
pub use call::Recognised;
pub use file::{Kind, Opened, open};
pub use folder::{Listed, files};
pub use received::When;
pub use recognise::{Answered, Given, Unrecognised, recognise};
pub use value::checked;

use std::ops::ControlFlow;

use self::begun::UpTo;

/// The largest body and line that is read.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Of a body after decompression, in bytes.
    pub body_bytes: usize,
}

impl Limits {
    /// Bytes that an entry may have around its body: escapes of a JSON string, and its own keys.
    const AROUND: usize = 1 << 20;

    /// Returns how long a line with one entry may be.
    fn line_bytes(self) -> usize {
        // JSON as a string of JSON is at most three times as long: `\"` for each quote, `\u00e9` for two bytes of UTF-8.
        self.body_bytes
            .saturating_mul(3)
            .saturating_add(Self::AROUND)
    }
}

/// An answer that somebody else received and stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Captured {
    /// What the request was, as far as the file says.
    pub asked: Asked,
    /// HTTP status; `None` if the file does not say.
    pub status: Option<u16>,
    /// When it was received, as far as the file says.
    pub when: When,
    pub request_id: Option<String>,
    pub body: Vec<u8>,
    /// Something had been taken out of it before.
    pub is_redacted: bool,
    /// What stands beside it.
    pub beside: Beside,
}

/// What a place in a file holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    Answer(Captured),
    /// It should be an answer, but it is cut, missing, too large or unreadable.
    Bad(String),
    /// It is something else.
    Foreign(String),
}

/// One entry of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Where it is: `line 3`, `entry 5`, `record at byte 0`.
    pub place: String,
    pub found: Found,
}

/// What takes the entries. It may end the reading.
pub type Each<'e> = dyn FnMut(Entry) -> ControlFlow<()> + 'e;

/// Reads all entries of a file. Gives a bad place as an entry, and goes on after it if it can.
///
/// # Errors
/// Returns an error if the file cannot be read at all.
pub fn read(opened: Opened, limits: Limits, each: &mut Each<'_>) -> std::io::Result<()> {
    let Opened {
        kind,
        reader,
        is_utf16,
        ..
    } = opened;
    let each = &mut |entry: Entry| match is_utf16 {
        true => each(utf16::whole(entry)),
        false => each(entry),
    };
    let mut error = None;
    let whole = UpTo {
        reader,
        error: &mut error,
    };
    match kind {
        // What follows damage is read, too.
        Kind::JsonLines => {
            return documents::read(whole.reader, ("", documents::Start::Document), limits, each);
        }
        Kind::Warc => return warc::read(whole.reader, limits, each),
        Kind::Json => json::read(whole, limits, each)?,
        Kind::Har => har::read(whole, limits, each)?,
        // It is read by queries.
        Kind::Archive => {}
    }
    error.map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests;
