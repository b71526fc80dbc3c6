//! What a caller reports about a sent call, and the causes of a cooldown.

use std::time::Duration;

/// Result of a sent call, as reported to the limiter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CallResult {
    /// The endpoint returned a page.
    Success,
    /// The endpoint works, and said something about the subject: it is gone or denied.
    AboutSubject,
    /// The endpoint has never answered anything else, and this answer does not say what is missing.
    Doubtful,
    /// A proxy in front of the remote blocked the call. No endpoint is called for the duration `after`.
    Blocked { after: Duration },
    /// The endpoint refused the call because of the call rate.
    Throttled { after: Option<Duration> },
    /// The call failed, and the failure may be temporary. The answer may ask for a wait.
    Failed {
        is_charged: bool,
        after: Option<Duration>,
    },
    /// No answer of the remote arrived.
    Unanswered { is_charged: bool },
    /// The answer is no evidence about the endpoint.
    Ignored,
}

/// A sent call, as reported to the limiter.
#[derive(Debug, Clone, Copy)]
pub struct CallReport<'a> {
    pub job_id: i64,
    /// Unix time when it was sent.
    pub began: f64,
    /// An answer of the remote arrived, not a gateway's.
    pub is_answer: bool,
    pub result: CallResult,
    /// Error of the call; empty if there is none.
    pub why: &'a str,
}

/// Cause of a cooldown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The remote asks for fewer calls.
    Throttled,
    /// A proxy blocks the client.
    Blocked,
    /// The endpoint fails.
    Failing,
    /// The remote cannot be reached.
    Outage,
}

impl Cause {
    pub const ALL: [Self; 4] = [Self::Throttled, Self::Blocked, Self::Failing, Self::Outage];

    /// Returns the word used in the database and the log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Blocked => "blocked",
            Self::Failing => "failing",
            Self::Outage => "outage",
        }
    }
}
