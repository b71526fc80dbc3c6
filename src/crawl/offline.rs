//! Carries on jobs without the remote, as far as imported replies reach.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::future::join_all;

use super::engine::Engine;
use super::imported::look_for_imported;
use super::replan;
use super::walk::{log_lease_lost, release};
use super::worker::{Step, step};
use crate::store::{Error, Result};

/// Jobs that are carried on at the same time, so that their pages share transactions.
const TOGETHER: usize = 16;

/// Carries on all jobs whose next pages were imported, without a call. Returns the number of pages that they took.
///
/// # Errors
/// Returns an error if the archive cannot be read or written.
pub async fn without_remote(engine: &Arc<Engine>) -> Result<u64> {
    look_for_imported(engine).await?;
    engine.live.set_offline(true);
    let before = engine.counters.pages.load(Ordering::Relaxed);
    loop {
        let taken = take_all(engine).await;
        let had_kept_back = release_kept_back(engine).await;
        taken?;
        // No reply of a leased job is planned again.
        if !had_kept_back? || engine.is_stopping() || !replan::replan_some(engine).await? {
            break;
        }
    }
    engine.live.set_offline(false);
    Ok(engine.counters.pages.load(Ordering::Relaxed) - before)
}

/// Carries on jobs until none has an imported page that can be read.
async fn take_all(engine: &Arc<Engine>) -> Result<()> {
    let mut holds = engine.live.holds();
    while engine.has_imported() && !engine.is_stopping() {
        // Each hold ends, whatever comes of the request.
        let _ = holds.wait_for(|is_held| !is_held).await;
        let worked = join_all((0..TOGETHER).map(|_| work(engine))).await;
        let worked = worked.into_iter().collect::<Result<Vec<bool>>>()?;
        let replanned = replan::replan_some(engine).await?;
        // During a hold no job is leased or planned again, so finding none says nothing.
        let was_held = holds.has_changed().unwrap_or(false);
        if !replanned && !worked.contains(&true) && !was_held {
            break;
        }
    }
    Ok(())
}

/// Releases the jobs whose imported replies cannot be read. Returns whether there were any.
async fn release_kept_back(engine: &Engine) -> Result<bool> {
    let leases = engine.live.take_kept_back();
    for some in leases.chunks(TOGETHER) {
        let released = join_all(some.iter().map(|lease| release(engine, lease, None))).await;
        for result in released {
            match result {
                // An operator ended the job.
                Ok(()) | Err(Error::LeaseLost) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(!leases.is_empty())
}

/// Works until no job has an imported page. Returns whether there was any work.
async fn work(engine: &Arc<Engine>) -> Result<bool> {
    let (mut held, mut has_worked) = (None, false);
    loop {
        if engine.is_stopping() && held.is_none() {
            return Ok(has_worked);
        }
        match step(engine, held.take()).await {
            Ok(Step::GoesOn(walk)) => held = Some(walk),
            Ok(Step::Worked) => {}
            Ok(Step::NothingReady) => return Ok(has_worked),
            // An operator ended the job.
            Err(Error::LeaseLost) => log_lease_lost(),
            Err(error) => return Err(error),
        }
        has_worked = true;
    }
}
