//! Keeps what SQLite knows about the sizes of the tables up to date, so that it chooses the right indexes.

use std::sync::Arc;

use super::engine::Engine;

/// Looks at the tables at the start and from then on periodically, until the run stops.
pub async fn optimize(engine: Arc<Engine>) {
    while !engine.is_stopping() {
        tokio::select! {
            optimized = engine.parts.store.optimize() => {
                if let Err(error) = optimized {
                    tracing::warn!(%error, "the statistics of the tables are not up to date; queries may be slower");
                }
            }
            () = engine.until_stopped() => {}
        }
        tokio::select! {
            () = tokio::time::sleep(engine.config().settings.optimize_every) => {}
            () = engine.until_stopped() => {}
        }
    }
}
