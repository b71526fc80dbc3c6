//! Jobs. A job fetches one (endpoint, subject) pair, and the queue holds at most one job per pair.

use std::collections::BTreeMap;
use std::fmt;

use super::SubjectKind;

/// A job that the plan admitted and that is not yet in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    pub endpoint: &'static str,
    /// The endpoint's argument; empty for the feed and the leaderboard.
    pub subject: String,
    /// Number of steps from a seed; 0 for a seed.
    pub depth: u32,
    /// Cursor at which the walk starts, if its first page came nested in another reply.
    pub cursor: Option<String>,
    /// The job waits until this endpoint's job for the same subject has its first page or has ended.
    /// The result may make the waiting job unneeded.
    pub after: Option<&'static str>,
    /// The job is the search for a user's name. The hit with exactly that name becomes a seed itself.
    pub resolves_name: bool,
}

/// Why the plan did not follow a subject that a reply showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefusalReason {
    /// It is deeper than `crawl.max_depth`.
    Depth,
    /// It does not pass `crawl.filter`.
    Filter,
    /// Its list led to as many subjects as `crawl.max_per_parent` allows.
    ParentCap,
}

impl RefusalReason {
    /// The name in the archive.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Depth => "depth",
            Self::Filter => "filter",
            Self::ParentCap => "parent_cap",
        }
    }
}

/// Subjects of one kind that the plan did not follow, by kind and reason, with their number.
pub type Refusals = BTreeMap<(SubjectKind, RefusalReason), u32>;

/// Proof of the right to write for a job. Each lease of a job has a higher fence, so an older token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LeaseToken {
    pub job_id: i64,
    pub fence: i64,
}

/// The right to work on a job until a deadline. A worker with an older fence has lost the lease.
#[derive(Debug, Clone, PartialEq)]
pub struct Lease {
    pub token: LeaseToken,
    pub endpoint: &'static str,
    pub subject: String,
    pub depth: u32,
    pub seed_id: i64,
    /// Cursor to send; `None` for the first page of the walk.
    pub cursor: Option<String>,
    /// Pages stored so far in this walk.
    pub pages: u32,
    /// Items stored so far in this walk. The positions of the next page's items continue from here.
    pub items: u32,
    /// Failures since the last stored page.
    pub attempts: u32,
    /// Number of times the walk restarted from its first page because the remote refused a cursor.
    pub restarts: u32,
    /// Number of consecutive pages without a new id.
    pub stale_pages: u32,
    /// Those of them whose items the walk had seen before. The others were empty.
    pub repeated_pages: u32,
    /// True for the search of an `@name` seed. The hit with exactly that name becomes a seed itself.
    pub resolves_name: bool,
    /// Number of subjects that this job has led to so far, for the per-parent caps.
    pub led_to: u32,
    /// The call of the next page, if it was paid for and the archive refused its rows. Its raw reply is read again.
    pub raw_call: Option<i64>,
    /// This pass may meet what an earlier one saw.
    pub may_meet: bool,
    /// This pass renews what is archived, within the budget of refreshes.
    pub refreshes: bool,
    /// Calls up to this one belong to an earlier pass; 0 in the first one.
    pub pass_call_id: i64,
}

/// Reason why a job ended. The store writes it to the job's row; every ended job has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StopReason {
    /// The archive has everything that the remote returned for the job.
    Complete,
    /// A cursor repeated, or two consecutive pages had no new id.
    Stalled,
    /// The remote reported more pages but returned no cursor for them.
    Truncated,
    /// The walk reached the configured page limit.
    Capped,
    /// A budget is exhausted. The job continues when the budget allows it.
    Budget,
    /// The remote reports that the subject does not exist, or no longer exists.
    Gone,
    /// The remote refuses this subject: it is private, blocked, or not available in this region.
    Denied,
    /// An operator cancelled the job.
    Cancelled,
    /// All attempts failed, or the error cannot be fixed by a retry.
    Failed,
}

impl StopReason {
    /// In the order of the documents.
    pub const ALL: [Self; 9] = [
        Self::Complete,
        Self::Gone,
        Self::Denied,
        Self::Cancelled,
        Self::Capped,
        Self::Stalled,
        Self::Truncated,
        Self::Budget,
        Self::Failed,
    ];

    /// Returns the word used in the database, on the command line and in the docs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Stalled => "stalled",
            Self::Truncated => "truncated",
            Self::Capped => "capped",
            Self::Budget => "budget",
            Self::Gone => "gone",
            Self::Denied => "denied",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
