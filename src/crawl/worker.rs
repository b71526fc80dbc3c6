//! A worker: takes one page after another through lease, call and commit.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join;

use super::acquire::{Acquired, acquire};
use super::budget::refused_by_budget;
use super::commit::page_of;
use super::engine::{Engine, lock};
use super::fail::fail;
use super::imported::{Answered, use_imported};
use super::read::{read, without_erased};
use super::settle::settlement;
use super::stop::StopCause;
use super::stored::keep_stored;
use super::walk::{
    ActiveWalk, Sent, give_back, log_call, log_lease_lost, open_call, release, request_of,
    stop_refresh,
};
use crate::api::limiter::{CallReport, CallResult, Permit};
use crate::api::{Entry, Reply, endpoints};
use crate::model::Harvest;
use crate::store::{Error, Result, Scope};

/// Pages after which a worker releases a walk, so that a better ready job comes first.
const PAGES_HELD: u32 = 16;
/// Longest idle time before a worker looks for a job again. Other processes add jobs without a notification.
const IDLE: Duration = Duration::from_secs(1);

/// Result of a step.
pub(super) enum Step<'a> {
    /// The worker holds a walk that has a next page.
    GoesOn(ActiveWalk<'a>),
    Worked,
    NothingReady,
}

/// Runs a worker until the run stops. A worker above the configured number is idle.
pub async fn work(engine: Arc<Engine>, number: u32) {
    let mut held = None;
    while held.is_some() || !engine.is_stopping() {
        if held.is_none() && number >= engine.config().settings.workers {
            idle(&engine).await;
            continue;
        }
        match step(&engine, held.take()).await {
            Ok(Step::GoesOn(walk)) => held = Some(walk),
            Ok(Step::Worked) => {}
            Err(Error::LeaseLost) => log_lease_lost(),
            Ok(Step::NothingReady) => idle(&engine).await,
            // No paid reply is lost here: those wait in the writer.
            Err(Error::Unwritable(error)) => {
                tracing::warn!(%error, "worker is waiting: the archive cannot be written");
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

/// Takes one page through lease → permit → open call → send → read → commit or fail. A held walk skips the lease.
pub(super) async fn step<'a>(
    engine: &'a Arc<Engine>,
    held: Option<ActiveWalk<'a>>,
) -> Result<Step<'a>> {
    let parts = &engine.parts;
    let is_new = held.is_none();
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
        engine.stop(StopCause::Broken(format!(
            "unknown endpoint {name} in the queue: run the soracrawl version that added it"
        )));
        return Ok(Step::Worked);
    };
    if let Some(call_id) = held.walk.lease.raw_call {
        keep_stored(engine, held, entry, call_id).await?;
        return Ok(Step::Worked);
    }
    let held = match use_imported(engine, held, entry).await? {
        Answered::ByRemote(held) if engine.is_offline() => {
            release(engine, &held.walk.lease, None).await?;
            // What leased a new walk found an imported reply: it would be leased again and again.
            return Ok(if is_new {
                Step::NothingReady
            } else {
                Step::Worked
            });
        }
        Answered::ByNothing(held) => {
            engine.live.keep_back(held.walk.lease);
            return Ok(Step::Worked);
        }
        Answered::ByRemote(held) => held,
        Answered::Done(Some(held)) => return Ok(Step::GoesOn(held)),
        Answered::Done(None) => return Ok(Step::Worked),
    };
    let (held, call_id) = match open(engine, held, entry).await? {
        ControlFlow::Continue(opened) => opened,
        ControlFlow::Break(step) => return Ok(step),
    };
    let lease = &held.walk.lease;
    // Checked again, because the run, the endpoint or its cooldown may have changed during the wait for the writer.
    let is_unwanted = engine.is_stopping()
        || engine.is_retired(entry.name)
        || engine.is_paused(entry.name, lease.seed_id)
        || engine.is_disk_full()
        || parts
            .limiter
            .cooling_down_since_permit(entry.name, engine.steady());
    if is_unwanted {
        parts.limiter.unsent(entry.name);
        release(engine, lease, Some(call_id)).await?;
        return Ok(Step::Worked);
    }
    let sent = Sent {
        call_id,
        began: engine.steady(),
    };
    if let Err(gone) = parts.store.check_place() {
        parts.limiter.unsent(entry.name);
        engine.stop(StopCause::Broken(gone.to_string()));
        release(engine, lease, Some(call_id)).await?;
        return Ok(Step::Worked);
    }
    engine.counters.in_flight.fetch_add(1, Ordering::Relaxed);
    let reply = parts.client.call(&request_of(engine, lease, entry)).await;
    engine.counters.in_flight.fetch_sub(1, Ordering::Relaxed);
    let (reply, whole) = without_erased(&engine.people(), &lease.subject, reply);
    let step = match read(engine, lease, entry, &reply, whole) {
        Ok(harvest) => {
            log_call(engine, lease, sent, &reply, None);
            let report = CallReport {
                job_id: lease.token.job_id,
                began: sent.began,
                is_answer: true,
                result: CallResult::Success,
                why: "",
            };
            let doubted = parts.limiter.record(entry.name, &report, engine.steady());
            engine.release_doubted(&doubted).await;
            match commit(engine, held, entry, call_id, reply, harvest).await? {
                Some(held) => Step::GoesOn(held),
                None => Step::Worked,
            }
        }
        Err(error) => {
            fail(engine, &held.walk, entry, sent, &reply, &error).await?;
            Step::Worked
        }
    };
    *lock(&engine.budget_hold) = None;
    Ok(step)
}

/// Waits for a permit and opens the call, unless it is already open. Releases the job if the call may not be sent.
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
        () = engine.until_held() => false,
        turn = parts.limiter.turn(entry.name, held.permit, || engine.steady()) => turn.is_ok(),
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
            parts.limiter.unsent(entry.name);
            let Error::BudgetSpent(spent) = error else {
                return Err(error);
            };
            match spent.scope {
                Scope::Refresh => stop_refresh(engine, lease, spent).await?,
                _ => release(engine, lease, None).await?,
            }
            let ActiveWalk { busy, walk, .. } = held;
            drop(busy);
            refused_by_budget(engine, &walk.lease, spent).await?;
            Ok(ControlFlow::Break(Step::NothingReady))
        }
    }
}

/// Commits a page in one transaction, and opens the next call in the same transaction if possible.
/// Returns the walk that the worker continues with.
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
    let settlement = settlement(&parts.packer, entry.name, &reply, entry.price, None);
    // Frees memory: pages that wait for the writer keep only what is to be stored.
    drop(reply);
    let (page, kept, walk) = page_of(engine, *walk, entry, call_id, settlement, harvest).await;
    // Requests that reach the writer together share a transaction. A refused page does not affect the others.
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
    let is_to_be_released = walk.lease.pages.is_multiple_of(PAGES_HELD)
        || engine.is_paused(entry.name, walk.lease.seed_id);
    let permit = match is_to_be_released || engine.is_stopping() || engine.has_imported() {
        true => Permit::None,
        false => parts.limiter.try_permit(entry.name, engine.steady()),
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
            // The lease ended with the page, so a failed release is harmless. This only settles the call.
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
