//! The queue: jobs in, leases out.
//!
//! A lease is one statement, and carries a fence: whoever was given the job before can no longer write to it. An
//! expired lease makes the job leasable again.

mod add;
mod due;
mod end;
mod lease;
mod reopen;
mod replan;
mod seeds;

use std::sync::Arc;

use crate::model::{Lease, LeaseToken, LeftOf, StopReason};
use crate::store::ledger::{OpenCall, Settlement};

pub(super) use add::{Origin, enqueue};
pub(super) use end::{apply_nested, ended_state, fail, release_dependents};
pub(super) use lease::{known_left, lease};
pub use replan::{KeptReply, Replanned, StoredSeen};
pub use seeds::Seeded;

/// What a worker asks for: the best job of these endpoints.
#[derive(Clone)]
pub struct LeaseRequest {
    /// Endpoints that may be called now, cheapest rows first.
    pub endpoints: Vec<&'static str>,
    /// Endpoints whose jobs are unneeded if nothing is left of their subject.
    pub may_be_unneeded: Vec<(&'static str, LeftOf)>,
    pub max_depth: u32,
    /// How long the lease holds, from when it is written: the request may have waited for the archive.
    pub lease_seconds: f64,
    /// Asked for the call of the job that is leased, so that it is opened in the same transaction. It says none where the
    /// call must wait. It may be asked more than once, where a transaction is tried again.
    pub call_of: Option<CallOf>,
}

/// The call that a leased job can be sent with at once.
pub type CallOf = Arc<dyn Fn(&Lease) -> Option<OpenCall> + Send + Sync>;

impl LeaseRequest {
    /// Whether both ask for the same jobs.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.endpoints == other.endpoints
            && self.may_be_unneeded == other.may_be_unneeded
            && self.max_depth == other.max_depth
            && self.lease_seconds == other.lease_seconds
    }
}

/// The answer to a `LeaseRequest`.
#[derive(Debug, Clone, PartialEq)]
pub enum Leased {
    /// A job, and its call where one was opened with it.
    Job(Box<Lease>, Option<i64>),
    /// Nothing of these endpoints is ready. `settled` jobs were found to be unneeded on the way.
    Nothing { settled: u32 },
}

/// What becomes of a job whose call failed, or was not sent.
#[derive(Debug, Clone, PartialEq)]
pub enum Retry {
    /// Ready again at once; nothing was tried.
    Release,
    /// Tried and failed; ready again at this time.
    At(f64),
    /// Ready again at this time; the job is not to blame, and no attempt is counted.
    Later(f64),
    /// The cursor was refused: back to the head of the walk.
    Restart,
    /// Over, for this reason.
    End(StopReason, String),
}

/// A failure of a leased job, with the settlement of its call where one was opened.
#[derive(Debug, Clone)]
pub struct Failure {
    pub token: LeaseToken,
    pub call: Option<(i64, Settlement)>,
    pub retry: Retry,
    /// The remote wants no calls of this endpoint before this time; remembered for the next run.
    pub cooldown: Option<(&'static str, f64)>,
    pub error: String,
    pub now: f64,
}

/// Which ended jobs are to be tried again.
#[derive(Debug, Clone, Default)]
pub struct Requeue {
    /// `failed`, `stopped` or `done`; `None` is any of them.
    pub state: Option<String>,
    pub endpoint: Option<String>,
    pub subject: Option<String>,
    pub reason: Option<String>,
    pub id: Option<i64>,
}
