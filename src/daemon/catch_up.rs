//! Fills the tables of this version from replies that an earlier version kept. No call is made.

use super::build;
use crate::api::endpoints;
use crate::model::Harvest;
use crate::replies::{Packer, Reader, reread};
use crate::store::Store;
use crate::store::archive::{ScratchPage, UnreadReply};

/// Reads the texts and reposts of kept replies that are not read yet, oldest first. A run that ends early goes on where
/// it stopped.
///
/// # Errors
/// Returns an error if the archive cannot be read or written.
pub async fn catch_up(store: &Store) -> anyhow::Result<()> {
    let total = store.unread_replies().await?;
    if total == 0 {
        return Ok(store.all_read().await?);
    }
    tracing::info!(
        replies = total,
        "reading the texts of kept replies into the tables of this version; no call is made"
    );
    let packer = build::packer(&store.dictionaries().await?);
    let (mut read, mut unreadable) = (0, 0_u64);
    loop {
        let replies = store.next_unread().await?;
        let Some(group) = replies.last().map(|reply| reply.kept_group) else {
            break;
        };
        let mut pages = Vec::with_capacity(replies.len());
        for reply in &replies {
            match texts(reply, &packer) {
                Ok(page) => pages.push(page),
                Err(why) => {
                    unreadable += 1;
                    tracing::debug!(call_id = reply.call_id, why, "raw reply unreadable");
                }
            }
        }
        store.keep_unread(&pages, group).await?;
        let before = read / 10_000;
        read += replies.len() as u64;
        if read / 10_000 > before {
            tracing::info!(read, of = total, "reading the texts of kept replies");
        }
    }
    store.all_read().await?;
    tracing::info!(read, unreadable, "texts of kept replies read");
    Ok(())
}

/// What this version reads of a reply and earlier ones did not.
fn texts(reply: &UnreadReply, packer: &Packer) -> Result<ScratchPage, String> {
    let entry = endpoints::find(&reply.endpoint).ok_or("unknown endpoint")?;
    let subject = match reply.job_id {
        Some(_) => reply.subject.clone(),
        None => reread::by_hand(entry, &reply.subject),
    };
    let body = reply.body.as_deref().ok_or("raw reply missing")?;
    let all = Reader::default().reread(packer, entry.name, &subject, body)?;
    Ok(ScratchPage {
        call_id: reply.call_id,
        now: 0.0,
        subject,
        items_before: 0,
        harvest: Harvest {
            post_entities: all.post_entities,
            comment_entities: all.comment_entities,
            reposts: all.reposts,
            ..Harvest::default()
        },
        // Only what newer tables lack is written, so the order does not matter.
        is_imported: false,
    })
}
