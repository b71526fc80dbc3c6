//! One worker: the way of one page.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::answer::{settlement, unpaid};
use super::decide::{self, Decision, FailureFacts, WalkFacts, Wider};
use super::engine::{Engine, StopCause, lock, now};
use super::plan::Place;
use super::trail::{Trail, item_hashes};
use crate::api::limiter::Verdict;
use crate::api::{self, Asked, Entry, Reply, Request, endpoints, error, retry};
use crate::model::{Harvest, Lease};
use crate::store::{
    Error, Failure, LeaseRequest, Leased, Next, OpenCall, Outcome, PageCommit, Result, Retry,
    Scope, Spent,
};

/// How long a worker without a job rests before it looks again by itself: other processes add jobs without a word.
const REST: Duration = Duration::from_secs(1);

/// What a step came to.
enum Step {
    Worked,
    NothingReady,
}

/// Works until the run stops.
pub async fn work(engine: Arc<Engine>) {
    while !engine.is_stopping() {
        match step(&engine).await {
            Ok(Step::Worked) => {}
            // Whoever took over the job goes on with it.
            Err(Error::LeaseLost) => {
                tracing::warn!("a lease was lost; the job is done by another worker")
            }
            Ok(Step::NothingReady) => tokio::select! {
                () = engine.wake.notified() => {}
                () = tokio::time::sleep(REST) => {}
                () = engine.until_stopped() => {}
            },
            Err(error) => engine.stop(StopCause::Broken(error.to_string())),
        }
    }
}

/// Lease → turn → open call → send → classify → harvest → plan → keep.
async fn step(engine: &Engine) -> Result<Step> {
    let parts = &engine.parts;
    if lock(&engine.day_spent).is_some() {
        return Ok(Step::NothingReady);
    }
    let busy = engine.busy();
    let request = LeaseRequest {
        endpoints: parts.limiter.open_endpoints(&engine.endpoints(), now()),
        buy_known: parts.plan.buy_known(),
        max_depth: parts.plan.max_depth(),
        now: now(),
        until: now() + parts.settings.lease_seconds,
    };
    let lease = match parts.writer.lease(request).await? {
        Leased::Job(lease) => *lease,
        Leased::Nothing { settled: 0 } => return Ok(Step::NothingReady),
        Leased::Nothing { .. } => return Ok(Step::Worked),
    };
    let Some(entry) = endpoints::find(lease.endpoint) else {
        return Err(Error::Database(sqlx::Error::RowNotFound));
    };
    let has_turn = tokio::select! {
        turn = parts.limiter.turn(entry.name, now) => turn.is_ok(),
        () = engine.until_stopped() => false,
    };
    if !has_turn {
        release(engine, &lease, None).await?;
        return Ok(Step::Worked);
    }
    let call_id = match parts
        .writer
        .open_call(open_call(engine, &lease, entry))
        .await
    {
        Ok(call_id) => call_id,
        Err(Error::BudgetSpent(spent)) => {
            parts.limiter.learn(entry.name, Verdict::Neither, now());
            release(engine, &lease, None).await?;
            drop(busy);
            refused_by_budget(engine, &lease, spent).await?;
            return Ok(Step::NothingReady);
        }
        Err(error) => {
            parts.limiter.learn(entry.name, Verdict::Neither, now());
            return Err(error);
        }
    };
    if parts.limiter.resting_since_turn(entry.name, now()) {
        release(engine, &lease, Some(call_id)).await?;
        return Ok(Step::Worked);
    }
    engine.counters.in_flight.fetch_add(1, Ordering::Relaxed);
    let reply = parts.client.call(&request_of(&lease, entry)).await;
    engine.counters.in_flight.fetch_sub(1, Ordering::Relaxed);
    let asked = Asked {
        had_cursor: lease.cursor.is_some(),
        now: now(),
    };
    let read = error::of_reply(&reply, asked, &parts.scrubber).and_then(|body| {
        api::harvest(entry, &lease.subject, body).map_err(|why| api::Error::Malformed {
            at: why.at,
            why: why.why,
        })
    });
    match read {
        Ok(harvest) => keep(engine, lease, entry, call_id, &reply, harvest).await?,
        Err(error) => put_back(engine, &lease, entry, call_id, &reply, &error).await?,
    }
    *lock(&engine.pinched) = None;
    Ok(Step::Worked)
}

fn open_call(engine: &Engine, lease: &Lease, entry: &Entry) -> OpenCall {
    let time = now();
    OpenCall {
        run_id: engine.parts.run.id,
        lease: Some((lease.job_id, lease.fence)),
        seed_id: Some(lease.seed_id),
        endpoint: entry.name,
        subject: lease.subject.clone(),
        cursor: lease.cursor.clone(),
        price: entry.price,
        budget: engine.parts.budget,
        day: super::engine::day(time),
        now: time,
    }
}

fn request_of<'a>(lease: &Lease, entry: &'a Entry) -> Request<'a> {
    let subject = entry.subject.map(|name| (name, lease.subject.clone()));
    let cursor = lease.cursor.clone().map(|cursor| ("cursor", cursor));
    Request::get(entry.path, subject.into_iter().chain(cursor).collect())
}

