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
            Decision::new(again(error, facts, reason), failed)
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
mod tests {
    use std::time::Duration;

    use super::super::evidence::{Escalation, FailureFacts};
    use super::super::standing::Standing;
    use super::after_failure;
    use crate::api::Error;
    use crate::api::error::About;
    use crate::api::limiter::{CallResult, Doubts, Refused};
    use crate::store::Retry;

    /// A first failure at 100 s, of a job whose endpoint works and whose account is fine.
    fn facts() -> FailureFacts {
        FailureFacts {
            has_subject: true,
            had_cursor: false,
            attempts: 0,
            max_attempts: 5,
            restarts: 0,
            now: 100.0,
            was_sent: true,
            is_charged: false,
            charged_answers: 0,
            max_charged_answers: 2,
            is_same_answer: false,
            is_same_status: false,
            has_answered: true,
            others_fail: false,
            is_reachable: true,
            doubts: Doubts::default(),
            standing: Standing::Fine,
            refused: Refused {
                subjects_in_row: 1,
                was_before: false,
                has_page: false,
            },
            is_too_large: false,
            delay_seconds: 2.0,
            doubt_seconds: 10.0,
        }
    }

    /// Decides, and returns the decision in words: the retry, and what it escalates to.
    fn decided(error: &Error, change: impl FnOnce(&mut FailureFacts)) -> String {
        let mut facts = facts();
        change(&mut facts);
        let decision = after_failure(error, &facts);
        let retry = match decision.retry {
            Retry::Release => "release".to_owned(),
            Retry::At(time) => format!("at {time}"),
            Retry::Later(time) => format!("later {time}"),
            Retry::Restart => "restart".to_owned(),
            Retry::End(reason, _) => reason.to_string(),
        };
        match decision.escalation {
            Escalation::Nothing => retry,
            Escalation::Retire(_) => format!("{retry}, retire"),
            Escalation::Refused(_) => format!("{retry}, refused"),
        }
    }

    fn why() -> String {
        "why".to_owned()
    }

    fn unavailable(is_network: bool, after: Option<u64>) -> Error {
        Error::Unavailable {
            why: why(),
            is_network,
            after: after.map(Duration::from_secs),
        }
    }

    fn missing(about: About) -> Error {
        Error::Missing { about, why: why() }
    }

    fn refused(status: u16, about: About) -> Error {
        Error::Refused {
            status,
            about,
            why: why(),
        }
    }

    #[test]
    fn a_temporary_failure_is_an_attempt_only_if_no_wider_scope_explains_it() {
        let failure = unavailable(false, None);
        assert_eq!(decided(&failure, |_| {}), "at 102");
        assert_eq!(
            decided(&failure, |facts| facts.others_fail = true),
            "later 102"
        );
        assert_eq!(decided(&failure, |facts| facts.attempts = 3), "at 102");
        assert_eq!(decided(&failure, |facts| facts.attempts = 4), "failed");
        let both = |facts: &mut FailureFacts| (facts.attempts, facts.others_fail) = (9, true);
        assert_eq!(decided(&failure, both), "later 102");
        assert_eq!(decided(&unavailable(false, Some(60)), |_| {}), "at 160");
        let silence = unavailable(true, None);
        assert_eq!(decided(&silence, |_| {}), "at 102");
        assert_eq!(
            decided(&silence, |facts| facts.is_reachable = false),
            "later 102"
        );
        let unsent = |facts: &mut FailureFacts| (facts.was_sent, facts.attempts) = (false, 9);
        assert_eq!(decided(&silence, unsent), "later 102");
    }

