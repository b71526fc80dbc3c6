//! Settles a failed call and retries, releases or ends its job.

use std::sync::atomic::Ordering;

use super::absent;
use super::account::ask_since;
use super::engine::Engine;
use super::evidence::{Decision, Escalation, FailureFacts};
use super::judge;
use super::read::read_or_default;
use super::seen::Tail;
use super::settle::settlement;
use super::standing::Standing;
use super::stop::StopCause;
use super::walk::{Sent, Walk, log_call};
use crate::api::limiter::{CallReport, CallResult};
use crate::api::{self, Entry, Reply, retry};
use crate::model::{Lease, StopReason};
use crate::store::{Cooling, Failure, Result, Retry, read};

/// Settles a call that failed or whose reply is unreadable. Retries, releases or ends its job.
///
/// # Errors
/// Returns an error if the lease is lost or the archive cannot be written.
pub(super) async fn fail(
    engine: &Engine,
    walk: &Walk,
    entry: &Entry,
    sent: Sent,
    reply: &Reply,
    error: &api::Error,
) -> Result<()> {
    let (parts, lease) = (&engine.parts, &walk.lease);
    let settlement = settlement(
        &parts.packer,
        entry.name,
        reply,
        entry.price,
        Some(error.to_string()),
    );
    let facts = facts(
        engine,
        walk,
        entry,
        sent,
        reply,
        error,
        settlement.charge.0 > 0,
    )
    .await;
    let Decision {
        retry,
        result,
        escalation,
    } = judge::after_failure(error, &facts);
    let why = error.to_string();
    let is_network = matches!(
        error,
        api::Error::Unavailable {
            is_network: true,
            ..
        }
    );
    let report = CallReport {
        job_id: lease.token.job_id,
        began: sent.began,
        is_answer: !is_network,
        result,
        why: &why,
    };
    let doubted = parts.limiter.record(entry.name, &report, engine.steady());
    engine.counters.failures.fetch_add(1, Ordering::Relaxed);
    log_call(engine, lease, sent, reply, Some(&why));
    if let Retry::End(reason, note) = &retry {
        let counters = &engine.counters;
        match reason {
            StopReason::Gone => counters.gone.fetch_add(1, Ordering::Relaxed),
            StopReason::Denied => counters.denied.fetch_add(1, Ordering::Relaxed),
            _ => 0,
        };
        log_end(lease, *reason, note, sent.call_id);
    }
    if matches!(retry, Retry::Restart) {
        tracing::warn!(
            endpoint = lease.endpoint,
            subject = lease.subject,
            pages = lease.pages,
            cost = %(entry.price * i64::from(lease.pages)),
            "the remote refuses the cursor, so the walk begins at its head; what it has seen is bought again"
        );
    }
    if let (Retry::Leave, Some(tail)) = (&retry, walk.seen.tail()) {
        warn_of_left(lease, entry, tail, &why);
    }
    let is_end = matches!(retry, Retry::End(..));
    let failure = Failure {
        token: lease.token,
        gone: absent::after_failure(entry, lease, error, &retry),
        call: Some((sent.call_id, settlement)),
        retry,
        cooling: cooling(engine, entry, result),
        error: why,
        now: engine.now(),
    };
    // This precedes the release of the job. Otherwise another worker could lease it and call a retired endpoint, or use
    // a refused key.
    match &escalation {
        Escalation::Nothing => {}
        Escalation::Retire(why) => engine.retire(entry.name, &gone(why), false),
        Escalation::Refused(why) => engine.stop(StopCause::Refused(why.clone())),
    }
    parts.writer.fail(failure).await?;
    engine.release_doubted(&doubted).await;
    if let Escalation::Retire(why) = escalation {
        engine.end_retired(entry.name, gone(&why)).await?;
    }
    if is_end {
        engine.wake(4);
    }
    Ok(())
}

/// Logs what it costs that the cursor after an earlier pass cannot be followed.
pub(super) fn warn_of_left(lease: &Lease, entry: &Entry, tail: Tail<'_>, why: &str) {
    tracing::warn!(
        endpoint = lease.endpoint,
        subject = lease.subject,
        pages = tail.pages,
        cost = %(entry.price * i64::from(tail.pages)),
        why,
        "the cursor after an earlier pass cannot be followed, so the walk goes through what that pass saw and buys it again"
    );
}

