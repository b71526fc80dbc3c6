//! Why a run, or the calls of an endpoint, end.

use crate::store::Spent;

/// Reason why a run ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopCause {
    /// No job is pending.
    Idle,
    /// SIGINT or SIGTERM.
    Signal,
    /// A budget has no room for another call.
    Budget(Spent),
    /// Only jobs are left that the operator has paused.
    Paused,
    /// The remote refuses the key or the account.
    Refused(String),
    /// No call got an answer for longer than `limits.outage_patience_seconds`.
    Away(String),
    /// The archive or a task failed, and waiting cannot help.
    Broken(String),
}

impl StopCause {
    /// Returns the value stored in `runs.end_reason`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Signal => "signal",
            Self::Budget(_) => "budget",
            Self::Paused => "paused",
            Self::Refused(_) => "refused",
            Self::Away(_) => "away",
            Self::Broken(_) => "failed",
        }
    }
}

impl StopCause {
    /// Returns why the run ended in words, where its one-word reason does not say it.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        match self {
            Self::Idle | Self::Signal | Self::Paused => None,
            Self::Budget(spent) => Some(spent.to_string()),
            Self::Refused(why) | Self::Away(why) | Self::Broken(why) => Some(why.clone()),
        }
    }
}

/// An endpoint that is not called any more in this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retired {
    pub endpoint: &'static str,
    pub why: String,
    /// It kept failing, so its jobs stay for the next run. Otherwise the remote does not offer it, and its jobs end.
    pub is_failing: bool,
}
