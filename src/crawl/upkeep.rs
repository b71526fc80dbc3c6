//! Upkeep: releases due jobs and expired leases, replans after a changed plan, and detects the end of the run.

use std::sync::Arc;
use std::time::Duration;

use super::engine::{Engine, lock};
use super::replan;
use super::stop::{Retired, StopCause};
use crate::store::{Error, Pauses, Result, read};

/// Longest time between two ticks, and the same while nothing is to be done.
const TICK: Duration = Duration::from_millis(250);
const IDLE_TICK: Duration = Duration::from_secs(1);

/// Runs upkeep until the run stops.
pub async fn tend(engine: Arc<Engine>) {
    while !engine.is_stopping() {
        match tick(&engine).await {
            Ok(()) => {}
            // The writer waits for the file, and so does upkeep.
            Err(Error::Unwritable(error)) => {
                tracing::warn!(%error, "upkeep is waiting: the archive cannot be written")
            }
            Err(error) => engine.stop(StopCause::Broken(error.to_string())),
        }
        tokio::select! {
            () = engine.quiet.notified() => {}
            () = tokio::time::sleep(wait(&engine).await) => {}
            () = engine.until_stopped() => {}
        }
    }
}

/// Returns the time until the next job is due, at most a tick.
async fn wait(engine: &Engine) -> Duration {
    let is_idle = engine.is_quiet() && !engine.config().settings.until_idle;
    let tick = if is_idle { IDLE_TICK } else { TICK };
    match read::next_due(engine.parts.store.readers()).await {
        Ok(Some(due)) => {
            Duration::from_secs_f64((due - engine.steady()).clamp(0.005, tick.as_secs_f64()))
        }
        _ => tick,
    }
}

async fn tick(engine: &Engine) -> Result<()> {
    let store = &engine.parts.store;
    store.check_place()?;
    if read::next_due(store.readers())
        .await?
        .is_some_and(|due| due <= engine.steady())
        || read::next_expiry(store.readers())
            .await?
            .is_some_and(|expiry| expiry <= engine.steady())
    {
        let released = store
            .release_due(engine.steady(), &engine.held_jobs())
            .await?;
        engine.wake(usize::try_from(released).unwrap_or(usize::MAX));
    }
    if replan::replan_some(engine).await? {
        engine.wake(64);
    }
    begin_new_day(engine);
    if engine.is_quiet() && !engine.is_held() {
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

/// Decides what follows while all workers are idle: wake them for ready jobs, wait for due ones, or stop the run.
async fn look_for_the_end(engine: &Engine) -> Result<()> {
    let (store, config, pauses) = (&engine.parts.store, engine.config(), engine.pauses());
    let (readers, depth, seeds) = (store.readers(), config.plan.max_depth(), pauses.seeds());
    let endpoints = engine.endpoints();
    let mut unpaused = endpoints.clone();
    unpaused.retain(|endpoint| !pauses.covers_endpoint(endpoint));
    let open = engine
        .parts
        .limiter
        .open_endpoints(&unpaused, engine.steady());
    if read::has_ready(readers, &open, depth, &seeds).await? {
        let budget_hold = *lock(&engine.budget_hold);
        match budget_hold {
            // No call is in flight whose reserved money could become free.
            Some(spent) if engine.is_quiet() => engine.stop(StopCause::Budget(spent)),
            _ => engine.wake.notify_waiters(),
        }
        return Ok(());
    }
    if !config.settings.until_idle || !engine.is_quiet() {
        return Ok(());
    }
    let has_due = match pauses.is_empty() {
        true => read::next_due(readers).await?.is_some(),
        false => read::has_due(readers, &unpaused, &seeds).await?,
    };
    let is_waiting = has_due
        || read::has_ready(readers, &unpaused, depth, &seeds).await?
        || store.next_replan().await?.is_some();
    if is_waiting || !engine.is_quiet() || engine.is_held() {
        return Ok(());
    }
    if !pauses.is_empty()
        && read::work(readers, &endpoints, depth, &Pauses::default(), &[])
            .await?
            .is_some()
    {
        engine.stop(StopCause::Paused);
        return Ok(());
    }
    // Jobs that were added after their endpoint was retired end too. This releases the jobs that waited for them.
    let mut called = endpoints;
    let (failing, unoffered): (Vec<Retired>, Vec<Retired>) = engine
        .retired()
        .into_iter()
        .partition(|retired| retired.is_failing);
    // The next run calls a failing endpoint again, so jobs go on waiting for it.
    called.extend(failing.iter().map(|retired| retired.endpoint));
    let mut ended = store.wait_only_for(&called).await?;
    for Retired { endpoint, why, .. } in unoffered {
        ended += store.retire(endpoint, &why, engine.now()).await?;
    }
    if ended == 0 {
        engine.stop(StopCause::Idle);
    }
    Ok(())
}
