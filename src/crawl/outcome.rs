//! What becomes of a reply: its page is kept, or its job is put back for a stated reason.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

use super::answer::settlement;
use super::decide::{self, Decision, FailureFacts, Wider};
use super::engine::{Engine, StopCause, now};
use crate::api::limiter::Verdict;
use crate::api::{self, Asked, Entry, Reply, error, retry};
use crate::model::{Harvest, Lease};
use crate::store::{Failure, Result, Retry};

/// What a reply gave, or why it gave nothing.
pub(super) fn read(
    engine: &Engine,
    lease: &Lease,
    entry: &Entry,
    reply: &Reply,
) -> std::result::Result<Harvest, api::Error> {
    let asked = Asked {
        had_cursor: lease.cursor.is_some(),
        now: now(),
    };
    let body = error::of_reply(reply, asked, &engine.parts.scrubber)?;
    // A defect in a reader must not end the worker: the reply is kept raw and can be read again.
    let harvest = catch_unwind(AssertUnwindSafe(|| {
        api::harvest(entry, &lease.subject, body)
    }));
    match harvest {
        Ok(Ok(harvest)) => Ok(harvest),
        Ok(Err(why)) => Err(api::Error::Malformed {
            at: why.at,
            why: why.why,
        }),
        Err(_) => Err(api::Error::Malformed {
            at: "the reply".to_owned(),
            why: "its reader failed; please report this".to_owned(),
        }),
    }
}

/// The call failed, or its reply cannot be read: the job goes back, or ends, for a stated reason.
pub(super) async fn put_back(
    engine: &Engine,
    lease: &Lease,
    entry: &Entry,
    call_id: i64,
    reply: &Reply,
    error: &api::Error,
) -> Result<()> {
    let parts = &engine.parts;
    let delay = retry::delay(
        lease.attempts + 1,
        parts.settings.retry_base,
        parts.settings.retry_cap,
        rand::random(),
    );
    let Decision {
        retry,
        verdict,
        wider,
    } = decide::after_failure(
        error,
        &FailureFacts {
            has_subject: entry.subject.is_some(),
            attempts: lease.attempts,
            max_attempts: parts.settings.max_attempts,
            restarts: lease.restarts,
            now: now(),
            was_sent: !matches!(reply, Reply::NeverSent { .. }),
            has_worked: parts.limiter.has_worked(entry.name),
            is_too_large: matches!(reply, Reply::Answered(answer) if answer.body.as_ref().is_err_and(|cut| cut.too_large)),
            delay_seconds: delay.as_secs_f64(),
        },
    );
    parts.limiter.learn(entry.name, verdict, now());
    engine.counters.failures.fetch_add(1, Ordering::Relaxed);
    tracing::debug!(endpoint = entry.name, subject = lease.subject, call_id, %error, "a call failed");
    if let Retry::End(reason, note) = &retry {
        tracing::warn!(endpoint = entry.name, subject = lease.subject, %reason, note, call_id, "a job ended");
    }
    let rest = match verdict {
        Verdict::Throttled { .. } => parts
            .limiter
            .resting(entry.name, now())
            .map(|rest| (entry.name, rest.until)),
        _ => None,
    };
    let is_end = matches!(retry, Retry::End(..));
    let failure = Failure {
        job_id: lease.job_id,
        fence: lease.fence,
        call: Some((
            call_id,
            settlement(
                &parts.packer,
                entry.name,
                reply,
                entry.price,
                Some(error.to_string()),
            ),
        )),
        retry,
        rest,
        error: error.to_string(),
        now: now(),
    };
    // Before the job is ready again, lest another worker takes it and calls what is gone, or with a key that is refused.
    match &wider {
        Wider::Nothing => {}
        Wider::Retire(why) => engine.close(entry.name, &gone(why)),
        Wider::Refused(why) => engine.stop(StopCause::Refused(why.clone())),
    }
    parts.writer.fail(failure).await?;
    if let Wider::Retire(why) = wider {
        engine.retire(entry.name, gone(&why)).await?;
    }
    if is_end {
        engine.wake(4);
    }
    Ok(())
}

fn gone(why: &str) -> String {
    format!("the remote does not offer it: {why}")
}
