//! One worker: the way of one page.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::answer::unpaid;
use super::engine::{Busy, Engine, StopCause, day, lock, now};
use super::outcome::{Walk, keep, put_back, read};
use super::trail::Trail;
use crate::api::limiter::Verdict;
use crate::api::{Entry, Request, endpoints};
use crate::model::Lease;
use crate::store::{
    Error, Failure, LeaseRequest, Leased, OpenCall, Outcome, Result, Retry, Scope, Spent,
};

/// How long a worker without a job rests before it looks again by itself: other processes add jobs without a word.
const REST: Duration = Duration::from_secs(1);

/// Pages of a walk after which its worker looks whether something better has become ready.
const PAGES_HELD: u32 = 16;

/// What a step came to.
enum Step<'a> {
    /// A page of a walk was kept; the same worker goes on with the next one.
    GoesOn(Busy<'a>, Box<Walk>),
    Worked,
    NothingReady,
}

/// Works until the run stops.
pub async fn work(engine: Arc<Engine>) {
    let mut held = None;
    while held.is_some() || !engine.is_stopping() {
        match step(&engine, held.take()).await {
            Ok(Step::GoesOn(busy, walk)) => held = Some((busy, walk)),
            Ok(Step::Worked) => {}
            // Whoever took over the job goes on with it.
            Err(Error::LeaseLost) => {
                tracing::warn!("a lease was lost; the job is done by another worker");
            }
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

async fn rest(engine: &Engine) {
    tokio::select! {
        () = engine.wake.notified() => {}
        () = tokio::time::sleep(REST) => {}
        () = engine.until_stopped() => {}
    }
}

/// Lease → turn → open call → send → read → keep or put back. A walk that is held needs no new lease.
async fn step<'a>(engine: &'a Engine, held: Option<(Busy<'a>, Box<Walk>)>) -> Result<Step<'a>> {
    let parts = &engine.parts;
    let (busy, walk) = match held {
        Some(held) => held,
        None => match begin(engine).await? {
            Begun::Walk(busy, walk) => (busy, walk),
            Begun::Settled => return Ok(Step::Worked),
            Begun::Nothing => return Ok(Step::NothingReady),
        },
    };
    let lease = &walk.lease;
    let Some(entry) = endpoints::find(lease.endpoint) else {
        engine.stop(StopCause::Broken(format!(
            "there is no endpoint {}",
            lease.endpoint
        )));
        return Ok(Step::Worked);
    };
    let has_turn = tokio::select! {
        biased;
        () = engine.until_stopped() => false,
        turn = parts.limiter.turn(entry.name, now) => turn.is_ok(),
    };
    if !has_turn {
        release(engine, lease, None).await?;
        return Ok(Step::Worked);
    }
    let opened = parts
        .writer
        .open_call(open_call(engine, lease, entry))
        .await;
    let call_id = match opened {
        Ok(call_id) => call_id,
        Err(error) => {
            parts.limiter.learn(entry.name, Verdict::Neither, now());
            let Error::BudgetSpent(spent) = error else {
                return Err(error);
            };
            release(engine, lease, None).await?;
            drop(busy);
            refused_by_budget(engine, lease, spent).await?;
            return Ok(Step::NothingReady);
        }
    };
    if parts.limiter.resting_since_turn(entry.name, now()) {
        parts.limiter.learn(entry.name, Verdict::Neither, now());
        release(engine, lease, Some(call_id)).await?;
        return Ok(Step::Worked);
    }
    engine.counters.in_flight.fetch_add(1, Ordering::Relaxed);
    let reply = parts.client.call(&request_of(lease, entry)).await;
    engine.counters.in_flight.fetch_sub(1, Ordering::Relaxed);
    let step = match read(engine, lease, entry, &reply) {
        Ok(harvest) => {
            let walk = keep(engine, walk, entry, call_id, &reply, harvest).await?;
            match walk {
                Some(walk) if walk.lease.pages.is_multiple_of(PAGES_HELD) => {
                    release(engine, &walk.lease, None).await?;
                    Step::Worked
                }
                Some(walk) => Step::GoesOn(busy, walk),
                None => Step::Worked,
            }
        }
        Err(error) => {
            put_back(engine, lease, entry, call_id, &reply, &error).await?;
            Step::Worked
        }
    };
    *lock(&engine.pinched) = None;
    Ok(step)
}

/// What a worker found to do.
enum Begun<'a> {
    Walk(Busy<'a>, Box<Walk>),
    /// Jobs that turned out to be needless.
    Settled,
    Nothing,
}

async fn begin(engine: &Engine) -> Result<Begun<'_>> {
    let parts = &engine.parts;
    // While a budget has no room, only the end of a call in flight can make some: whoever leased a job now would stand in
    // line for nothing, and the run would never come to rest.
    if lock(&engine.day_spent).is_some() || lock(&engine.pinched).is_some() {
        return Ok(Begun::Nothing);
    }
    let mut busy = engine.busy();
    let request = LeaseRequest {
        endpoints: parts.limiter.open_endpoints(&engine.endpoints(), now()),
        buy_known: parts.plan.buy_known(),
        max_depth: parts.plan.max_depth(),
        lease_seconds: parts.settings.lease_seconds,
    };
    let lease = match parts.writer.lease(request).await? {
        Leased::Job(lease) => *lease,
        Leased::Nothing { settled: 0 } => return Ok(Begun::Nothing),
        Leased::Nothing { .. } => return Ok(Begun::Settled),
    };
    busy.holds(lease.job_id);
    // Where the walk has been is read before anything is paid for, so that a failure to read it costs nothing.
    let trail = match lease.pages {
        0 => Trail::default(),
        _ => Trail::of(&parts.store.trail(lease.job_id).await?),
    };
    Ok(Begun::Walk(busy, Box::new(Walk { lease, trail })))
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
        day: day(time),
        now: time,
    }
}

fn request_of<'a>(lease: &Lease, entry: &'a Entry) -> Request<'a> {
    let subject = entry.subject.map(|name| (name, lease.subject.clone()));
    let cursor = lease.cursor.clone().map(|cursor| ("cursor", cursor));
    Request::get(entry.path, subject.into_iter().chain(cursor).collect())
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
