//! Errors of the archive, grouped by who must act.

use std::path::Path;

use sqlx::migrate::MigrateError;

use crate::model::MicroUsd;

/// An error of the store. Each message is complete. The driver's errors already contain their causes, so they are not
/// passed on as a source, which would print them twice.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another worker holds the job now. Nothing fetched under the old lease is written.
    #[error("the lease is lost: another worker has the job")]
    LeaseLost,
    /// The call's price does not fit a budget. Nothing was sent.
    #[error("{0}")]
    BudgetSpent(Spent),
    /// The disk is full, the file is read-only or another process keeps it locked: waiting may help.
    #[error("the archive cannot be written: {0}")]
    Unwritable(String),
    #[error("the archive failed: {0}")]
    Database(String),
    /// SQLite finds damage, or cannot read the file. Nothing more may be bought.
    #[error(
        "the archive is damaged: {0}. Stop all programs that use it, copy it, and run `soracrawl verify`"
    )]
    Damaged(String),
    /// The path does not lead to the opened file any more.
    #[error(
        "the archive {path} is not the file that this process opened: {why}. Nothing more is bought. What this process \
         kept is in the file that it opened"
    )]
    Gone { path: String, why: String },
    #[error("{path} is not the name of a file. Name a file with --archive or archive.path")]
    NotAFile { path: String },
    #[error(
        "{path} has more than one hard link. SQLite keeps a log for each name, and would lose what another name wrote. \
         Make a copy with `soracrawl backup`, or remove the other links"
    )]
    Linked { path: String },
    /// Reading never creates an archive.
    #[error(
        "the archive {path} does not exist. Create it with `soracrawl seed` or `soracrawl run`"
    )]
    Missing { path: String },
    #[error("{path} was written by another version of soracrawl")]
    OtherVersion { path: String },
    #[error(
        "{path} was written by an older version of soracrawl. `soracrawl run` brings it up to date, without a call for that"
    )]
    Older { path: String },
    #[error(
        "{path} was written by a newer version of soracrawl. Install that version, or name another file"
    )]
    TooNew { path: String },
    #[error(
        "{path} was written by soracrawl before 2026-12, and this version cannot read it. Use the version that wrote it"
    )]
    TooOld { path: String },
    #[error(
        "{path} is a database of another program. Name another file with --archive or archive.path"
    )]
    Foreign { path: String },
    /// Nothing can be copied to this place.
    #[error("{path}: {why}")]
    CopyPlace { path: String, why: String },
    #[error("the copy {path} cannot be written: {why}. Nothing was left behind")]
    Uncopied { path: String, why: String },
    #[error(
        "the copy {path} is not equal to the archive: {why}. Nothing was left behind. Check the archive with `soracrawl verify`"
    )]
    Unequal { path: String, why: String },
    #[error(
        "{path} was written by an older version of soracrawl, and cannot be copied before its schema changes: {why}. It was not \
         changed. Free some space, or repeat with --no-copy"
    )]
    NotCopied { path: String, why: String },
    /// Another process wrote while a new file was made of the archive.
    #[error("another process wrote to {path} meanwhile. It was not changed. Repeat the command")]
    Changed { path: String },
    /// A new file cannot be made of the archive.
    #[error("the new file of {path} cannot be made: {why}. The archive was not changed")]
    NotRebuilt { path: String, why: String },
    #[error("{path} cannot be opened: {why}")]
    Unopened { path: String, why: String },
    #[error("{path}: {why}")]
    Io { path: String, why: std::io::Error },
    #[error("the archive's writer has stopped")]
    Closed,
}

/// Which budget refused a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    pub scope: Scope,
    pub limit: MicroUsd,
    pub charged: MicroUsd,
    pub price: MicroUsd,
}

impl std::fmt::Display for Spent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "the {} budget is spent: {} of {} charged, and the next call costs {}",
            self.scope.as_str(),
            self.charged,
            self.limit,
            self.price
        )
    }
}

/// What a budget covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    Run,
    Day,
    Total,
    Seed,
    /// The refreshes of a day.
    Refresh,
}

impl Scope {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Day => "day",
            Self::Total => "total",
            Self::Seed => "seed",
            Self::Refresh => "refresh",
        }
    }
}

impl Error {
    /// Converts the driver's error from opening a file.
    pub(super) fn opening(path: &Path, error: &sqlx::Error) -> Self {
        Self::Unopened {
            path: path.display().to_string(),
            why: said(error),
        }
    }

    /// Converts the driver's error from a migration.
    pub(super) fn migrating(path: &Path, error: &MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(_)
            | MigrateError::VersionMismatch(_)
            | MigrateError::VersionNotPresent(_)
            | MigrateError::VersionTooOld(..)
            | MigrateError::VersionTooNew(..) => Self::OtherVersion {
                path: path.display().to_string(),
            },
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                Self::opening(path, error)
            }
            other => Self::Unopened {
                path: path.display().to_string(),
                why: other.to_string(),
            },
        }
    }

    /// Returns the error of a copy that cannot be written.
    pub(super) fn uncopied(copy: &Path, why: String) -> Self {
        Self::Uncopied {
            path: copy.display().to_string(),
            why,
        }
    }

    /// Names the place of a copy instead of the unfinished file beside it.
    pub(super) fn about_copy(self, place: &Path) -> Self {
        let path = place.display().to_string();
        match self {
            Self::Uncopied { why, .. } => Self::Uncopied { path, why },
            Self::Unequal { why, .. } => Self::Unequal { path, why },
            other => other,
        }
    }

    /// A copy of the error for another caller that waits for it.
    pub(super) fn again(&self) -> Self {
        match self {
            Self::Database(why) => Self::Database(why.clone()),
            Self::Damaged(why) => Self::Damaged(why.clone()),
            other => Self::Database(other.to_string()),
        }
    }
}

/// SQLite's own message if it has one, without the driver's additions.
fn said(error: &sqlx::Error) -> String {
    match error.as_database_error() {
        Some(database) => database.to_string(),
        None => error.to_string(),
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        // SQLite's primary result codes: 5 busy, 6 locked, 8 read-only, 10 i/o error, 11 corrupt, 13 full, 14 cannot open,
        // 26 not a database. Of the i/o errors, those of reading do not pass: 266 read, 522 short read, 8202 checksum.
        let code = error
            .as_database_error()
            .and_then(|database| database.code())
            .and_then(|code| code.parse::<i32>().ok());
        if matches!(code, Some(266 | 522 | 8202)) {
            return Self::Damaged(said(&error));
        }
        match code.map(|code| code & 0xff) {
            Some(11 | 26) => Self::Damaged(said(&error)),
            Some(5 | 6 | 8 | 10 | 13 | 14) => Self::Unwritable(said(&error)),
            _ => Self::Database(said(&error)),
        }
    }
}
