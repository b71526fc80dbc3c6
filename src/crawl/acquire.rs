//! Start of a page: a lease, a permit of the limiter, and an open call in the ledger.
//!
//! One transaction leases the job and opens its call if a permit is available without waiting. The call of a walk's
//! next page is opened in the transaction that commits the previous page.

use std::sync::{Arc, Mutex};

use super::engine::{Engine, lock};
use super::seen::Seen;
use super::walk::{ActiveWalk, Walk, give_back, open_call};
use crate::api::endpoints;
use crate::api::limiter::Permit;
use crate::store::{CallOf, LeaseRequest, Leased, Result};

/// Jobs in doubt from which on the other jobs of their endpoint are asked in random order.
const DOUBTED_JOBS: usize = 3;

/// Result of an attempt to lease a job.
pub(super) enum Acquired<'a> {
    Walk(ActiveWalk<'a>),
    /// The lease ended unneeded jobs; there may be another one.
    Settled,
    Nothing,
}

/// Endpoint and permit taken while a job was being leased.
type Taken = Arc<Mutex<Option<(&'static str, Permit)>>>;

/// Leases the best ready job and opens its call if possible.
pub(super) async fn acquire(engine: &Arc<Engine>) -> Result<Acquired<'_>> {
    let parts = &engine.parts;
    // Only the end of a call in flight can free money of an exhausted budget. Leases taken meanwhile would wait for
    // nothing and keep the run from becoming idle.
    if lock(&engine.day_budget_exhausted).is_some() || lock(&engine.budget_hold).is_some() {
        return Ok(Acquired::Nothing);
    }
    let config = engine.config();
    // Only calls are paused.
    let pauses = match engine.is_offline() {
        true => Arc::default(),
        false => engine.pauses(),
    };
    if engine.is_held() || engine.is_disk_full() || pauses.all_since().is_some() {
        return Ok(Acquired::Nothing);
    }
    let mut busy = engine.busy();
    // Again: who holds the engine waits for busy workers alone.
    if engine.is_held() {
        return Ok(Acquired::Nothing);
    }
    let taken = Taken::default();
    let mut endpoints = parts
        .limiter
        .open_endpoints(&engine.endpoints(), engine.steady());
    endpoints.retain(|endpoint| !pauses.covers_endpoint(endpoint));
    let sampled = parts.limiter.evidence(|policy| {
        let doubted = endpoints.iter().copied();
        doubted
            .filter(|endpoint| policy.doubts(endpoint).jobs >= DOUBTED_JOBS)
            .collect()
    });
    let request = LeaseRequest {
        endpoints,
        sampled,
        may_be_unneeded: config.plan.may_be_unneeded(),
        max_depth: config.plan.max_depth(),
        paused_seeds: pauses.seeds(),
        imported_only: engine.is_offline(),
        lease_seconds: config.settings.lease_seconds,
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
    // The seen cursors and ids are read before the call is sent, so that a failed read costs nothing.
    let seen = match lease.pages > 0 || lease.may_meet {
        false => Seen::nothing(engine.people().item_hash()),
        true => Seen::of(
            &parts.store.seen(lease.token.job_id).await?,
            engine.people().item_hash(),
        ),
    };
    Ok(Acquired::Walk(ActiveWalk {
        busy,
        walk: Box::new(Walk { lease, seen }),
        permit: permit.map_or(Permit::None, |(_, permit)| permit),
        call_id,
    }))
}

/// Returns the function that opens the call of a leased job if a permit is available now.
fn call_of(engine: &Arc<Engine>, taken: Taken) -> CallOf {
    let engine = engine.clone();
    Arc::new(move |lease| {
        // A walk that has pages needs its `Seen` first, so its call is opened later.
        // An imported reply may answer it instead.
        let is_new = lease.pages == 0
            && !lease.may_meet
            && lease.raw_call.is_none()
            && !engine.has_imported();
        let entry = endpoints::find(lease.endpoint).filter(|_| is_new)?;
        let mut taken = lock(&taken);
        if taken.is_none_or(|(endpoint, _)| endpoint != entry.name) {
            give_back(&engine, taken.take());
            if engine.is_stopping() {
                return None;
            }
            let permit = engine.parts.limiter.try_permit(entry.name, engine.steady());
            *taken = Some((entry.name, permit));
        }
        matches!(*taken, Some((_, Permit::Full))).then(|| open_call(&engine, lease, entry))
    })
}
