//! Removes raw replies that are older than `retention.raw_days`, and files that are older than `retention.media_days`.

use std::sync::Arc;
use std::time::Duration;

use super::current::Current;
use super::media::forget_media;
use crate::crawl::Engine;
use crate::store::{Result, Store};

/// How often old replies are looked for.
const TICK: Duration = Duration::from_secs(600);
const DAY_SECONDS: f64 = 86_400.0;

/// Looks for old raw replies at the start and from then on periodically, until the run stops.
pub(super) async fn retention(engine: Arc<Engine>, current: Current) {
    while !engine.is_stopping() {
        if let Some(days) = current.get().retention.raw_days {
            let before = engine.now() - f64::from(days) * DAY_SECONDS;
            match forget_before(&engine.parts.store, before, engine.now(), |_| {}).await {
                Ok(0) => {}
                Ok(replies) => tracing::info!(replies, days, "old raw replies removed"),
                Err(error) => tracing::warn!(%error, "old raw replies are not removed"),
            }
        }
        let config = current.get();
        if config.retention.media_days.is_some() {
            match forget_media(&engine.parts.store, &config, engine.now()).await {
                Ok(0) => {}
                Ok(files) => tracing::info!(files, "old files removed"),
                Err(error) => tracing::warn!(error, "old files are not removed"),
            }
        }
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            () = engine.until_stopped() => {}
        }
    }
}

/// Removes the raw replies of calls that were settled before a time, a few in each transaction. Returns their number.
///
/// # Errors
/// Returns an error if the archive cannot be written.
pub async fn forget_before(
    store: &Store,
    before: f64,
    now: f64,
    mut progress: impl FnMut(u64),
) -> Result<u64> {
    let mut all = 0;
    if store.replies_before(before).await? == 0 {
        return Ok(0);
    }
    store.overwrite_deleted().await?;
    loop {
        let removed = store.forget_replies(before, now).await?;
        if removed == 0 {
            return Ok(all);
        }
        all += removed;
        progress(all);
    }
}