    #[test]
    fn a_charged_answer_is_bought_again_once_and_after_a_longer_wait() {
        let unreadable = Error::Malformed {
            at: "data".to_owned(),
            why: why(),
        };
        let charged = |answers| {
            move |facts: &mut FailureFacts| {
                (facts.is_charged, facts.charged_answers) = (true, answers)
            }
        };
        assert_eq!(decided(&unreadable, charged(1)), "at 108");
        assert_eq!(decided(&unreadable, charged(2)), "failed");
        let same = |facts: &mut FailureFacts| {
            (
                facts.is_charged,
                facts.charged_answers,
                facts.max_charged_answers,
            ) = (true, 2, 9);
            facts.is_same_answer = true;
        };
        assert_eq!(decided(&unreadable, same), "failed");
        let last = |facts: &mut FailureFacts| {
            (facts.is_charged, facts.charged_answers, facts.attempts) = (true, 1, 4);
        };
        assert_eq!(decided(&unreadable, last), "failed");
        assert_eq!(
            decided(&unreadable, |facts| facts.is_too_large = true),
            "failed"
        );
        // A free failure after a charged one is an ordinary attempt.
        let after = |facts: &mut FailureFacts| facts.charged_answers = 2;
        assert_eq!(decided(&unavailable(false, None), after), "at 102");
    }

    #[test]
    fn a_rejected_cursor_restarts_the_walk_only_after_repeated_refusals_and_once() {
        let vague = Error::Rejected {
            why: why(),
            after: None,
        };
        let named = Error::CursorRefused { why: why() };
        let invalid = Error::Invalid { why: why() };
        let walk = |facts: &mut FailureFacts| facts.had_cursor = true;
        assert_eq!(decided(&vague, walk), "at 102");
        let used = |facts: &mut FailureFacts| (facts.had_cursor, facts.attempts) = (true, 4);
        assert_eq!(decided(&vague, used), "restart");
        assert_eq!(decided(&vague, |facts| facts.attempts = 4), "failed");
        let again = |facts: &mut FailureFacts| {
            (facts.had_cursor, facts.attempts, facts.restarts) = (true, 4, 1);
        };
        assert_eq!(decided(&vague, again), "failed");
        assert_eq!(decided(&named, walk), "at 102");
        assert_eq!(
            decided(&named, |facts| facts.is_same_status = true),
            "restart"
        );
        let twice = |facts: &mut FailureFacts| (facts.is_same_status, facts.restarts) = (true, 1);
        assert_eq!(decided(&named, twice), "failed");
        assert_eq!(decided(&invalid, |_| {}), "at 102");
        assert_eq!(
            decided(&invalid, |facts| facts.is_same_status = true),
            "failed"
        );
    }

    #[test]
    fn a_404_is_about_the_subject_if_it_says_so_or_if_the_endpoint_has_answered_others() {
        let new = |facts: &mut FailureFacts| facts.has_answered = false;
        assert_eq!(decided(&missing(About::Subject), new), "gone");
        assert_eq!(decided(&missing(About::Unsaid), |_| {}), "gone");
        assert_eq!(decided(&missing(About::Unsaid), new), "at 110");
        let third = |facts: &mut FailureFacts| (facts.has_answered, facts.attempts) = (false, 2);
        assert_eq!(decided(&missing(About::Unsaid), third), "at 140");
        let last = |facts: &mut FailureFacts| (facts.has_answered, facts.attempts) = (false, 4);
        assert_eq!(decided(&missing(About::Unsaid), last), "failed");
        let many = |facts: &mut FailureFacts| {
            facts.has_answered = false;
            facts.doubts = Doubts {
                jobs: 200,
                answers: 200,
            };
        };
        assert_eq!(decided(&missing(About::Unsaid), many), "release, retire");
        // The feed has no subject, so nothing but the path can be missing.
        let feed = |facts: &mut FailureFacts| {
            (facts.has_subject, facts.has_answered, facts.attempts) = (false, false, 4);
        };
        assert_eq!(decided(&missing(About::Subject), feed), "release, retire");
    }

