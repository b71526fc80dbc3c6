//! The queue: jobs in, leases out.
//!
//! A lease is taken with one statement and carries a fence: an earlier holder can no longer write to the job. After
//! the lease expires, the job can be leased again.

mod add;
mod controls;
mod due;
mod end;
mod lease;
mod origin;
mod pauses;
mod refresh;
mod refusals;
mod remove;
mod reopen;
mod replan;
mod seeds;
mod spans;

use std::sync::Arc;

use crate::model::{Lease, LeaseToken, LeftOf, NotFound, StopReason};
use crate::store::ledger::{OpenCall, Settlement};

pub(super) use add::enqueue;
pub use controls::{Control, ControlResult};
pub(super) use end::{apply_nested, ended_state, fail, release_dependents};
pub(super) use lease::{known_left, lease, unless_paused};
pub(super) use origin::Origin;
pub use pauses::{Pauses, pauses};
pub use refresh::NewRefresh;
pub(super) use refusals::note_refusals;
pub use remove::SeedLine;
pub(super) use reopen::{FROM_HEAD, MATCHES};
pub use replan::{KeptReply, Replanned};
pub use seeds::{Named, Seeded};
pub use spans::{SpanChange, StoredSeen, StoredSpan};
pub(in crate::store) use spans::{change_spans, joined_pages};

/// Beginning of a job's error whose latest reply was paid for and stored, but not its rows.
pub const ROWS_REFUSED: &str = "the archive refused the rows of this reply";

/// A worker's request: the best job of these endpoints.
#[derive(Clone)]
pub struct LeaseRequest {
    /// Endpoints that may be called now, ordered by price per row.
    pub endpoints: Vec<&'static str>,
    /// Endpoints among them whose jobs are taken in random order, because the first ones say nothing about the others.
    pub sampled: Vec<&'static str>,
    /// Endpoints whose jobs are unneeded if nothing is missing about their subject.
    pub may_be_unneeded: Vec<(&'static str, LeftOf)>,
    pub max_depth: u32,
    /// Ids of the seeds whose jobs are paused.
    pub paused_seeds: Vec<i64>,
    /// Only jobs whose next page was imported.
    pub imported_only: bool,
    /// Lease duration, counted from when the lease is written: the request may wait for the archive.
    pub lease_seconds: f64,
    /// Returns the call of the leased job, so that it is opened in the same transaction; `None` if the call must wait.
    /// It runs again if the transaction is tried again.
    pub call_of: Option<CallOf>,
}

/// The call that can be sent at once for a leased job.
pub type CallOf = Arc<dyn Fn(&Lease) -> Option<OpenCall> + Send + Sync>;

impl LeaseRequest {
    /// Returns whether both ask for the same jobs.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.endpoints == other.endpoints
            && self.sampled == other.sampled
            && self.may_be_unneeded == other.may_be_unneeded
            && self.max_depth == other.max_depth
            && self.paused_seeds == other.paused_seeds
            && self.imported_only == other.imported_only
            && self.lease_seconds == other.lease_seconds
    }
}

/// The answer to a `LeaseRequest`.
#[derive(Debug, Clone, PartialEq)]
pub enum Leased {
    /// A job, and its call if one was opened with it.
    Job(Box<Lease>, Option<i64>),
    /// No job of these endpoints is ready. `settled` jobs were found to be unneeded.
    Nothing { settled: u32 },
}

/// What happens to a job whose call failed or was not sent.
#[derive(Debug, Clone, PartialEq)]
pub enum Retry {
    /// Ready again at once. No attempt is counted.
    Release,
    /// Tried and failed. Ready again at this time.
    At(f64),
    /// Ready again at this time. The job did not cause the failure, so no attempt is counted.
    Later(f64),
    /// The cursor was refused: restart the walk at its head.
    Restart,
    /// The cursor after what an earlier pass saw was refused: go on with the walk's own cursor.
    Leave,
    /// Ended for this reason.
    End(StopReason, String),
}

/// A failure of a leased job, with the settlement of its call if one was opened.
#[derive(Debug, Clone)]
pub struct Failure {
    pub token: LeaseToken,
    pub call: Option<(i64, Settlement)>,
    pub retry: Retry,
    /// Cooldowns that began with this failure. Stored for the next run and for `status`.
    pub cooling: Vec<Cooling>,
    /// What the answer says to be gone.
    pub gone: Option<NotFound>,
    pub error: String,
    pub now: f64,
}

/// Until when an endpoint is not called, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Cooling {
    /// Empty if no endpoint is called.
    pub endpoint: String,
    /// Unix time.
    pub until: f64,
    /// `throttled`, `blocked`, `failing` or `outage`.
    pub cause: String,
    /// The error that began it.
    pub why: String,
}

impl Cooling {
    /// Returns whether it keeps this endpoint from being called.
    #[must_use]
    pub fn covers(&self, endpoint: &str) -> bool {
        self.endpoint.is_empty() || self.endpoint == endpoint
    }
}

/// Which ended jobs to try again.
#[derive(Debug, Clone, Default)]
pub struct Requeue {
    /// `failed`, `stopped` or `done`; `None` means any of them.
    pub state: Option<String>,
    pub endpoint: Option<String>,
    pub subject: Option<String>,
    pub reason: Option<String>,
    pub id: Option<i64>,
    /// Start at the head also where a cursor is kept.
    pub from_head: bool,
    /// Follow no earlier pass where the new one meets it: the whole list is bought again.
    pub is_whole: bool,
    /// Endpoints whose lists have the newest items first, so that a later pass may meet an earlier one.
    pub newest_first: Vec<&'static str>,
}

#[cfg(test)]
mod tests;
