//! The table of docs/architecture.md, row by row.

use std::time::Duration;

use super::after_failure;
use crate::api::Error;
use crate::api::error::About;
use crate::api::limiter::{CallResult, Doubts, Refused};
use crate::crawl::evidence::{Escalation, FailureFacts};
use crate::crawl::standing::Standing;
use crate::store::Retry;

/// A first failure at 100 s, of a job whose endpoint works and whose account is fine.
fn facts() -> FailureFacts {
    FailureFacts {
        has_subject: true,
        had_cursor: false,
        is_at_tail: false,
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
        is_first: false,
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
        Retry::Leave => "leave".to_owned(),
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
        move |facts: &mut FailureFacts| (facts.is_charged, facts.charged_answers) = (true, answers)
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
    let at_tail = |facts: &mut FailureFacts| {
        (facts.is_same_status, facts.restarts, facts.is_at_tail) = (true, 1, true);
    };
    assert_eq!(
        decided(&named, at_tail),
        "leave",
        "the walk has its own cursor"
    );
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
        // Others failed after the endpoint's last answer. That answer came after the last attempt of this job.
        let between = |facts: &mut FailureFacts| {
            (facts.attempts, facts.others_fail, facts.is_first) = (4, true, true);
        };
        assert_eq!(decided(&error, between), "gone");
        let begun = |facts: &mut FailureFacts| {
            between(facts);
            facts.had_cursor = true;
        };
        assert_eq!(decided(&error, begun), "later 102");
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
