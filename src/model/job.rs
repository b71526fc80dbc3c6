//! A job: one thing to fetch. It is (endpoint, subject), and there is never a second one.

use std::fmt;

/// A job that the plan admitted, not yet in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    pub endpoint: &'static str,
    /// What the endpoint is called with; empty for the feed and the leaderboard.
    pub subject: String,
    /// 0 for a seed; how far from one otherwise.
    pub depth: u32,
    /// Where the walk begins when its first page came nested in another reply.
    pub cursor: Option<String>,
    /// Wait for the first page, or the end, of the same subject's job of this endpoint: what it gives may make this one
    /// needless.
    pub after: Option<&'static str>,
}

/// The right to work on a job until a time. Whoever holds an older fence has lost it.
#[derive(Debug, Clone, PartialEq)]
pub struct Lease {
    pub job_id: i64,
    /// Grows by one with every lease of the job; each write of the holder is checked against it.
    pub fence: i64,
    pub endpoint: &'static str,
    pub subject: String,
    pub depth: u32,
    pub seed_id: i64,
    /// The cursor to send; `None` at the head of the walk.
    pub cursor: Option<String>,
    /// Pages kept so far in this walk.
    pub pages: u32,
    /// Items kept so far in this walk; the next page's items are counted on from here.
    pub items: u32,
    /// Failures since the last kept page.
    pub attempts: u32,
    /// How often the walk went back to its head because its cursor was refused.
    pub restarts: u32,
    /// How many pages in a row brought no new id.
    pub stale_pages: u32,
    /// The search whose hit of exactly this name is itself a seed (`@name`).
    pub resolves_name: bool,
    /// Subjects this job has led to so far, for the per-parent caps.
    pub led_to: u32,
}

/// Why a job ended. Kept in its row; a job never ends without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StopReason {
    /// Everything there was has been kept.
    Complete,
    /// A cursor came a second time, or two pages in a row had no new id.
    Stalled,
    /// The remote said that there is more, but gave no cursor to reach it.
    Truncated,
    /// The configured number of pages is reached.
    Capped,
    /// A budget is spent; goes on when there is more.
    Budget,
    /// The remote says that the subject does not exist (any more).
    Gone,
    /// All attempts are used up, or no attempt can help.
    Failed,
}

impl StopReason {
    /// The word in the database, on the command line and in the docs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Stalled => "stalled",
            Self::Truncated => "truncated",
            Self::Capped => "capped",
            Self::Budget => "budget",
            Self::Gone => "gone",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
