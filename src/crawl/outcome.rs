//! What becomes of a reply: its page is kept, or its job is put back for a stated reason.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

use super::admit::{Admitted, Place};
use super::answer::settlement;
use super::decide::{self, Decision, FailureFacts, WalkFacts, Wider};
use super::engine::{Engine, StopCause, now};
use super::trail::{Trail, item_hashes};
use crate::api::limiter::Verdict;
use crate::api::{self, Asked, Entry, Reply, error, retry};
use crate::model::{Harvest, Lease, StopReason};
use crate::store::{Error, Failure, Next, PageCommit, Result, Retry, Settlement};

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

/// A walk that goes on: the lease of its next page, and where it has been.
pub(super) struct Walk {
    pub(super) lease: Lease,
    pub(super) trail: Trail,
}

/// The reply was read: everything of it is kept in one transaction. Gives the walk where it goes on.
pub(super) async fn keep(
    engine: &Engine,
    walk: Box<Walk>,
    entry: &Entry,
    call_id: i64,
    reply: &Reply,
    harvest: Harvest,
) -> Result<Option<Box<Walk>>> {
    let parts = &engine.parts;
    let Walk { lease, mut trail } = *walk;
    parts.limiter.learn(entry.name, Verdict::Well, now());
    let admitted = parts.plan.admit(&place(&lease, entry), &harvest);
    let next = next(engine, &lease, entry, &harvest, &admitted, &trail);
    trail.add(lease.cursor.as_deref(), &harvest.items);
    say_what_is_odd(engine, &lease, &harvest);
    say_end(&lease, &next);
    let settlement = settlement(&parts.packer, entry.name, reply, entry.price, None);
    // Jobs that waited for this one's first page are ready now: at most the lists of one user or post.
    let waiters = if lease.pages == 0 { 4 } else { 0 };
    let new_jobs = admitted.jobs.len() + waiters;
    let row_count = harvest.row_count();
    let goes_on = lease_of_next(&lease, &next, harvest.items.len(), admitted.led_to);
    let (job_id, fence) = (lease.job_id, lease.fence);
    let page = PageCommit {
        call_id,
        settlement: settlement.clone(),
        item_hashes: item_hashes(&harvest.items),
        harvest,
        next,
        follow_ups: admitted.jobs,
        nested: admitted.nested,
        led_to: admitted.led_to,
        row_count,
        lease_seconds: parts.settings.lease_seconds,
        lease,
    };
    match parts.writer.commit_page(page).await {
        Ok(()) => {}
        Err(Error::Database(error)) => {
            keep_raw(engine, (job_id, fence), call_id, settlement, &error).await?;
            return Ok(None);
        }
        Err(error) => return Err(error),
    }
    parts.training.count(entry.name);
    engine.counters.pages.fetch_add(1, Ordering::Relaxed);
    engine
        .counters
        .rows
        .fetch_add(u64::try_from(row_count).unwrap_or(0), Ordering::Relaxed);
    engine.wake(new_jobs);
    Ok(goes_on.map(|lease| Box::new(Walk { lease, trail })))
}

/// The lease as it stands when this page is kept and there is a next one.
fn lease_of_next(lease: &Lease, next: &Next, items: usize, led_to: u32) -> Option<Lease> {
    let Next::Page {
        cursor,
        stale_pages,
    } = next
    else {
        return None;
    };
    Some(Lease {
        cursor: Some(cursor.clone()),
        pages: lease.pages + 1,
        items: lease
            .items
            .saturating_add(u32::try_from(items).unwrap_or(u32::MAX)),
        attempts: 0,
        stale_pages: *stale_pages,
        led_to,
        ..lease.clone()
    })
}

fn place<'a>(lease: &'a Lease, entry: &Entry) -> Place<'a> {
    Place {
        endpoint: entry.name,
        subject: &lease.subject,
        depth: lease.depth,
        resolves_name: lease.resolves_name,
        led_to: lease.led_to,
    }
}

/// Where the walk goes from here.
fn next(
    engine: &Engine,
    lease: &Lease,
    entry: &Entry,
    harvest: &Harvest,
    admitted: &Admitted,
    trail: &Trail,
) -> Next {
    if lease.resolves_name && !admitted.is_found {
        return Next::End {
            reason: StopReason::Gone,
            note: format!("no user is called exactly {}", lease.subject),
            cursor: None,
        };
    }
    let cursor = harvest.cursor.as_deref();
    decide::after_page(&WalkFacts {
        is_paged: entry.is_paged(),
        cursor,
        has_more: harvest.has_more,
        cursor_came_before: cursor.is_some_and(|cursor| {
            lease.cursor.as_deref() == Some(cursor) || trail.has_cursor(cursor)
        }),
        has_new_id: trail.has_new(&harvest.items),
        stale_pages: lease.stale_pages,
        pages: lease.pages + 1,
        max_pages: engine.parts.plan.max_pages(entry.name),
    })
}

/// The archive refuses the rows of a page. It was paid for: the raw reply is kept, and the job ends by name, so that
/// no other job suffers.
async fn keep_raw(
    engine: &Engine,
    (job_id, fence): (i64, i64),
    call_id: i64,
    settlement: Settlement,
    why: &str,
) -> Result<()> {
    let error = format!("the archive refused the rows of this reply: {why}");
    tracing::error!(call_id, error, "a page is kept raw only");
    let failure = Failure {
        job_id,
        fence,
        call: Some((
            call_id,
            Settlement {
                error: Some(error.clone()),
                ..settlement
            },
        )),
        retry: Retry::End(StopReason::Failed, error.clone()),
        rest: None,
        error,
        now: now(),
    };
    engine.parts.writer.fail(failure).await
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
    // Before the job is ready again, lest another worker takes it and calls what is gone.
    if let Wider::Retire(why) = &wider {
        engine.close(entry.name, &gone(why));
    }
    parts.writer.fail(failure).await?;
    match wider {
        Wider::Nothing => {}
        Wider::Retire(why) => engine.retire(entry.name, gone(&why)).await?,
        Wider::Refused(why) => engine.stop(StopCause::Refused(why)),
    }
    if is_end {
        engine.wake(4);
    }
    Ok(())
}

fn gone(why: &str) -> String {
    format!("the remote does not offer it: {why}")
}

fn say_what_is_odd(engine: &Engine, lease: &Lease, harvest: &Harvest) {
    if let Some(first) = harvest.odd.first() {
        let count = harvest.odd.len();
        engine
            .counters
            .odd_items
            .fetch_add(u64::try_from(count).unwrap_or(0), Ordering::Relaxed);
        tracing::warn!(
            endpoint = lease.endpoint,
            subject = lease.subject,
            count,
            first_at = first.at,
            first_why = first.why,
            "a reply has odd parts; they are kept raw"
        );
    }
}

fn say_end(lease: &Lease, next: &Next) {
    if let Next::End { reason, note, .. } = next
        && !note.is_empty()
    {
        tracing::warn!(endpoint = lease.endpoint, subject = lease.subject, %reason, note, "a walk ended");
    }
}
