//! What a failed call is evidence of: a page, a subject, an endpoint, the account, or the network. Pure.
//!
//! An answer is attributed to the narrowest scope that explains it, and widened only if independent evidence agrees.

use super::evidence::{Decision, Escalation, FailureFacts};
use super::standing::Standing;
use crate::api::Error;
use crate::api::error::About;
use crate::api::limiter::{CallResult, Doubts};
use crate::model::StopReason;
use crate::store::Retry;

/// Jobs refused in a row after which the remote refuses the account, if no account info says otherwise.
const REFUSALS_OF_ACCOUNT: usize = 3;
/// Answers after which an endpoint that has only ever answered "no such path" is retired.
const PATH_ANSWERS: u32 = 6;
/// Jobs after which an endpoint that has only ever answered 404, without saying what is missing, is retired.
const UNSAID_JOBS: usize = 200;
/// A retry that may be charged waits this many times as long as a free one.
const CHARGED_DELAYS: f64 = 4.0;

/// Returns the consequences of a failed call: for the narrowest scope that explains the error (api/README.md §4).
#[must_use]
pub fn after_failure(error: &Error, facts: &FailureFacts) -> Decision {
    let decision = by_scope(error, facts);
    // The head of the list was answered in the same pass, so what fails is the cursor after an earlier one.
    let is_over = matches!(decision.retry, Retry::End(..) | Retry::Restart);
    match facts.is_at_tail && is_over {
        true => Decision {
            retry: Retry::Leave,
            ..decision
        },
        false => decision,
    }
}

fn by_scope(error: &Error, facts: &FailureFacts) -> Decision {
    let failed = CallResult::Failed {
        is_charged: facts.is_charged,
        after: error.after(),
    };
    match error {
        // The limiter delays all calls of the endpoint. The job did not cause the 429, so this is no attempt.
        Error::Throttled { after } => {
            Decision::new(Retry::Release, CallResult::Throttled { after: *after })
        }
        // A proxy in front of the remote blocks this client for all jobs.
        Error::Blocked { after, .. } => Decision::new(
            Retry::Later(facts.now + after.as_secs_f64()),
            CallResult::Blocked { after: *after },
        ),
        Error::Malformed { .. } if facts.is_too_large => {
            Decision::new(end(StopReason::Failed, error), CallResult::Ignored)
        }
        Error::Malformed { .. }
        | Error::Unavailable {
            is_network: false, ..
        } if facts.is_charged => Decision::new(after_charged_answer(error, facts), failed),
        // The remote may be away for all jobs, so this is no attempt of one.
        Error::Unavailable {
            is_network: true, ..
        } if !facts.is_reachable => Decision::new(
            Retry::Later(facts.now + delay(error, facts)),
            CallResult::Unanswered {
                is_charged: facts.is_charged,
            },
        ),
        // The remote cannot have caused a failure before the request was sent.
        Error::Unavailable { .. } if !facts.was_sent => {
            Decision::new(Retry::Later(facts.now + delay(error, facts)), failed)
        }
        Error::Unavailable { .. } | Error::Malformed { .. } => {
            Decision::new(again(error, facts, StopReason::Failed), failed)
        }
        Error::Rejected { .. } => Decision::new(after_rejection(error, facts), failed),
        Error::Invalid { .. } if facts.is_same_status => {
            Decision::new(end(StopReason::Failed, error), CallResult::Ignored)
        }
        Error::CursorRefused { .. } if facts.is_same_status => {
            Decision::new(restart(error, facts), CallResult::Ignored)
        }
        // One answer never ends a job, nor buys its pages again.
        Error::Invalid { .. } | Error::CursorRefused { .. } => Decision::new(
            Retry::At(facts.now + delay(error, facts)),
            CallResult::Ignored,
        ),
        Error::Missing { about, why } => after_missing(*about, why, error, facts, failed),
        Error::Refused { status, about, .. } => {
            after_refusal(*status, *about, error, facts, failed)
        }
    }
}

fn end(reason: StopReason, error: &Error) -> Retry {
    Retry::End(reason, error.to_string())
}

/// Returns the delay before the next attempt in seconds, at least as long as the answer asks for.
fn delay(error: &Error, facts: &FailureFacts) -> f64 {
    let asked = error.after().map_or(0.0, |after| after.as_secs_f64());
    facts.delay_seconds.max(asked)
}

/// Retries a job, or ends it for `reason` if its attempts are used up. If other jobs of the endpoint fail too, the
/// endpoint is the cause, and this is no attempt.
fn again(error: &Error, facts: &FailureFacts, reason: StopReason) -> Retry {
    let time = facts.now + delay(error, facts);
    if facts.others_fail {
        return Retry::Later(time);
    }
    if facts.attempts + 1 < facts.max_attempts {
        return Retry::At(time);
    }
    given_up(error, facts, reason)
}

fn given_up(error: &Error, facts: &FailureFacts, reason: StopReason) -> Retry {
    let attempts = facts.attempts + 1;
    let unit = if attempts == 1 { "attempt" } else { "attempts" };
    Retry::End(reason, format!("given up after {attempts} {unit}: {error}"))
}

