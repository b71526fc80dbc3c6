//! What an import did, as data.

use std::collections::BTreeMap;
use std::path::Path;

use super::found::{NotImported, Read, Why};
use crate::store::ImportedReply;

/// What came of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct FileReport {
    pub file: String,
    /// What the file is: `jsonl`, `har`, …; `None` if it could not be opened.
    pub kind: Option<&'static str>,
    /// New replies by endpoint.
    pub new: BTreeMap<&'static str, u64>,
    /// Replies that the archive had already.
    pub known: u64,
    pub not_imported: Vec<NotImported>,
    /// Entries that are something else, by what they are.
    pub other: BTreeMap<String, u64>,
}

impl FileReport {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            file: path.display().to_string(),
            ..Self::default()
        }
    }

    pub(super) fn count(&mut self, reply: &ImportedReply, known: bool) {
        match known {
            true => self.known += 1,
            false => *self.new.entry(reply.endpoint).or_default() += 1,
        }
    }

    pub(super) fn note(&mut self, read: Read) {
        match read {
            Read::Kind(kind) => self.kind = Some(kind.as_str()),
            Read::Not(not) => self.not_imported.push(not),
            Read::Other(what) => *self.other.entry(what).or_default() += 1,
            Read::Reply(..) => {}
        }
    }
}

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    pub files: Vec<FileReport>,
    /// Pages that jobs took over, so that they are not bought.
    pub taken: u64,
    /// A signal ended it. The same command goes on.
    pub is_interrupted: bool,
}

impl Report {
    /// Returns the number of new replies.
    #[must_use]
    pub fn new_replies(&self) -> u64 {
        self.files.iter().flat_map(|file| file.new.values()).sum()
    }

    /// Returns whether something was given up.
    #[must_use]
    pub fn has_bad(&self) -> bool {
        let mut all = self.files.iter().flat_map(|file| &file.not_imported);
        all.any(|not| not.why == Why::Bad)
    }
}
