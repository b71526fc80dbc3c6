//! What follows when a budget refuses a call.

use super::engine::{Engine, lock};
use super::stop::StopCause;
use crate::model::Lease;
use crate::store::{Result, Scope, Spent};

/// Handles a call that a budget refused. Calls in flight may free reserved money; then the job is tried again.
pub(super) async fn refused_by_budget(engine: &Engine, lease: &Lease, spent: Spent) -> Result<()> {
    match spent.scope {
        // Calls in flight may free reserved money of this seed.
        Scope::Seed if !engine.is_quiet() => {}
        Scope::Seed => {
            let stopped = engine
                .parts
                .store
                .stop_seed(lease.seed_id, &spent.to_string(), engine.now())
                .await?;
            tracing::warn!(
                seed_id = lease.seed_id,
                stopped,
                %spent,
                "seed budget spent; stopped its pending jobs"
            );
        }
        // Its job has stopped until the next day.
        Scope::Refresh => {}
        Scope::Day if !engine.config().settings.until_idle => {
            let today = engine.parts.clock.today();
            let is_news = lock(&engine.day_budget_exhausted)
                .replace((spent, today))
                .is_none();
            if is_news {
                tracing::warn!(%spent, "day budget spent; waiting for the next day (UTC)");
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
