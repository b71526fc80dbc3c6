//! Whether an archive is sound: questions to one file, each with what it proves. Nothing here writes to the archive.
//!
//! A check is one `select` that gives a sentence for each breach. All of them see the same moment, because they run
//! inside one read transaction, so that a daemon may go on writing.

/// How many breaches of a check are told.
pub(super) const EXAMPLES: usize = 5;

/// What is asked of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Check {
    /// Its name, in a word or two.
    pub check: &'static str,
    /// The promise that it holds (docs/manifesto.md), or the file itself.
    pub promise: &'static str,
    /// What is so where it finds nothing.
    pub proves: &'static str,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    #[serde(flatten)]
    pub check: Check,
    pub breaches: u64,
    /// The first few, in words.
    pub examples: Vec<String>,
}

impl Finding {
    /// A check that has found nothing yet.
    #[must_use]
    pub fn new(check: Check) -> Self {
        Self {
            check,
            breaches: 0,
            examples: Vec::new(),
        }
    }

    /// Counts a breach; the first few are remembered.
    pub fn add(&mut self, what: impl Into<String>) {
        self.breaches += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(what.into());
        }
    }
}

/// A check in SQL.
pub(super) struct Question {
    pub(super) check: Check,
    /// Gives one column of text, one row for each breach.
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

pub(super) fn unreadable(error: &dyn std::fmt::Display) -> String {
    format!("cannot be read: {error}")
}
