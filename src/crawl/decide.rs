//! Decisions after an answer. Pure: no clock, no I/O, no randomness.

use crate::api::Error;
use crate::api::limiter::CallResult;
use crate::model::StopReason;
use crate::store::{Next, Retry};

/// Consecutive pages without a new id after which a walk counts as stalled.
const STALE_PAGES: u32 = 2;

/// Facts about a walk after one of its pages was read.
#[derive(Debug, Clone, Copy)]
pub struct WalkFacts<'a> {
    pub is_paged: bool,
    /// Next cursor as the remote returned it.
    pub cursor: Option<&'a str>,
    pub has_more: Option<bool>,
    /// This walk sent or received the next cursor before.
    pub cursor_came_before: bool,
    /// The page contains an id that this walk had not seen.
    pub has_new_id: bool,
    /// Consecutive pages without a new id before this page.
    pub stale_pages: u32,
    /// Committed pages, including this one.
    pub pages: u32,
    pub max_pages: Option<u32>,
}

/// Returns the next step of a walk after a page was read (api/README.md §8).
#[must_use]
pub fn after_page(facts: &WalkFacts<'_>) -> Next {
    let end = |reason, note: &str| Next::End {
        reason,
        note: note.to_owned(),
        cursor: None,
    };
    if !facts.is_paged {
        return end(StopReason::Complete, "");
    }
    let Some(cursor) = facts.cursor else {
        return match facts.has_more {
            Some(true) => end(
                StopReason::Truncated,
                "the remote reports more items but returned no cursor",
            ),
            _ => end(StopReason::Complete, ""),
        };
    };
    if facts.has_more == Some(false) {
        return end(
            StopReason::Complete,
            "the remote reports no more items; its cursor was not followed",
        );
    }
    if facts.cursor_came_before {
        return end(
            StopReason::Stalled,
            "the remote returned a cursor that it had returned before",
        );
    }
    let stale_pages = if facts.has_new_id {
        0
    } else {
        facts.stale_pages + 1
    };
    if stale_pages >= STALE_PAGES {
        return end(StopReason::Stalled, "2 consecutive pages had no new id");
    }
    if facts
        .max_pages
        .is_some_and(|max_pages| facts.pages >= max_pages)
    {
        return Next::End {
            reason: StopReason::Capped,
            note: format!("page cap reached at page {}", facts.pages),
            cursor: Some(cursor.to_owned()),
        };
    }
    Next::Page {
        cursor: cursor.to_owned(),
        stale_pages,
    }
}

/// Facts about a job after its call failed.
#[derive(Debug, Clone, Copy)]
pub struct FailureFacts {
    pub has_subject: bool,
    /// Failures since the last committed page, before this failure.
    pub attempts: u32,
    pub max_attempts: u32,
    pub restarts: u32,
    pub now: f64,
    /// The request was sent, so the remote may have received and billed it.
    pub was_sent: bool,
    /// The endpoint returned a page before, so it exists.
    pub has_worked: bool,
    /// The body exceeded the size limit. A retry would exceed it again and be billed again.
    pub is_too_large: bool,
    /// Delay before the retry, in seconds.
    pub delay_seconds: f64,
}

/// Consequences of a failure.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    pub retry: Retry,
    /// Result to record in the limiter.
    pub result: CallResult,
    /// Consequence beyond this job.
    pub escalation: Escalation,
}

/// Consequence of a failure beyond its own job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Escalation {
    Nothing,
    /// The endpoint does not exist: retire it with all of its jobs.
    Retire(String),
    /// The remote refuses the key or the account: stop the run.
    Refused(String),
}

/// Returns the consequences of a failed call, by who must act on the error (api/README.md §4).
#[must_use]
pub fn after_failure(error: &Error, facts: &FailureFacts) -> Decision {
    let decision = |retry, result| Decision {
        retry,
        result,
        escalation: Escalation::Nothing,
    };
    let again = |delay_seconds: f64| {
        let attempts = facts.attempts + 1;
        if attempts >= facts.max_attempts {
            let unit = if attempts == 1 { "attempt" } else { "attempts" };
            Retry::End(
                StopReason::Failed,
                format!("given up after {attempts} {unit}: {error}"),
            )
        } else {
            Retry::At(facts.now + delay_seconds)
        }
    };
    match error {
        // The limiter delays all calls of the endpoint. The job did not cause the 429, so this is no attempt.
        Error::Throttled { after } => {
            decision(Retry::Release, CallResult::Throttled { after: *after })
        }
        // A network failure is no attempt of the job. The breaker counts it against the endpoint.
        Error::Unavailable { .. } if !facts.was_sent => decision(
            Retry::Later(facts.now + facts.delay_seconds),
            CallResult::Failed,
        ),
        Error::Unavailable { .. } => decision(again(facts.delay_seconds), CallResult::Failed),
        Error::Malformed { .. } if facts.is_too_large => decision(
            Retry::End(StopReason::Failed, error.to_string()),
            CallResult::Ignored,
        ),
        Error::Malformed { .. } => decision(again(facts.delay_seconds), CallResult::Failed),
        // A proxy in front of the remote blocks this client for all jobs.
        Error::Blocked { after, .. } => decision(
            Retry::Later(facts.now + after.as_secs_f64()),
            CallResult::Blocked { after: *after },
        ),
        Error::Invalid { .. } => decision(
            Retry::End(StopReason::Failed, error.to_string()),
            CallResult::Ignored,
        ),
        Error::CursorRefused { .. } if facts.restarts == 0 => {
            decision(Retry::Restart, CallResult::Success)
        }
        Error::CursorRefused { .. } => decision(
            Retry::End(
                StopReason::Failed,
                format!("{error}; refused again after a restart"),
            ),
            CallResult::Success,
        ),
        Error::Gone { .. } if facts.has_subject => decision(
            Retry::End(StopReason::Gone, error.to_string()),
            CallResult::Gone,
        ),
        // The 404 does not name what is missing. An endpoint that worked before exists, so the subject is missing.
        Error::Unclear { .. } if facts.has_subject && facts.has_worked => decision(
            Retry::End(StopReason::Gone, error.to_string()),
            CallResult::Gone,
        ),
        Error::Gone { why } | Error::Unclear { why } | Error::Retired { why } => Decision {
            retry: Retry::Release,
            result: CallResult::Ignored,
            escalation: Escalation::Retire(why.clone()),
        },
        Error::Refused { .. } => Decision {
            retry: Retry::Release,
            result: CallResult::Ignored,
            escalation: Escalation::Refused(error.to_string()),
        },
    }
}
