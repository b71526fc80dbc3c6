//! What to do after an answer. Pure: no clock, no I/O, no randomness.

use crate::api::Error;
use crate::api::limiter::CallResult;
use crate::model::StopReason;
use crate::store::{Next, Retry};

/// Pages in a row without a new id after which a walk is taken to turn in circles.
const STALE_PAGES: u32 = 2;

/// What is known of a walk when a page of it has been read.
#[derive(Debug, Clone, Copy)]
pub struct WalkFacts<'a> {
    pub is_paged: bool,
    /// The next cursor as it came.
    pub cursor: Option<&'a str>,
    pub has_more: Option<bool>,
    /// The next cursor was sent, or came, before in this walk.
    pub cursor_came_before: bool,
    /// The page brought an id that this walk had not seen.
    pub has_new_id: bool,
    /// Pages in a row without a new id, before this one.
    pub stale_pages: u32,
    /// Pages kept, with this one.
    pub pages: u32,
    pub max_pages: Option<u32>,
}

/// Where a walk goes from a page that was read (api/README.md §8).
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
                "the remote says that there is more, but gave no cursor",
            ),
            _ => end(StopReason::Complete, ""),
        };
    };
    if facts.has_more == Some(false) {
        return end(
            StopReason::Complete,
            "the remote says that this is all; the cursor it gave beside was not followed",
        );
    }
    if facts.cursor_came_before {
        return end(
            StopReason::Stalled,
            "the remote gave a cursor that it had given before",
        );
    }
    let stale_pages = if facts.has_new_id {
        0
    } else {
        facts.stale_pages + 1
    };
    if stale_pages >= STALE_PAGES {
        return end(StopReason::Stalled, "two pages in a row had no new id");
    }
    if facts
        .max_pages
        .is_some_and(|max_pages| facts.pages >= max_pages)
    {
        return Next::End {
            reason: StopReason::Capped,
            note: format!("the configured {} pages are kept", facts.pages),
            cursor: Some(cursor.to_owned()),
        };
    }
    Next::Page {
        cursor: cursor.to_owned(),
        stale_pages,
    }
}

/// What is known of a job when its call has failed.
#[derive(Debug, Clone, Copy)]
pub struct FailureFacts {
    pub has_subject: bool,
    /// Failures since the last kept page, before this one.
    pub attempts: u32,
    pub max_attempts: u32,
    pub restarts: u32,
    pub now: f64,
    /// The request left: it may have been seen, and billed.
    pub was_sent: bool,
    /// The endpoint has given a page before, so that it is there.
    pub has_worked: bool,
    /// The body went beyond the limit: it would do so again, and be paid for again.
    pub is_too_large: bool,
    /// The delay before the next attempt.
    pub delay_seconds: f64,
}

/// What follows from a failure.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    pub retry: Retry,
    /// What the limiter is told.
    pub result: CallResult,
    /// What the failure means beyond this job.
    pub escalation: Escalation,
}

/// What a failure means beyond the job that met it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Escalation {
    Nothing,
    /// The endpoint is gone: it stops, once, for all its jobs.
    Retire(String),
    /// The key or the account is refused: the run stops.
    Refused(String),
}

/// Decides by who must act on the error (api/README.md §4).
#[must_use]
pub fn after_failure(error: &Error, facts: &FailureFacts) -> Decision {
    let decision = |retry, result| Decision {
        retry,
        result,
        escalation: Escalation::Nothing,
    };
    let again = |delay_seconds: f64| {
        if facts.attempts + 1 >= facts.max_attempts {
            Retry::End(
                StopReason::Failed,
                format!("given up after {} attempts: {error}", facts.attempts + 1),
            )
        } else {
            Retry::At(facts.now + delay_seconds)
        }
    };
    match error {
        // The limiter makes everybody wait; a job is not to blame for being refused.
        Error::Throttled { after } => {
            decision(Retry::Release, CallResult::Throttled { after: *after })
        }
        // No job is to blame for a network that is down; the breaker sees to the endpoint.
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
        // Whoever stands before the remote turns all of us away, whatever the job.
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
            Retry::End(StopReason::Failed, format!("{error}, a second time")),
            CallResult::Success,
        ),
        Error::Gone { .. } if facts.has_subject => decision(
            Retry::End(StopReason::Gone, error.to_string()),
            CallResult::Gone,
        ),
        // A 404 of which nobody can say what is missing: the subject, where the endpoint is known to be there.
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