/// The reply was read: everything of it is kept in one transaction.
async fn keep(
    engine: &Engine,
    lease: Lease,
    entry: &Entry,
    call_id: i64,
    reply: &Reply,
    harvest: Harvest,
) -> Result<()> {
    let parts = &engine.parts;
    parts.limiter.learn(entry.name, Verdict::Well, now());
    let job_id = lease.job_id;
    let mut trail = match engine.take_trail(job_id) {
        Some(trail) => trail,
        None if lease.pages == 0 => Trail::default(),
        None => Trail::of(&parts.store.trail(job_id).await?),
    };
    let next = decide::after_page(&WalkFacts {
        is_paged: entry.is_paged(),
        cursor: harvest.cursor.as_deref(),
        has_more: harvest.has_more,
        cursor_came_before: harvest.cursor.as_deref().is_some_and(|cursor| {
            lease.cursor.as_deref() == Some(cursor) || trail.has_cursor(cursor)
        }),
        has_new_id: trail.has_new(&harvest.items),
        stale_pages: lease.stale_pages,
        pages: lease.pages + 1,
        max_pages: parts.plan.max_pages(entry.name),
    });
    let place = Place {
        endpoint: entry.name,
        subject: &lease.subject,
        depth: lease.depth,
        resolves_name: lease.resolves_name,
        led_to: lease.led_to,
    };
    let admitted = parts.plan.admit(&place, &harvest);
    trail.add(lease.cursor.as_deref(), &harvest.items);
    let goes_on = matches!(next, Next::Page { .. });
    say_what_is_odd(engine, &lease, &harvest);
    say_end(&lease, &next);
    let new_jobs = admitted.jobs.len() + admitted.resolved.len();
    // Jobs that waited for this one's first page are ready now: at most the lists of one user or post.
    let waiters = if lease.pages == 0 { 4 } else { 0 };
    let rows = harvest.row_count();
    let page = PageCommit {
        call_id,
        settlement: settlement(reply, entry.price, None, &parts.scrubber),
        item_hashes: item_hashes(&harvest.items),
        harvest,
        next,
        follow_ups: admitted.jobs,
        resolved: admitted.resolved,
        led_to: admitted.led_to,
        now: now(),
        lease,
    };
    parts.writer.commit_page(page).await?;
    engine.counters.pages.fetch_add(1, Ordering::Relaxed);
    engine
        .counters
        .rows
        .fetch_add(u64::try_from(rows).unwrap_or(0), Ordering::Relaxed);
    if goes_on {
        engine.give_trail_back(job_id, trail);
    }
    engine.wake(new_jobs + waiters);
    Ok(())
}

/// The call failed, or its reply cannot be read: the job goes back, or ends, for a stated reason.
async fn put_back(
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
    // A walk that goes back to its head forgets where it has been.
    drop(engine.take_trail(lease.job_id));
    let is_end = matches!(retry, Retry::End(..));
    let failure = Failure {
        job_id: lease.job_id,
        fence: lease.fence,
        call: Some((
            call_id,
            settlement(reply, entry.price, Some(error.to_string()), &parts.scrubber),
        )),
        retry,
        rest,
        error: error.to_string(),
        now: now(),
    };
    parts.writer.fail(failure).await?;
    match wider {
        Wider::Nothing => {}
        Wider::Retire(why) => {
            engine
                .retire(entry.name, format!("the remote does not offer it: {why}"))
                .await?
        }
        Wider::Refused(why) => engine.stop(StopCause::Refused(why)),
    }
    if is_end {
        engine.wake(4);
    }
    Ok(())
}

/// Gives a job back untried; a call that was opened for it never left.
async fn release(engine: &Engine, lease: &Lease, call_id: Option<i64>) -> Result<()> {
    let why = "the endpoint rests".to_owned();
    let failure = Failure {
        job_id: lease.job_id,
        fence: lease.fence,
        call: call_id.map(|call_id| (call_id, unpaid(Outcome::NeverSent, Some(why.clone())))),
        retry: Retry::Release,
        rest: None,
        error: why,
        now: now(),
    };
    engine.parts.writer.fail(failure).await
}

/// No money for this call. While others are in flight, what they reserved may come back; then it is tried again.
async fn refused_by_budget(engine: &Engine, lease: &Lease, spent: Spent) -> Result<()> {
    match spent.scope {
        Scope::Seed => {
            let stopped = engine
                .parts
                .store
                .stop_seed(lease.seed_id, &spent.to_string(), now())
                .await?;
            tracing::warn!(seed_id = lease.seed_id, stopped, "{spent}");
        }
        Scope::Day if !engine.parts.settings.until_idle => {
            let today = super::engine::day(now());
            let is_news = lock(&engine.day_spent).replace((spent, today)).is_none();
            if is_news {
                tracing::warn!("{spent}; waiting for the next day (UTC)");
            }
        }
        Scope::Day | Scope::Run | Scope::Total => {
            *lock(&engine.pinched) = Some(spent);
            if engine.is_quiet() {
                engine.stop(StopCause::Budget(spent));
            }
        }
    }
    Ok(())
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
