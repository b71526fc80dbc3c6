//! Pages that were imported: a job takes them from the archive instead of buying them.

use super::commit::page_of;
use super::engine::Engine;
use super::walk::{ActiveWalk, Walk, give_back, open_call, release};
use crate::api::Entry;
use crate::api::limiter::Permit;
use crate::clock::day;
use crate::model::{Lease, MicroUsd};
use crate::store::read::{self, UsableReply, Wanted};
use crate::store::{OpenCall, Result};

/// What answers the next page of a walk.
pub(super) enum Answered<'a> {
    /// No imported reply does.
    ByRemote(ActiveWalk<'a>),
    /// An imported reply did. The walk is there if it has a next page.
    Done(Option<ActiveWalk<'a>>),
}

/// Lets the engine look for imported replies before it buys a page.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn look_for_imported(engine: &Engine) -> Result<()> {
    let has = read::has_imported(engine.parts.store.readers()).await?;
    engine.live.set_has_imported(has);
    Ok(())
}

impl Engine {
    /// Returns whether jobs may find their pages among imported replies.
    pub(super) fn has_imported(&self) -> bool {
        self.live.has_imported()
    }

    /// Returns whether no call may be made.
    pub(super) fn is_offline(&self) -> bool {
        self.live.is_offline()
    }
}

/// Answers the next page of a walk with an imported reply, if there is one. Only the first pass of a job does so: a later one
/// asks what has changed.
pub(super) async fn use_imported<'a>(
    engine: &'a Engine,
    held: ActiveWalk<'a>,
    entry: &'static Entry,
) -> Result<Answered<'a>> {
    let lease = &held.walk.lease;
    if !engine.has_imported() || lease.pass_call_id != 0 || held.call_id.is_some() {
        return Ok(Answered::ByRemote(held));
    }
    let wanted = Wanted {
        endpoint: entry.name,
        subject: &lease.subject,
        cursor: lease.cursor.as_deref(),
    };
    let Some(reply) = read::imported_reply(engine.parts.store.readers(), wanted).await? else {
        return Ok(Answered::ByRemote(held));
    };
    let mut harvest = match engine.reread(entry.name, &lease.subject, &reply.body) {
        Ok(harvest) => harvest,
        Err(why) => {
            tracing::warn!(
                call_id = reply.call_id,
                why,
                "imported reply unreadable; its page is bought"
            );
            return Ok(Answered::ByRemote(held));
        }
    };
    harvest.is_redacted |= reply.is_redacted;
    let ActiveWalk {
        busy, walk, permit, ..
    } = held;
    give_back(engine, Some((entry.name, permit)));
    let call = call_of(engine, &walk.lease, entry, &reply);
    let call_id = engine.parts.writer.open_call(call).await?;
    let UsableReply { at, settlement, .. } = reply;
    let (mut page, kept, next) = page_of(engine, *walk, entry, call_id, settlement, harvest).await;
    page.own_time = Some(at);
    let page = engine.parts.writer.commit_page(page).await;
    let is_kept = kept.conclude(engine, page).await?;
    let next = next.filter(|_| is_kept);
    if let Some(Walk { lease, .. }) = &next
        && engine.is_stopping()
    {
        release(engine, lease, None).await?;
        return Ok(Answered::Done(None));
    }
    Ok(Answered::Done(next.map(|walk| ActiveWalk {
        busy,
        walk: Box::new(walk),
        permit: Permit::None,
        call_id: None,
    })))
}

/// Returns the ledger entry of a page that an imported reply answers. It costs nothing, and has the time of the reply.
fn call_of(engine: &Engine, lease: &Lease, entry: &Entry, reply: &UsableReply) -> OpenCall {
    OpenCall {
        price: MicroUsd(0),
        day: day(reply.at),
        now: reply.at,
        imported_from: Some(reply.call_id),
        ..open_call(engine, lease, entry)
    }
}
