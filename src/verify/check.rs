//! Checks and findings. A check never writes to the archive.
//!
//! A check in SQL is one `select` that returns a sentence for each breach. All checks run in one read transaction, so
//! they see the same moment while a daemon continues to write.

use crate::store::Error;

/// Maximum number of breaches that a finding describes, and of odd items that are named.
pub(super) const EXAMPLES: usize = 5;

/// A property of an archive that `verify` checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Check {
    /// Name of the check, in one or two words.
    pub check: &'static str,
    /// Promise that it verifies (docs/manifesto.md), or `file` for the file itself.
    pub promise: &'static str,
    /// Statement that is true if the check finds no breach.
    pub proves: &'static str,
}

/// Result of a check.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    #[serde(flatten)]
    pub check: Check,
    pub breaches: u64,
    /// Descriptions of the first breaches.
    pub examples: Vec<String>,
    /// Why the check could not run; `None` if it ran.
    pub unchecked: Option<String>,
}

impl Finding {
    /// Returns a finding without breaches.
    #[must_use]
    pub fn new(check: Check) -> Self {
        Self {
            check,
            breaches: 0,
            examples: Vec::new(),
            unchecked: None,
        }
    }

    /// Records an error of reading. A damaged file is a breach. A file that this process may not read is not: the check
    /// could not run.
    pub(super) fn fail(&mut self, place: &str, error: impl Into<Error>) {
        let error = error.into();
        let said = format!("{place}cannot be read: {error}");
        match error {
            Error::Unwritable(_) | Error::Io { .. } | Error::Unopened { .. } => {
                self.unchecked = Some(said);
            }
            _ => self.add(said),
        }
    }

    /// Counts a breach, and stores the description of the first ones.
    pub fn add(&mut self, what: impl Into<String>) {
        self.breaches += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(what.into());
        }
    }
}

/// Items and fields of replies that could not be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct OddItems {
    pub count: u64,
    /// Call, place and reason of the first ones.
    pub examples: Vec<String>,
}

impl OddItems {
    pub(super) fn add(&mut self, what: impl FnOnce() -> String) {
        self.count += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(what());
        }
    }
}

/// A check in SQL.
pub(super) struct Question {
    pub(super) check: Check,
    /// A `select` that returns one text column and one row per breach.
    pub(super) sql: &'static str,
}

pub(super) const fn question(
    check: &'static str,
    promise: &'static str,
    proves: &'static str,
    sql: &'static str,
) -> Question {
    Question {
        check: Check {
            check,
            promise,
            proves,
        },
        sql,
    }
}