/// A charged answer that cannot be used is bought again at most a few times, and never if it came twice.
fn after_charged_answer(error: &Error, facts: &FailureFacts) -> Retry {
    if facts.is_same_answer {
        let note = format!("the same unusable answer came twice: {error}");
        return Retry::End(StopReason::Failed, note);
    }
    if facts.charged_answers >= facts.max_charged_answers {
        let note = format!(
            "given up after {} paid answers: {error}",
            facts.charged_answers
        );
        return Retry::End(StopReason::Failed, note);
    }
    if facts.attempts + 1 >= facts.max_attempts {
        return given_up(error, facts, StopReason::Failed);
    }
    Retry::At(facts.now + delay(error, facts) * CHARGED_DELAYS)
}

/// A 400 is free, so the same cursor is tried again before the walk restarts at its head, which costs money.
fn after_rejection(error: &Error, facts: &FailureFacts) -> Retry {
    match again(error, facts, StopReason::Failed) {
        Retry::End(..) if facts.had_cursor => restart(error, facts),
        retry => retry,
    }
}

fn restart(error: &Error, facts: &FailureFacts) -> Retry {
    if facts.restarts == 0 {
        return Retry::Restart;
    }
    let note = format!("{error}; refused again after a restart");
    Retry::End(StopReason::Failed, note)
}

/// A 404, 405 or 410.
fn after_missing(
    about: About,
    why: &str,
    error: &Error,
    facts: &FailureFacts,
    failed: CallResult,
) -> Decision {
    let gone = || Decision::new(end(StopReason::Gone, error), CallResult::AboutSubject);
    match about {
        About::Subject if facts.has_subject => gone(),
        // Another subject got an answer, so the endpoint exists.
        About::Unsaid if facts.has_subject && facts.has_answered => gone(),
        // A gateway's 404, or one that does not fit an endpoint that works, is temporary first.
        _ if about == About::Proxy || facts.has_answered => {
            let lasts = facts.has_answered && facts.has_subject && !facts.had_cursor;
            let reason = if lasts {
                StopReason::Gone
            } else {
                StopReason::Failed
            };
            // An endpoint that answered others in between is not the cause, also if other jobs fail now.
            let others_fail = facts.others_fail && !(lasts && facts.is_first);
            let facts = FailureFacts {
                others_fail,
                ..facts.clone()
            };
            Decision::new(again(error, &facts, reason), failed)
        }
        _ => doubt(about, why, error, facts),
    }
}

/// The endpoint has never answered anything else, so other jobs are asked first.
fn doubt(about: About, why: &str, error: &Error, facts: &FailureFacts) -> Decision {
    let is_last = facts.attempts + 1 >= facts.max_attempts;
    let Doubts { jobs, answers } = facts.doubts;
    let is_path = about == About::Path || !facts.has_subject;
    let is_retired = if is_path {
        answers + 1 >= PATH_ANSWERS || is_last
    } else {
        jobs >= UNSAID_JOBS
    };
    if is_retired {
        return Decision::beyond(Escalation::Retire(why.to_owned()));
    }
    if is_last {
        let note = format!("{error}; the endpoint has answered no other subject either");
        return Decision::new(Retry::End(StopReason::Failed, note), CallResult::Doubtful);
    }
    let seconds = if is_path {
        delay(error, facts)
    } else {
        facts.doubt_seconds * f64::from(1_u32 << facts.attempts.min(6))
    };
    Decision::new(Retry::At(facts.now + seconds), CallResult::Doubtful)
}

/// A 401, 402, 403 or 451: about the account, or about this subject.
fn after_refusal(
    status: u16,
    about: About,
    error: &Error,
    facts: &FailureFacts,
    failed: CallResult,
) -> Decision {
    let refused = || Decision::beyond(Escalation::Refused(error.to_string()));
    let denied = || Decision::new(end(StopReason::Denied, error), CallResult::AboutSubject);
    let later = |seconds: f64| Decision::new(Retry::At(facts.now + seconds), CallResult::Ignored);
    let is_account = facts.refused.subjects_in_row >= REFUSALS_OF_ACCOUNT;
    let is_last = facts.attempts + 1 >= facts.max_attempts;
    match &facts.standing {
        Standing::Refused(why) => {
            Decision::beyond(Escalation::Refused(format!("{error}; account: {why}")))
        }
        Standing::Unknown if !is_last => later(facts.doubt_seconds),
        // Missing credit is never about a subject.
        Standing::Fine if status == 402 && !is_account && !is_last => later(delay(error, facts)),
        _ if status == 402 => refused(),
        Standing::Fine => match about {
            About::Subject if facts.has_subject => denied(),
            About::Unsaid if facts.has_subject && facts.has_answered => denied(),
            _ if about == About::Proxy || facts.has_answered => {
                Decision::new(again(error, facts, StopReason::Denied), failed)
            }
            _ => doubt(about, &error.to_string(), error, facts),
        },
        Standing::Unoffered | Standing::Unknown if is_account => refused(),
        _ if facts.refused.was_before => denied(),
        _ if !is_last => later(delay(error, facts)),
        _ if facts.refused.has_page => denied(),
        _ => refused(),
    }
}

#[cfg(test)]
mod tests;
