//! How a command ends, and its exit code.

use std::process::ExitCode;

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All done.
    Done = 0,
    /// Failed.
    Failed = 1,
    /// Wrong usage or configuration.
    Usage = 2,
    /// Finished, but something was given up.
    GaveUp = 3,
    /// Stopped by a budget, missing credit or a refused key.
    Stopped = 4,
    /// The remote was away longer than `limits.outage_patience_seconds`.
    Away = 5,
    /// `verify` or `reparse --check` could not check the archive.
    Unchecked = 6,
    /// A second signal abandoned calls that may have been paid for.
    Abandoned = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
