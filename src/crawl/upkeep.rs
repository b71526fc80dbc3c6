//! Upkeep: what nobody else would do. Due jobs become ready, lost leases come back, changed plans are followed, and
//! somebody notices that nothing is left.

use std::sync::Arc;
use std::time::Duration;

use super::engine::{Engine, StopCause, lock};
use super::replan;
use crate::store::{Error, Result, read};

/// How often upkeep looks when nothing tells it to.
const TICK: Duration = Duration::from_millis(250);
/// Fruitless trips of an endpoint's breaker after which a run that wants to end gives the endpoint up.
const TRIPS_TO_GIVE_UP: u32 = 3;

/// Tends the run until it stops.
pub async fn tend(engine: Arc<Engine>) {
    while !engine.is_stopping() {
        match tick(&engine).await {
            Ok(()) => {}
            // The writer waits for the file; so does upkeep.
            Err(Error::Unwritable(error)) => tracing::warn!(%error, "upkeep waits for the archive"),
            Err(error) => engine.stop(StopCause::Broken(error.to_string())),
        }
        tokio::select! {
            () = engine.quiet.notified() => {}
            () = tokio::time::sleep(wait(&engine).await) => {}
            () = engine.until_stopped() => {}
        }
    }
}

/// Until the next job is due, but no longer than a tick.
async fn wait(engine: &Engine) -> Duration {
    match read::next_due(engine.parts.store.readers()).await {
        Ok(Some(due)) => {
            Duration::from_secs_f64((due - engine.now()).clamp(0.005, TICK.as_secs_f64()))
        }
        _ => TICK,
    }
}

async fn tick(engine: &Engine) -> Result<()> {
    let store = &engine.parts.store;
    if read::next_due(store.readers())
        .await?
        .is_some_and(|due| due <= engine.now())
        || read::next_expiry(store.readers())
            .await?
            .is_some_and(|expiry| expiry <= engine.now())
    {
        let released = store.release_due(engine.now(), &engine.held_jobs()).await?;
        engine.wake(usize::try_from(released).unwrap_or(usize::MAX));
    }
    if replan::replan_some(engine).await? {
        engine.wake(64);
    }
    begin_new_day(engine);
    for endpoint in engine.endpoints() {
        if engine.parts.limiter.is_doubtful(endpoint) {
            let why = "it never gave a page, and says of one subject after another that it is gone";
            engine.end_retired(endpoint, why.to_owned()).await?;
            store.doubt_gone(endpoint, why).await?;
        }
    }
    if engine.parts.settings.until_idle {
        give_up_broken_endpoints(engine).await?;
    }
    if engine.is_quiet() {
        look_for_the_end(engine).await?;
    }
    Ok(())
}

fn begin_new_day(engine: &Engine) {
    let mut day_budget_exhausted = lock(&engine.day_budget_exhausted);
    if day_budget_exhausted
        .as_ref()
        .is_some_and(|(_, spent_on)| *spent_on != engine.parts.clock.today())
    {
        *day_budget_exhausted = None;
        engine.wake.notify_waiters();
    }
}

async fn give_up_broken_endpoints(engine: &Engine) -> Result<()> {
    for endpoint in engine.endpoints() {
        let trips = engine.parts.limiter.fruitless_trips(endpoint);
        if trips > TRIPS_TO_GIVE_UP {
            engine
                .end_retired(endpoint, format!("it kept failing through {trips} pauses"))
                .await?;
        }
    }
    Ok(())
}

/// All workers rest. Either there is work that they have not seen, or something to wait for, or this is the end.
async fn look_for_the_end(engine: &Engine) -> Result<()> {
    let (store, plan) = (&engine.parts.store, &engine.parts.plan);
    let endpoints = engine.endpoints();
    let open = engine
        .parts
        .limiter
        .open_endpoints(&endpoints, engine.now());
    let has_ready = read::has_ready(store.readers(), &open, plan.max_depth()).await?;
    if has_ready {
        let budget_hold = *lock(&engine.budget_hold);
        match budget_hold {
            // Nothing is in flight that could give money back.
            Some(spent) if engine.is_quiet() => engine.stop(StopCause::Budget(spent)),
            _ => engine.wake.notify_waiters(),
        }
        return Ok(());
    }
    if !engine.parts.settings.until_idle || !engine.is_quiet() {
        return Ok(());
    }
    let is_waiting = read::next_due(store.readers()).await?.is_some()
        || read::has_ready(store.readers(), &endpoints, plan.max_depth()).await?
        || store.next_replan().await?.is_some();
    if is_waiting || !engine.is_quiet() {
        return Ok(());
    }
    // Jobs of a stopped endpoint that were found since end like the others; whoever waited for them goes on.
    let mut ended = store.wait_only_for(&endpoints).await?;
    for (endpoint, why) in engine.retired() {
        ended += store.retire(endpoint, &why, engine.now()).await?;
    }
    if ended == 0 {
        engine.stop(StopCause::Idle);
    }
    Ok(())
}
