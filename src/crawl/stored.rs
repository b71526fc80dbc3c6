//! A page that was paid for, and whose rows the archive refused: its stored reply is read again, without a call.

use super::commit::page_of;
use super::engine::Engine;
use super::read::Reread;
use super::walk::{ActiveWalk, release};
use crate::api::Entry;
use crate::model::{Harvest, Lease};
use crate::store::{Result, Settlement, read};

/// Keeps the page of a stored reply whose rows the archive refused before. It costs nothing.
pub(super) async fn keep_stored(
    engine: &Engine,
    held: ActiveWalk<'_>,
    entry: &Entry,
    call_id: i64,
) -> Result<()> {
    let ActiveWalk { busy, walk, .. } = held;
    let lease = walk.lease.clone();
    let Some((settlement, harvest)) = stored(engine, &lease, entry, call_id).await? else {
        engine.parts.store.forget_raw(lease.token.job_id).await?;
        return release(engine, &lease, None).await;
    };
    let (page, kept, walk) = page_of(engine, *walk, entry, call_id, settlement, harvest).await;
    let page = engine.parts.writer.commit_page(page).await;
    let is_kept = kept.conclude(engine, page).await?;
    if let Some(walk) = walk.filter(|_| is_kept) {
        release(engine, &walk.lease, None).await?;
    }
    drop(busy);
    Ok(())
}

/// Returns a stored reply whose rows are not in the archive, with its harvest; `None` if it cannot be read.
///
/// # Errors
/// Returns an error if the archive cannot be read.
async fn stored(
    engine: &Engine,
    lease: &Lease,
    entry: &Entry,
    call_id: i64,
) -> Result<Option<(Settlement, Harvest)>> {
    let readers = engine.parts.store.readers();
    let Some(raw) = read::raw_reply(readers, call_id, lease.cursor.as_deref()).await? else {
        return Ok(None);
    };
    let read = Reread::of(engine, entry.name, &lease.subject, &raw.body);
    let read = read.and_then(|read| Ok((read.packed(engine, entry.name)?, read.harvest)));
    match read {
        Ok((body, harvest)) => {
            let body = Some(body);
            let settlement = Settlement {
                body,
                ..raw.settlement
            };
            Ok(Some((settlement, harvest)))
        }
        Err(why) => {
            tracing::warn!(
                call_id,
                why,
                "stored reply unreadable; its page is bought again"
            );
            Ok(None)
        }
    }
}
