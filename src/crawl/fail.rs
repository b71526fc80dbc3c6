//! Settles a failed call and retries, releases or ends its job.

use std::sync::atomic::Ordering;

use super::decide::{self, Decision, Escalation, FailureFacts};
use super::engine::{Engine, StopCause};
use super::settle::settlement;
use crate::api::limiter::CallResult;
use crate::api::{self, Entry, Reply, retry};
use crate::model::Lease;
use crate::store::{Failure, Result, Retry};

/// Settles a call that failed or whose reply is unreadable. Retries, releases or ends its job.
///
/// # Errors
/// Returns an error if the lease is lost or the archive cannot be written.
pub(super) async fn fail(
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
        result,
        escalation,
    } = decide::after_failure(
        error,
        &FailureFacts {
            has_subject: entry.subject.is_some(),
            attempts: lease.attempts,
            max_attempts: parts.settings.max_attempts,
            restarts: lease.restarts,
            now: engine.now(),
            was_sent: !matches!(reply, Reply::NeverSent { .. }),
            has_worked: parts.limiter.has_worked(entry.name),
            is_too_large: matches!(reply, Reply::Answered(answer) if answer.body.as_ref().is_err_and(|cut| cut.too_large)),
            delay_seconds: delay.as_secs_f64(),
        },
    );
    parts.limiter.record(entry.name, result, engine.now());
    engine.counters.failures.fetch_add(1, Ordering::Relaxed);
    tracing::debug!(endpoint = entry.name, subject = lease.subject, call_id, %error, "call failed");
    if let Retry::End(reason, note) = &retry {
        tracing::warn!(endpoint = entry.name, subject = lease.subject, %reason, note, call_id, "job ended");
    }
    let cooldown = match result {
        CallResult::Throttled { .. } => parts
            .limiter
            .cooldown(entry.name, engine.now())
            .map(|cooldown| (entry.name, cooldown.until)),
        _ => None,
    };
    let is_end = matches!(retry, Retry::End(..));
    let failure = Failure {
        token: lease.token,
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
        cooldown,
        error: error.to_string(),
        now: engine.now(),
    };
    // This precedes the release of the job. Otherwise another worker could lease it and call a retired endpoint, or use
    // a refused key.
    match &escalation {
        Escalation::Nothing => {}
        Escalation::Retire(why) => engine.retire(entry.name, &gone(why)),
        Escalation::Refused(why) => engine.stop(StopCause::Refused(why.clone())),
    }
    parts.writer.fail(failure).await?;
    if let Escalation::Retire(why) = escalation {
        engine.end_retired(entry.name, gone(&why)).await?;
    }
    if is_end {
        engine.wake(4);
    }
    Ok(())
}

fn gone(why: &str) -> String {
    format!("the remote does not offer this endpoint: {why}")
}
