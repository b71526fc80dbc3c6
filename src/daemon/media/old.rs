//! Files that are older than `retention.media_days`.

use super::settings::media_folder;
use crate::config::Config;
use crate::media::remove_marked;
use crate::store::{OldMedia, Store};

const DAY_SECONDS: f64 = 86_400.0;

/// Removes the files that are older than `retention.media_days`, unless another process fetches files: it removes them itself.
/// Returns their number.
pub(in crate::daemon) async fn forget_media(
    store: &Store,
    config: &Config,
    now: f64,
) -> Result<u64, String> {
    let text = |why: crate::store::Error| why.to_string();
    let folder = media_folder(config);
    mark_old_media(store, config, now).await.map_err(text)?;
    if store.media_to_remove().await.map_err(text)?.is_empty() {
        return Ok(0);
    }
    match folder.take() {
        Ok(_turn) => remove_marked(store, &folder).await,
        Err(why) if why.kind() == std::io::ErrorKind::WouldBlock => Ok(0),
        Err(why) => Err(format!("{}: {why}", folder.path().display())),
    }
}

/// Marks the files that are older than `retention.media_days`.
pub(super) async fn mark_old_media(
    store: &Store,
    config: &Config,
    now: f64,
) -> crate::store::Result<()> {
    if let Some(days) = config.retention.media_days {
        let before = now - f64::from(days) * DAY_SECONDS;
        while store.mark_old_media(OldMedia { before }).await? > 0 {}
    }
    Ok(())
}
