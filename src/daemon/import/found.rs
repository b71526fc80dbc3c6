//! What an import finds in a file.

use crate::replies::import::Kind;
use crate::store::ImportedReply;

/// Why something was not imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It is cut, missing, damaged, or nobody can tell what it is.
    Bad,
    /// It is about a person who was erased from the archive.
    Erased,
}

/// A place that was not imported.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct NotImported {
    pub place: String,
    pub why: Why,
    pub reason: String,
}

/// What the thread finds.
pub(super) enum Read {
    /// What the file is. It comes first.
    Kind(Kind),
    /// A reply, and its body as it is stored.
    Reply(Box<ImportedReply>, Vec<u8>),
    Not(NotImported),
    /// Something that is no reply of the remote.
    Other(String),
}

impl Read {
    pub(super) fn bad(place: &str, reason: impl Into<String>) -> Self {
        Self::Not(NotImported {
            place: place.to_owned(),
            why: Why::Bad,
            reason: reason.into(),
        })
    }
}
