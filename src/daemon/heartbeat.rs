//! Signs of life of the daemon, for other processes.

use std::sync::Arc;
use std::time::Duration;

use crate::crawl::Engine;
use crate::store::{Result, read};

/// How often the work is looked at.
const TICK: Duration = Duration::from_secs(1);
/// How often a sign of life is written, in seconds.
const BEAT_SECONDS: f64 = 10.0;

/// Writes signs of life until the run stops. While the archive cannot be written there are none.
pub async fn heartbeat(engine: Arc<Engine>) {
    let (mut beaten_at, mut work_since) = (f64::NEG_INFINITY, None);
    while !engine.is_stopping() {
        if let Err(error) = beat(&engine, &mut beaten_at, &mut work_since).await {
            tracing::debug!(%error, "no sign of life is written");
        }
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            () = engine.until_stopped() => {}
        }
    }
}

async fn beat(engine: &Engine, beaten_at: &mut f64, work_since: &mut Option<f64>) -> Result<()> {
    let (config, store) = (engine.config(), &engine.parts.store);
    let work = read::work(
        store.readers(),
        &engine.endpoints(),
        config.plan.max_depth(),
        &engine.pauses(),
        &[],
    )
    .await?;
    // The end of the work is no news: it may be the moment between two jobs.
    let is_news = work.is_some() && work_since.is_none();
    let now = engine.steady();
    if !is_news && now - *beaten_at < BEAT_SECONDS {
        return Ok(());
    }
    let since = work
        .is_some()
        .then(|| work_since.unwrap_or_else(|| engine.now()));
    store
        .heartbeat(engine.parts.run.id, since, engine.now())
        .await?;
    (*beaten_at, *work_since) = (now, since);
    Ok(())
}
