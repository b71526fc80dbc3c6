//! Pages that were imported: a job takes them from the archive instead of buying them.

use super::commit::page_of;
use super::engine::Engine;
use super::read::Reread;
use super::walk::{ActiveWalk, Walk, give_back, open_call, release};
use crate::api::Entry;
use crate::api::limiter::Permit;
use crate::clock::day;
use crate::model::{Harvest, Lease, MicroUsd, is_erased};
use crate::store::read::{self, UsableReply, Wanted};
use crate::store::{OpenCall, Result};

/// What answers the next page of a walk.
pub(super) enum Answered<'a> {
    /// No imported reply does.
    ByRemote(ActiveWalk<'a>),
    /// An imported reply that cannot be read, and no call may be made.
    ByNothing(ActiveWalk<'a>),
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
    let Some(mut reply) = imported_reply(engine, lease).await? else {
        return Ok(Answered::ByRemote(held));
    };
    let mut harvest = match read_again(engine, lease, &mut reply) {
        Ok(harvest) => harvest,
        Err(why) => {
            let then = match engine.is_offline() {
                true => "its job is left to a run, which buys the page",
                false => "its page is bought",
            };
            let call_id = reply.call_id;
            tracing::warn!(call_id, why, "imported reply unreadable; {then}");
            return Ok(match engine.is_offline() {
                true => Answered::ByNothing(held),
                false => Answered::ByRemote(held),
            });
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
        && (engine.is_stopping() || engine.is_held())
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

/// Returns the imported reply to the next request of a job.
async fn imported_reply(engine: &Engine, lease: &Lease) -> Result<Option<UsableReply>> {
    let readers = engine.parts.store.readers();
    let wanted = Wanted {
        endpoint: lease.endpoint,
        subject: &lease.subject,
        cursor: lease.cursor.as_deref(),
    };
    let reply = read::imported_reply(readers, wanted).await?;
    let Some(sealed) = wanted.cursor.filter(|it| reply.is_none() && is_erased(it)) else {
        return Ok(reply);
    };
    // An erasure that goes on may have come to the cursor of the job, and not yet to that of the reply.
    let opened = engine.people().opened(sealed.to_owned());
    let wanted = Wanted {
        cursor: Some(&opened),
        ..wanted
    };
    read::imported_reply(readers, wanted).await
}

/// Reads a reply again, and replaces its body with what is to be stored for the job.
fn read_again(
    engine: &Engine,
    lease: &Lease,
    reply: &mut UsableReply,
) -> std::result::Result<Harvest, String> {
    let read = Reread::of(engine, lease.endpoint, &lease.subject, &reply.body)?;
    reply.settlement.body = Some(read.packed(engine, lease.endpoint)?);
    Ok(read.harvest)
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
