//! How a page begins: a lease, the turn of its call, and the call itself, opened before it is sent.
//!
//! What can be had without waiting is had at once: the call of a job is opened in the transaction that leases it, and the
//! call of a walk's next page in the one that keeps the page before.

use std::sync::{Arc, Mutex};

use super::engine::{Engine, lock};
use super::seen::Seen;
use super::walk::{ActiveWalk, Walk, give_back, open_call};
use crate::api::endpoints;
use crate::api::limiter::Permit;
use crate::store::{CallOf, LeaseRequest, Leased, Result};

/// What a worker found to do.
pub(super) enum Acquired<'a> {
    Walk(ActiveWalk<'a>),
    /// Jobs that turned out to be unneeded.
    Settled,
    Nothing,
}

/// The turn that was taken for a job while it was being leased.
type Taken = Arc<Mutex<Option<(&'static str, Permit)>>>;

/// Leases the best job.
pub(super) async fn acquire(engine: &Arc<Engine>) -> Result<Acquired<'_>> {
    let parts = &engine.parts;
    // While a budget has no room, only the end of a call in flight can make some: whoever leased a job now would stand in
    // line for nothing, and the run would never come to rest.
    if lock(&engine.day_budget_exhausted).is_some() || lock(&engine.budget_hold).is_some() {
        return Ok(Acquired::Nothing);
    }
    let mut busy = engine.busy();
    let taken = Taken::default();
    let request = LeaseRequest {
        endpoints: parts
            .limiter
            .open_endpoints(&engine.endpoints(), engine.now()),
        may_be_unneeded: parts.plan.may_be_unneeded(),
        max_depth: parts.plan.max_depth(),
        lease_seconds: parts.settings.lease_seconds,
        call_of: Some(call_of(engine, taken.clone())),
    };
    let leased = parts.writer.lease(request).await;
    let taken = lock(&taken).take();
    let of_job = |endpoint: &str| taken.filter(|(of, _)| *of == endpoint);
    let permit = match &leased {
        Ok(Leased::Job(lease, _)) => of_job(lease.endpoint),
        _ => None,
    };
    if permit.is_none() {
        give_back(engine, taken);
    }
    let (lease, call_id) = match leased? {
        Leased::Job(lease, call_id) => (*lease, call_id),
        Leased::Nothing { settled: 0 } => return Ok(Acquired::Nothing),
        Leased::Nothing { .. } => return Ok(Acquired::Settled),
    };
    busy.holds(lease.token.job_id);
    // Where the walk has been is read before anything is paid for, so that a failure to read it costs nothing.
    let seen = match lease.pages {
        0 => Seen::default(),
        _ => Seen::of(&parts.store.seen(lease.token.job_id).await?),
    };
    Ok(Acquired::Walk(ActiveWalk {
        busy,
        walk: Box::new(Walk { lease, seen }),
        permit: permit.map_or(Permit::None, |(_, permit)| permit),
        call_id,
    }))
}

/// Says the call of a job that is leased, if it has its turn now.
fn call_of(engine: &Arc<Engine>, taken: Taken) -> CallOf {
    let engine = engine.clone();
    Arc::new(move |lease| {
        // What is known of a walk that has begun is read first.
        let entry = endpoints::find(lease.endpoint).filter(|_| lease.pages == 0)?;
        let mut taken = lock(&taken);
        if taken.is_none_or(|(endpoint, _)| endpoint != entry.name) {
            give_back(&engine, taken.take());
            if engine.is_stopping() {
                return None;
            }
            let permit = engine.parts.limiter.try_permit(entry.name, engine.now());
            *taken = Some((entry.name, permit));
        }
        matches!(*taken, Some((_, Permit::Full))).then(|| open_call(&engine, lease, entry))
    })
}
