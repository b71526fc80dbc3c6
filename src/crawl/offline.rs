//! Carries on jobs without the remote, as far as imported replies reach.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::future::join_all;

use super::engine::Engine;
use super::imported::look_for_imported;
use super::replan;
use super::worker::{Step, step};
use crate::store::Result;

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
    while engine.has_imported() && !engine.is_stopping() {
        let worked = join_all((0..TOGETHER).map(|_| work(engine))).await;
        let worked = worked.into_iter().collect::<Result<Vec<bool>>>()?;
        let replanned = replan::replan_some(engine).await?;
        if !replanned && !worked.contains(&true) {
            break;
        }
    }
    engine.live.set_offline(false);
    Ok(engine.counters.pages.load(Ordering::Relaxed) - before)
}

/// Works until no job has an imported page. Returns whether there was any work.
async fn work(engine: &Arc<Engine>) -> Result<bool> {
    let (mut held, mut has_worked) = (None, false);
    loop {
        if engine.is_stopping() && held.is_none() {
            return Ok(has_worked);
        }
        match step(engine, held.take()).await? {
            Step::GoesOn(walk) => held = Some(walk),
            Step::Worked => {}
            Step::NothingReady => return Ok(has_worked),
        }
        has_worked = true;
    }
}
