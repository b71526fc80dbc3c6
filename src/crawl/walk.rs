//! A walk that a worker holds: its lease, its seen cursors and ids, and the progress of its next call.

use super::engine::{Engine, WorkerGuard};
use super::seen::Seen;
use super::settle::unpaid;
use crate::api::limiter::Permit;
use crate::api::{Entry, Reply, Request};
use crate::clock::day;
use crate::model::{Budget, Lease, StopReason};
use crate::store::{Failure, OpenCall, Outcome, Result, Retry, Spent};

/// A walk between two pages: the lease of its next page, and its seen cursors and ids.
pub(super) struct Walk {
    pub(super) lease: Lease,
    pub(super) seen: Seen,
}

/// A walk that a worker holds, and the progress of its next call.
pub(super) struct ActiveWalk<'a> {
    pub(super) busy: WorkerGuard<'a>,
    pub(super) walk: Box<Walk>,
    pub(super) permit: Permit,
    /// Call that is already open for its next page.
    pub(super) call_id: Option<i64>,
}

/// Returns an unused permit to the limiter.
pub(super) fn give_back(engine: &Engine, taken: Option<(&'static str, Permit)>) {
    if let Some((endpoint, Permit::Full)) = taken {
        engine.parts.limiter.unsent(endpoint);
    }
}

/// Returns the ledger entry that opens the call for the next page of a lease.
pub(super) fn open_call(engine: &Engine, lease: &Lease, entry: &Entry) -> OpenCall {
    let time = engine.now();
    OpenCall {
        run_id: engine.parts.run.id,
        lease: Some(lease.token),
        seed_id: Some(lease.seed_id),
        endpoint: entry.name,
        subject: lease.subject.clone(),
        // A job that was leased before somebody was erased may have a cursor that names them.
        cursor: lease.cursor.clone().map(|cursor| {
            let sealed = engine.people().cursor(&cursor);
            sealed.unwrap_or(cursor)
        }),
        price: entry.price,
        budget: budget_of(engine, lease),
        day: day(time),
        now: time,
        imported_from: None,
    }
}

/// Returns the budgets that apply to a call of a lease. A refresh that has begun goes on under the other budgets if there is no
/// money for refreshes any more.
fn budget_of(engine: &Engine, lease: &Lease) -> Budget {
    let budget = engine.config().budget;
    Budget {
        refresh: budget.refresh.filter(|_| lease.refreshes),
        ..budget
    }
}

pub(super) fn request_of<'a>(engine: &Engine, lease: &Lease, entry: &'a Entry) -> Request<'a> {
    let subject = entry.subject.map(|name| (name, lease.subject.clone()));
    let cursor = lease.cursor.clone();
    let cursor = cursor.map(|cursor| ("cursor", engine.people().opened(cursor)));
    Request::get(entry.path, subject.into_iter().chain(cursor).collect())
}

/// Releases a job without an attempt. Settles its open call as never sent.
pub(super) async fn release(engine: &Engine, lease: &Lease, call_id: Option<i64>) -> Result<()> {
    let why = "not sent: the endpoint is not callable now, the disk is nearly full, or the run is stopping".to_owned();
    let failure = Failure {
        token: lease.token,
        call: call_id.map(|call_id| (call_id, unpaid(Outcome::NeverSent, Some(why.clone())))),
        retry: Retry::Release,
        cooling: Vec::new(),
        gone: None,
        error: why,
        now: engine.now(),
    };
    engine.parts.writer.fail(failure).await
}

/// Stops a job because the budget of refreshes is spent for this day. Upkeep continues it on the next one.
pub(super) async fn stop_refresh(engine: &Engine, lease: &Lease, spent: Spent) -> Result<()> {
    let note = format!("{spent}; it goes on at 00:00 UTC");
    let failure = Failure {
        token: lease.token,
        call: None,
        retry: Retry::End(StopReason::Budget, note.clone()),
        cooling: Vec::new(),
        gone: None,
        error: note,
        now: engine.now(),
    };
    engine.parts.writer.fail(failure).await
}

/// Logs a lost lease. The worker that took over the job continues it.
pub(super) fn log_lease_lost() {
    tracing::warn!("lease lost; another worker continues the job");
}

/// A sent call of a job.
#[derive(Clone, Copy)]
pub(super) struct Sent {
    pub(super) call_id: i64,
    /// Steady time when it was sent, in Unix seconds.
    pub(super) began: f64,
}

/// Logs a call in one line.
pub(super) fn log_call(
    engine: &Engine,
    lease: &Lease,
    sent: Sent,
    reply: &Reply,
    error: Option<&str>,
) {
    let (status, bytes) = match reply {
        Reply::Answered(answer) => (Some(answer.status), answer.body_bytes),
        Reply::NeverSent { .. } | Reply::Unknown { .. } => (None, 0),
    };
    if status.is_some() {
        engine
            .counters
            .durations
            .record(engine.steady() - sent.began);
    }
    tracing::debug!(
        call_id = sent.call_id,
        endpoint = lease.endpoint,
        subject = lease.subject,
        page = lease.pages + 1,
        status,
        bytes,
        milliseconds = ((engine.steady() - sent.began) * 1000.0).round(),
        error,
        "call"
    );
}
