//! One worker: the way of one page.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::answer::unpaid;
use super::begin::{Begun, Held, begin, give_back, open_call};
use super::engine::{Engine, StopCause, day, lock, now};
use super::keep::keep;
use super::outcome::{put_back, read};
use crate::api::limiter::Verdict;
use crate::api::{Entry, Request, endpoints};
use crate::model::Lease;
use crate::store::{Error, Failure, Outcome, Result, Retry, Scope, Spent};

/// How long a worker without a job rests before it looks again by itself: other processes add jobs without a word.
const REST: Duration = Duration::from_secs(1);

/// What a step came to.
enum Step<'a> {
    /// There is a next page, of this walk or of another.
    GoesOn(Held<'a>),
    Worked,
    NothingReady,
}

/// Works until the run stops.
pub async fn work(engine: Arc<Engine>) {
    let mut held = None;
    while held.is_some() || !engine.is_stopping() {
        match step(&engine, held.take()).await {
            Ok(Step::GoesOn(walk)) => held = Some(walk),
            Ok(Step::Worked) => {}
            Err(Error::LeaseLost) => say_lease_lost(),
            Ok(Step::NothingReady) => rest(&engine).await,
            // Nothing was sent yet: what is paid for waits in the writer, not here.
            Err(Error::Unwritable(error)) => {
                tracing::warn!(%error, "a worker waits for the archive");
                rest(&engine).await;
            }
            Err(error) => engine.stop(StopCause::Broken(error.to_string())),
        }
    }
}

/// Whoever took over the job goes on with it.
pub(super) fn say_lease_lost() {
    tracing::warn!("a lease was lost; the job is done by another worker");
}

async fn rest(engine: &Engine) {
    tokio::select! {
        () = engine.wake.notified() => {}
        () = tokio::time::sleep(REST) => {}
        () = engine.until_stopped() => {}
    }
}

/// Lease → turn → open call → send → read → keep or put back. What is held has some of it behind it.
async fn step<'a>(engine: &'a Arc<Engine>, held: Option<Held<'a>>) -> Result<Step<'a>> {
    let parts = &engine.parts;
    let held = match held {
        Some(held) => held,
        None => match begin(engine).await? {
            Begun::Walk(held) => held,
            Begun::Settled => return Ok(Step::Worked),
            Begun::Nothing => return Ok(Step::NothingReady),
        },
    };
    let name = held.walk.lease.endpoint;
    let Some(entry) = endpoints::find(name) else {
        engine.stop(StopCause::Broken(format!("there is no endpoint {name}")));
        return Ok(Step::Worked);
    };
    let (held, call_id) = match open(engine, held, entry).await? {
        ControlFlow::Continue(opened) => opened,
        ControlFlow::Break(step) => return Ok(step),
    };
    let lease = &held.walk.lease;
    // What became known while the writer was waited for.
    let is_unwanted = engine.is_stopping()
        || engine.is_closed(entry.name)
        || parts.limiter.resting_since_turn(entry.name, now());
    if is_unwanted {
        parts.limiter.learn(entry.name, Verdict::Neither, now());
        release(engine, lease, Some(call_id)).await?;
        return Ok(Step::Worked);
    }
    engine.counters.in_flight.fetch_add(1, Ordering::Relaxed);
    let reply = parts.client.call(&request_of(lease, entry)).await;
    engine.counters.in_flight.fetch_sub(1, Ordering::Relaxed);
    let step = match read(engine, lease, entry, &reply) {
        Ok(harvest) => match keep(engine, held, entry, call_id, reply, harvest).await? {
            Some(held) => Step::GoesOn(held),
            None => Step::Worked,
        },
        Err(error) => {
            put_back(engine, lease, entry, call_id, &reply, &error).await?;
            Step::Worked
        }
    };
    *lock(&engine.pinched) = None;
    Ok(step)
}

/// Waits for the call's turn and writes it down, unless that was done before. Where it may not be sent, the job is given back.
async fn open<'a>(
    engine: &Engine,
    held: Held<'a>,
    entry: &Entry,
) -> Result<ControlFlow<Step<'a>, (Held<'a>, i64)>> {
    if let Some(call_id) = held.call_id {
        return Ok(ControlFlow::Continue((held, call_id)));
    }
    let (parts, lease) = (&engine.parts, &held.walk.lease);
    let has_turn = tokio::select! {
        biased;
        () = engine.until_stopped() => false,
        turn = parts.limiter.turn(entry.name, held.standing, now) => turn.is_ok(),
    };
    if !has_turn {
        give_back(engine, Some((entry.name, held.standing)));
        release(engine, lease, None).await?;
        return Ok(ControlFlow::Break(Step::Worked));
    }
    let opened = parts
        .writer
        .open_call(open_call(engine, lease, entry))
        .await;
    match opened {
        Ok(call_id) => Ok(ControlFlow::Continue((held, call_id))),
        Err(error) => {
            parts.limiter.learn(entry.name, Verdict::Neither, now());
            let Error::BudgetSpent(spent) = error else {
                return Err(error);
            };
            release(engine, lease, None).await?;
            let Held { busy, walk, .. } = held;
            drop(busy);
            refused_by_budget(engine, &walk.lease, spent).await?;
            Ok(ControlFlow::Break(Step::NothingReady))
        }
    }
}

fn request_of<'a>(lease: &Lease, entry: &'a Entry) -> Request<'a> {
    let subject = entry.subject.map(|name| (name, lease.subject.clone()));
    let cursor = lease.cursor.clone().map(|cursor| ("cursor", cursor));
    Request::get(entry.path, subject.into_iter().chain(cursor).collect())
}

/// Gives a job back untried; a call that was opened for it never left.
pub(super) async fn release(engine: &Engine, lease: &Lease, call_id: Option<i64>) -> Result<()> {
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
        // What others in flight have reserved of it may come back.
        Scope::Seed if !engine.is_quiet() => {}
        Scope::Seed => {
            let stopped = engine
                .parts
                .store
                .stop_seed(lease.seed_id, &spent.to_string(), now())
                .await?;
            tracing::warn!(seed_id = lease.seed_id, stopped, "{spent}");
        }
        Scope::Day if !engine.parts.settings.until_idle => {
            let today = day(now());
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