/// Collects the evidence about a failure.
async fn facts(
    engine: &Engine,
    walk: &Walk,
    entry: &Entry,
    sent: Sent,
    reply: &Reply,
    error: &api::Error,
    is_charged: bool,
) -> FailureFacts {
    let lease = &walk.lease;
    let (parts, job_id) = (&engine.parts, lease.token.job_id);
    let (limiter, settings) = (&parts.limiter, engine.config().settings);
    let delay = retry::delay(
        lease.attempts + 1,
        settings.retry_base,
        settings.retry_cap,
        rand::random(),
    );
    let past = read::past_answers(parts.store.readers(), job_id, sent.call_id, lease.attempts);
    let past = read_or_default(past.await);
    let status = match reply {
        Reply::Answered(answer) => Some(i64::from(answer.status)),
        Reply::NeverSent { .. } | Reply::Unknown { .. } => None,
    };
    let is_answer_charged = is_charged && status.is_some();
    let (has_answered, others_fail, is_first, doubts) = limiter.evidence(|policy| {
        (
            policy.has_answered(entry.name),
            policy.others_fail(entry.name, job_id),
            policy.is_first_failure(entry.name, job_id),
            policy.doubts(entry.name),
        )
    });
    let is_refusal = matches!(error, api::Error::Refused { .. });
    let refused = match is_refusal {
        true => limiter.evidence(|policy| policy.refused(job_id)),
        false => Default::default(),
    };
    let is_network = matches!(
        error,
        api::Error::Unavailable {
            is_network: true,
            ..
        }
    );
    let account = match is_refusal || is_network && !limiter.is_reachable(entry.name, sent.began) {
        true if !engine.is_stopping() => ask_since(engine, sent.began).await.ok(),
        _ => None,
    };
    if is_network && let Some(Some(answer)) = &account {
        let why = answer.error.as_ref().map(ToString::to_string);
        let why = why.filter(|_| !answer.is_reachable);
        limiter.probed(answer.asked_at, why.as_deref(), engine.steady());
    }
    FailureFacts {
        has_subject: entry.subject.is_some(),
        had_cursor: lease.cursor.is_some(),
        is_at_tail: walk.seen.tail().is_some(),
        attempts: lease.attempts,
        max_attempts: settings.max_attempts,
        restarts: lease.restarts,
        now: engine.steady(),
        was_sent: !matches!(reply, Reply::NeverSent { .. }),
        is_charged,
        charged_answers: past.charged + u32::from(is_answer_charged),
        max_charged_answers: settings.max_paid_attempts,
        is_same_answer: is_answer_charged
            && past.charged > 0
            && is_same(engine, past.body.as_deref(), reply),
        is_same_status: past.status.is_some() && past.status == status,
        has_answered,
        others_fail,
        is_first,
        is_reachable: limiter.is_reachable(entry.name, sent.began),
        doubts,
        standing: match account {
            Some(None) => Standing::Unoffered,
            Some(Some(answer)) => answer.standing,
            None => Standing::Unknown,
        },
        refused,
        is_too_large: matches!(reply, Reply::Answered(answer) if answer.body.as_ref().is_err_and(|cut| cut.too_large)),
        delay_seconds: delay.as_secs_f64(),
        doubt_seconds: settings
            .breaker_cooldown
            .as_secs_f64()
            .max(delay.as_secs_f64()),
    }
}

/// Returns whether the reply has the same bytes as a stored one. An empty one is not stored.
fn is_same(engine: &Engine, before: Option<&[u8]>, reply: &Reply) -> bool {
    let Reply::Answered(answer) = reply else {
        return false;
    };
    match before {
        None => answer.bytes().is_empty(),
        Some(body) => engine
            .parts
            .packer
            .unpack(body)
            .is_ok_and(|body| body == answer.bytes()),
    }
}

/// Returns the cooldowns that a result began, to be stored for the next run.
fn cooling(engine: &Engine, entry: &Entry, result: CallResult) -> Vec<Cooling> {
    let limiter = &engine.parts.limiter;
    let endpoints = match result {
        CallResult::Blocked { .. } => engine.endpoints(),
        CallResult::Throttled { .. } | CallResult::Failed { .. } => vec![entry.name],
        _ => return Vec::new(),
    };
    let now = engine.steady();
    limiter.evidence(|policy| {
        let cooling = endpoints.into_iter().filter_map(|endpoint| {
            let cooldown = policy.own_cooldown(endpoint, now)?;
            let (cause, why) = policy.why(endpoint);
            Some(Cooling {
                endpoint: endpoint.to_owned(),
                until: cooldown.until,
                cause: cause.as_str().to_owned(),
                why,
            })
        });
        cooling.collect()
    })
}

/// Logs the end of a job. A subject that is gone or denied is no fault.
fn log_end(lease: &Lease, reason: StopReason, note: &str, call_id: i64) {
    if matches!(reason, StopReason::Gone | StopReason::Denied) {
        // The progress and the end of the run report their numbers.
        tracing::debug!(endpoint = lease.endpoint, subject = lease.subject, %reason, note, call_id, "job ended");
    } else {
        tracing::warn!(endpoint = lease.endpoint, subject = lease.subject, %reason, note, call_id, "job ended");
    }
}

fn gone(why: &str) -> String {
    format!("the remote does not offer this endpoint: {why}")
}
