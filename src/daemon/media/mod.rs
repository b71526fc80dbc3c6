//! Fetches files of videos, and buys new URLs for those whose URLs have expired.

mod buy;
mod old;
mod settings;
mod sizes;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::anyhow;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::config::Config;
use crate::daemon::signals::Signals;
use crate::media::{self, Counters, Failure, Fetcher, Folder};
use crate::store::Store;

pub use buy::Buyer;
use buy::Expired;
pub(super) use old::forget_media;
use old::mark_old_media;
pub use settings::media_folder;
use settings::{renditions, settings};

/// How a fetch ended.
#[derive(Debug, Default)]
pub struct Fetched {
    /// Files whose URLs have expired.
    pub expired: usize,
    /// Why no further URLs were bought.
    pub unsigned: Option<String>,
    /// A budget kept URLs from being bought.
    pub is_spent: bool,
    /// Why no further file can be stored.
    pub halted: Option<Failure>,
    /// A signal ended it.
    pub stopped_by: Option<&'static str>,
}

/// Fetches all files that are wanted and not stored. The caller holds the turn of the folder.
///
/// # Errors
/// Returns an error if the archive cannot be read or written, or a second signal abandons the files in flight.
pub async fn fetch_media(
    store: &Store,
    clock: &Clock,
    config: &Config,
    also_gone: bool,
    buyer: Option<Buyer<'_>>,
    counters: Arc<Counters>,
    signals: &mut Signals,
) -> anyhow::Result<Fetched> {
    let folder = media_folder(config);
    let (stop, stopping) = watch::channel(false);
    let fetcher = Fetcher::new(
        store,
        clock,
        &folder,
        settings(config)?,
        counters.clone(),
        stopping,
    );
    let fetcher = fetcher.map_err(|why| anyhow!(why))?;
    let in_folder = |why: std::io::Error| anyhow!("{}: {why}", folder.path().display());
    let doubtful = folder.begin_parts().map_err(in_folder)?;
    if doubtful > 0 {
        tracing::warn!(
            files = doubtful,
            "the system went down during a fetch: unfinished files are fetched from the beginning"
        );
    }
    let renditions = renditions(config);
    mark_old_media(store, config, clock.now()).await?;
    remove_orphaned(store, &folder).await?;
    media::remove_unknown_parts(store, &folder)
        .await
        .map_err(|why| anyhow!(why))?;
    media::want(store, &renditions).await?;
    // A video whose file has another address now leaves the old one behind.
    remove_orphaned(store, &folder).await?;
    sizes::state_sizes(store).await?;
    let mut queue = store.media_queue(&renditions, also_gone).await?;
    let wanted = u64::try_from(queue.len()).unwrap_or(u64::MAX);
    counters.wanted.store(wanted, Ordering::Relaxed);
    let (mut fetched, mut expired) = (Fetched::default(), Expired::default());
    while !queue.is_empty() {
        let pass = fetcher.pass(std::mem::take(&mut queue));
        tokio::pin!(pass);
        let pass = loop {
            tokio::select! {
                pass = &mut pass => break pass?,
                name = signals.next() => {
                    if fetched.stopped_by.replace(name).is_some() {
                        anyhow::bail!("stopped at once by {name}; the next fetch goes on");
                    }
                    tracing::warn!(signal = name, "stopping: what has arrived is kept, and the next fetch goes on");
                    stop.send_replace(true);
                }
            }
        };
        expired.files.extend(pass.expired);
        fetched.halted = pass.halted;
        if fetched.halted.is_some() || fetched.stopped_by.is_some() || expired.files.is_empty() {
            break;
        }
        if let Some(buyer) = &buyer {
            queue = buyer.renew(config, &mut expired, signals).await?;
        }
    }
    fetched.expired = expired.files.len();
    (fetched.unsigned, fetched.is_spent) = (expired.unsigned, expired.is_spent);
    remove_orphaned(store, &folder).await?;
    folder.end_parts().map_err(in_folder)?;
    Ok(fetched)
}

/// Removes the files that are marked, and those that no video refers to.
async fn remove_orphaned(store: &Store, folder: &Folder) -> anyhow::Result<()> {
    store.mark_orphaned_media().await?;
    media::remove_marked(store, folder)
        .await
        .map_err(|why| anyhow!(why))?;
    Ok(())
}
