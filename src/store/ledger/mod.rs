//! The ledger: one row per request, written before it is sent. Its price is reserved, then settled.

mod alerts;
mod dictionaries;
mod import;
mod open;
mod paths;
mod runs;
mod settle;

use crate::model::{Budget, LeaseToken, MicroUsd, Odd};
use crate::store::{Error, Result, Store};

pub use alerts::AlertTold;
pub use dictionaries::Dictionary;
pub(super) use dictionaries::dictionaries_of;
pub(super) use import::{ImportedCall, import_calls, newest_at, next_call_id};
pub(super) use open::open_calls;
pub use paths::PathRow;
pub use runs::{Run, RunKind};
pub(super) use settle::{settle, settle_kept};

/// A call before it is sent.
#[derive(Debug, Clone)]
pub struct OpenCall {
    pub run_id: i64,
    /// The lease of the job; `None` for a manual call.
    pub lease: Option<LeaseToken>,
    pub seed_id: Option<i64>,
    pub endpoint: &'static str,
    pub subject: String,
    pub cursor: Option<String>,
    pub price: MicroUsd,
    pub budget: Budget,
    /// The UTC day, YYYY-MM-DD.
    pub day: String,
    pub now: f64,
    /// The imported call whose reply answers it: nothing is sent, and the call is settled from the beginning.
    pub imported_from: Option<i64>,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A response arrived, of any kind.
    Answered,
    /// The request was not sent: it cannot have been billed.
    NeverSent,
    /// The request was sent and no response arrived. It may have been billed, so it is charged.
    Unknown,
    /// The response came from a file, for nothing.
    Imported,
}

impl Outcome {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::NeverSent => "never_sent",
            Self::Unknown => "unknown",
            Self::Imported => "imported",
        }
    }
}

/// What is known about a finished call.
#[derive(Debug, Clone)]
pub struct Settlement {
    pub outcome: Outcome,
    pub charge: MicroUsd,
    pub http_status: Option<u16>,
    pub error: Option<String>,
    pub request_id: Option<String>,
    /// Size of the reply in bytes, as received.
    pub body_bytes: Option<usize>,
    /// The reply without secrets, compressed with zstd.
    pub body: Option<Vec<u8>>,
}

/// The group of pages that this transaction keeps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Group {
    pub(super) number: i64,
    /// Later than the previous group's time, even if the clock was set back in between: histories are ordered by it.
    pub(super) kept_at: f64,
}

/// What a kept page adds to the settlement of its call.
#[derive(Debug, Clone)]
pub(super) struct CallPage<'a> {
    pub(super) group: Group,
    /// The time of the reply: that of the group, or for an imported reply its own.
    pub(super) at: f64,
    pub(super) next_cursor: Option<&'a str>,
    pub(super) items: usize,
    pub(super) row_count: usize,
    pub(super) odd: &'a [Odd],
    pub(super) item_hashes: &'a [u8],
    /// Erased people were taken out of the reply.
    pub(super) is_redacted: bool,
}

impl Store {
    /// `open_call` in its own transaction, for a manual call.
    ///
    /// # Errors
    /// Returns `BudgetSpent` if the price does not fit a budget, or an error if the archive cannot be written.
    pub async fn open_call(&self, call: &OpenCall) -> Result<i64> {
        let mut transaction = self.begin().await?;
        let mut opened = open_calls(&mut transaction, &[call]).await?;
        let id = opened.pop().unwrap_or(Err(Error::LeaseLost))?;
        transaction.commit().await?;
        Ok(id)
    }

    /// `settle` in its own transaction.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn settle_call(&self, call_id: i64, settlement: &Settlement, now: f64) -> Result<()> {
        let mut transaction = self.begin().await?;
        settle(&mut transaction, call_id, settlement, now).await?;
        transaction.commit().await
    }
}
