//! The ledger: a row for each request, before it is sent; its price reserved, then settled.

mod dictionaries;
mod open;
mod runs;
mod settle;

use crate::model::{Budget, LeaseToken, MicroUsd};
use crate::store::{Error, Result, Store};

pub use dictionaries::Dictionary;
pub(super) use open::open_calls;
pub use runs::{Run, RunKind};
pub(super) use settle::{settle, settle_kept};

/// A call that is about to be sent.
#[derive(Debug, Clone)]
pub struct OpenCall {
    pub run_id: i64,
    /// The right to call for the leased job; `None` for a call by hand.
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
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// An answer came, of whatever kind.
    Answered,
    /// The request did not leave: it cannot have been billed.
    NeverSent,
    /// The request left and no answer came: perhaps billed, and counted as such.
    Unknown,
}

impl Outcome {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::NeverSent => "never_sent",
            Self::Unknown => "unknown",
        }
    }
}

/// What is known of a call when it is over.
#[derive(Debug, Clone)]
pub struct Settlement {
    pub outcome: Outcome,
    pub charge: MicroUsd,
    pub http_status: Option<u16>,
    pub error: Option<String>,
    pub request_id: Option<String>,
    /// Size of the reply as it came.
    pub body_bytes: Option<usize>,
    /// The reply without secrets, compressed with zstd.
    pub body: Option<Vec<u8>>,
}

/// The group of pages that is kept in this transaction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Group {
    pub(super) number: i64,
    /// Later than that of the group before, also where the clock was put back in between: histories go by it.
    pub(super) kept_at: f64,
}

/// What a kept page adds to its call's settlement.
#[derive(Debug, Clone)]
pub(super) struct CallPage<'a> {
    pub(super) group: Group,
    pub(super) next_cursor: Option<&'a str>,
    pub(super) items: usize,
    pub(super) row_count: usize,
    pub(super) odd_items: usize,
    pub(super) item_hashes: &'a [u8],
}

impl Store {
    /// `open_call` in a transaction of its own: for a call by hand.
    ///
    /// # Errors
    /// `BudgetSpent`, or where the archive cannot be written.
    pub async fn open_call(&self, call: &OpenCall) -> Result<i64> {
        let mut transaction = self.begin().await?;
        let mut opened = open_calls(&mut transaction, &[call]).await?;
        let id = opened.pop().unwrap_or(Err(Error::LeaseLost))?;
        transaction.commit().await?;
        Ok(id)
    }

    /// `settle` in a transaction of its own.
    ///
    /// # Errors
    /// Where the archive cannot be written.
    pub async fn settle_call(&self, call_id: i64, settlement: &Settlement, now: f64) -> Result<()> {
        let mut transaction = self.begin().await?;
        settle(&mut transaction, call_id, settlement, now).await?;
        transaction.commit().await
    }
}
