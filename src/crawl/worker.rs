//! One worker: the way of one page.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join;

use super::acquire::{Acquired, acquire};
use super::commit::page_of;
use super::engine::{Engine, StopCause, lock};
use super::fail::fail;
use super::read::read;
use super::walk::{ActiveWalk, give_back, log_lease_lost, open_call, release, request_of};
use crate::api::limiter::{CallResult, Permit};
use crate::api::{Entry, Reply, endpoints};
use crate::model::{Harvest, Lease};
use crate::store::{Error, Result, Scope, Spent};

/// Pages of a walk after which its worker looks whether something better has become ready.
const PAGES_HELD: u32 = 16;
/// How long a worker without a job cooldowns before it looks again by itself: other processes add jobs without a word.
const IDLE: Duration = Duration::from_secs(1);

/// What a step came to.
enum Step<'a> {
    /// There is a next page, of this walk or of another.
    GoesOn(ActiveWalk<'a>),
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
            Err(Error::LeaseLost) => log_lease_lost(),
            Ok(Step::NothingReady) => idle(&engine).await,
            // Nothing was sent yet: what is paid for waits in the writer, not here.
            Err(Error::Unwritable(error)) => {
                tracing::warn!(%error, "a worker waits for the archive");
                idle(&engine).await;
            }
            Err(error) => engine.stop(StopCause::Broken(error.to_string())),
        }
    }
}

async fn idle(engine: &Engine) {
    tokio::select! {
        () = engine.wake.notified() => {}
        () = tokio::time::sleep(IDLE) => {}
        () = engine.until_stopped() => {}
    }
}

/// Lease → turn → open call → send → read → keep or put back. What is held has some of it behind it.
async fn step<'a>(engine: &'a Arc<Engine>, held: Option<ActiveWalk<'a>>) -> Result<Step<'a>> {
    let parts = &engine.parts;
    let held = match held {
        Some(held) => held,
        None => match acquire(engine).await? {
            Acquired::Walk(held) => held,
            Acquired::Settled => return Ok(Step::Worked),
            Acquired::Nothing => return Ok(Step::NothingReady),
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
        || engine.is_retired(entry.name)
        || parts
            .limiter
            .cooling_down_since_permit(entry.name, engine.now());
    if is_unwanted {
        parts
            .limiter
            .record(entry.name, CallResult::Ignored, engine.now());
        release(engine, lease, Some(call_id)).await?;
        return Ok(Step::Worked);
    }
    engine.counters.in_flight.fetch_add(1, Ordering::Relaxed);
    let reply = parts.client.call(&request_of(lease, entry)).await;
    engine.counters.in_flight.fetch_sub(1, Ordering::Relaxed);
    let step = match read(engine, lease, entry, &reply) {
        Ok(harvest) => {
            parts
                .limiter
                .record(entry.name, CallResult::Success, engine.now());
            match commit(engine, held, entry, call_id, reply, harvest).await? {
                Some(held) => Step::GoesOn(held),
                None => Step::Worked,
            }
        }
        Err(error) => {
            fail(engine, lease, entry, call_id, &reply, &error).await?;
            Step::Worked
        }
    };
    *lock(&engine.budget_hold) = None;
    Ok(step)
}

/// Waits for the call's turn and writes it down, unless that was done before. Where it may not be sent, the job is given back.
async fn open<'a>(
    engine: &Engine,
    held: ActiveWalk<'a>,
    entry: &Entry,
) -> Result<ControlFlow<Step<'a>, (ActiveWalk<'a>, i64)>> {
    if let Some(call_id) = held.call_id {
        return Ok(ControlFlow::Continue((held, call_id)));
    }
    let (parts, lease) = (&engine.parts, &held.walk.lease);
    let has_permit = tokio::select! {
        biased;
        () = engine.until_stopped() => false,
        turn = parts.limiter.turn(entry.name, held.permit, || engine.now()) => turn.is_ok(),
    };
    if !has_permit {
        give_back(engine, Some((entry.name, held.permit)));
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
            parts
                .limiter
                .record(entry.name, CallResult::Ignored, engine.now());
            let Error::BudgetSpent(spent) = error else {
                return Err(error);
            };
            release(engine, lease, None).await?;
            let ActiveWalk { busy, walk, .. } = held;
            drop(busy);
            refused_by_budget(engine, &walk.lease, spent).await?;
            Ok(ControlFlow::Break(Step::NothingReady))
        }
    }
}

/// The reply was read: everything of it is kept in one transaction, and what comes next begins in the same, where it can.
/// Gives the walk with which its worker goes on.
async fn commit<'a>(
    engine: &'a Arc<Engine>,
    held: ActiveWalk<'a>,
    entry: &Entry,
    call_id: i64,
    reply: Reply,
    harvest: Harvest,
) -> Result<Option<ActiveWalk<'a>>> {
    let parts = &engine.parts;
    let ActiveWalk { busy, walk, .. } = held;
    let (page, kept, walk) = page_of(engine, *walk, entry, call_id, &reply, harvest);
    // Pages wait for the writer with what is to be kept of them, and with no more.
    drop(reply);
    // What is asked of the writer together goes into one transaction; a page that is refused takes nobody with it.
    let page = parts.writer.commit_page(page);
    let Some(walk) = walk else {
        let another = async {
            match engine.is_stopping() {
                true => Ok(Acquired::Nothing),
                false => acquire(engine).await,
            }
        };
        let (page, another) = join(page, another).await;
        kept.conclude(engine, page).await?;
        drop(busy);
        return Ok(match another? {
            Acquired::Walk(held) => Some(held),
            Acquired::Settled | Acquired::Nothing => None,
        });
    };
    let is_to_be_released = walk.lease.pages.is_multiple_of(PAGES_HELD);
    let permit = match is_to_be_released || engine.is_stopping() {
        true => Permit::None,
        false => parts.limiter.try_permit(entry.name, engine.now()),
    };
    let opened = async {
        match permit {
            Permit::Full => {
                let call = open_call(engine, &walk.lease, entry);
                parts.writer.open_call(call).await.ok()
            }
            _ => None,
        }
    };
    let (page, call_id) = join(page, opened).await;
    let is_kept = kept.conclude(engine, page).await;
    if !matches!(is_kept, Ok(true)) {
        give_back(engine, Some((entry.name, permit)));
        if call_id.is_some() {
            // The lease is gone with the page; what counts is that the call is settled.
            let _ = release(engine, &walk.lease, call_id).await;
        }
        return is_kept.map(|_| None);
    }
    if is_to_be_released {
        release(engine, &walk.lease, None).await?;
        return Ok(None);
    }
    Ok(Some(ActiveWalk {
        busy,
        walk: Box::new(walk),
        permit,
        call_id,
    }))
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
                .stop_seed(lease.seed_id, &spent.to_string(), engine.now())
                .await?;
            tracing::warn!(seed_id = lease.seed_id, stopped, "{spent}");
        }
        Scope::Day if !engine.parts.settings.until_idle => {
            let today = engine.parts.clock.today();
            let is_news = lock(&engine.day_budget_exhausted)
                .replace((spent, today))
                .is_none();
            if is_news {
                tracing::warn!("{spent}; waiting for the next day (UTC)");
            }
        }
        Scope::Day | Scope::Run | Scope::Total => {
            *lock(&engine.budget_hold) = Some(spent);
            if engine.is_quiet() {
                engine.stop(StopCause::Budget(spent));
            }
        }
    }
    Ok(())
}
