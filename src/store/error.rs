//! What can go wrong with the archive, by who must act.

use crate::model::MicroUsd;

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody else holds the job by now; what was fetched under the old lease is not written.
    #[error("the lease is lost: another worker has the job")]
    LeaseLost,
    /// A budget has no room for the call's price. Nothing was sent.
    #[error("{0}")]
    BudgetSpent(Spent),
    /// The disk is full, the file is read-only or somebody keeps it locked: waiting may help.
    #[error("the archive cannot be written just now: {0}")]
    Unwritable(#[source] sqlx::Error),
    #[error("the archive: {0}")]
    Database(#[source] sqlx::Error),
    #[error("the archive's migrations: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    #[error("{path}: {source}")]
    Io {
        path: String,
        #[source]
        source: std::io::Error,
    },
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
            "the budget of this {} is spent: {} of {} charged, and the next call costs {}",
            self.scope.as_str(),
            self.charged,
            self.limit,
            self.price
        )
    }
}

/// What a budget is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    Run,
    Day,
    Total,
    Seed,
}

impl Scope {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Day => "day",
            Self::Total => "total",
            Self::Seed => "seed",
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        // SQLite's primary result codes: 5 busy, 6 locked, 8 read-only, 10 i/o error, 13 full, 14 cannot open.
        let code = error
            .as_database_error()
            .and_then(|database| database.code())
            .and_then(|code| code.parse::<i32>().ok());
        match code.map(|code| code & 0xff) {
            Some(5 | 6 | 8 | 10 | 13 | 14) => Self::Unwritable(error),
            _ => Self::Database(error),
        }
    }
}