    #[test]
    fn a_404_of_the_path_retires_only_an_endpoint_that_never_answered_and_only_after_six() {
        let answers = |answers| {
            move |facts: &mut FailureFacts| {
                facts.has_answered = false;
                facts.doubts = Doubts { jobs: 3, answers };
            }
        };
        let path = missing(About::Path);
        assert_eq!(decided(&path, answers(4)), "at 102");
        assert_eq!(decided(&path, answers(5)), "release, retire");
        let last = |facts: &mut FailureFacts| (facts.has_answered, facts.attempts) = (false, 4);
        assert_eq!(decided(&path, last), "release, retire");
        for about in [About::Path, About::Proxy] {
            let error = missing(about);
            assert_eq!(decided(&error, |_| {}), "at 102");
            assert_eq!(
                decided(&error, |facts| facts.others_fail = true),
                "later 102"
            );
            assert_eq!(decided(&error, |facts| facts.attempts = 4), "gone");
            let begun = |facts: &mut FailureFacts| (facts.attempts, facts.had_cursor) = (4, true);
            assert_eq!(
                decided(&error, begun),
                "failed",
                "a walk that has begun is not gone"
            );
        }
    }

    #[test]
    fn a_refusal_is_about_the_subject_if_the_account_is_fine() {
        for status in [401, 403, 451] {
            let named = refused(status, About::Subject);
            let vague = refused(status, About::Unsaid);
            assert_eq!(decided(&named, |_| {}), "denied");
            assert_eq!(decided(&vague, |_| {}), "denied");
            assert_eq!(
                decided(&vague, |facts| facts.has_answered = false),
                "at 110"
            );
            let bad = |facts: &mut FailureFacts| facts.standing = Standing::Refused(why());
            assert_eq!(decided(&named, bad), "release, refused");
            let unknown = |facts: &mut FailureFacts| facts.standing = Standing::Unknown;
            assert_eq!(decided(&named, unknown), "at 110");
        }
        assert_eq!(decided(&refused(403, About::Proxy), |_| {}), "at 102");
    }

    #[test]
    fn without_account_info_three_subjects_in_a_row_refuse_the_account() {
        let error = refused(401, About::Subject);
        let of = |subjects_in_row, was_before, has_page, attempts| {
            move |facts: &mut FailureFacts| {
                facts.standing = Standing::Unoffered;
                facts.attempts = attempts;
                facts.refused = Refused {
                    subjects_in_row,
                    was_before,
                    has_page,
                };
            }
        };
        assert_eq!(decided(&error, of(1, false, false, 0)), "at 102");
        assert_eq!(decided(&error, of(2, false, false, 0)), "at 102");
        assert_eq!(decided(&error, of(3, false, false, 0)), "release, refused");
        assert_eq!(decided(&error, of(1, true, true, 0)), "denied");
        assert_eq!(decided(&error, of(1, false, true, 4)), "denied");
        assert_eq!(decided(&error, of(1, false, false, 4)), "release, refused");
    }

    #[test]
    fn missing_credit_stops_the_run_unless_the_account_says_that_there_is_some() {
        let error = refused(402, About::Subject);
        assert_eq!(decided(&error, |_| {}), "at 102");
        assert_eq!(
            decided(&error, |facts| facts.attempts = 4),
            "release, refused"
        );
        let three = |facts: &mut FailureFacts| facts.refused.subjects_in_row = 3;
        assert_eq!(decided(&error, three), "release, refused");
        let unoffered = |facts: &mut FailureFacts| facts.standing = Standing::Unoffered;
        assert_eq!(decided(&error, unoffered), "release, refused");
    }

    #[test]
    fn a_throttle_and_a_block_are_no_attempt_and_last_as_long_as_asked() {
        let throttled = Error::Throttled {
            after: Some(Duration::from_secs(7)),
        };
        assert_eq!(decided(&throttled, |_| {}), "release");
        let result = after_failure(&throttled, &facts()).result;
        let after = Some(Duration::from_secs(7));
        assert_eq!(result, CallResult::Throttled { after });
        let blocked = Error::Blocked {
            after: Duration::from_secs(30),
            why: why(),
        };
        assert_eq!(decided(&blocked, |facts| facts.attempts = 9), "later 130");
    }
}
