//! What all workers share.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::plan::Plan;
use crate::api::{Client, Limiter, Scrubber};
use crate::clock::Clock;
use crate::model::{Budget, Harvest};
use crate::replies::{Packer, Reader, Training};
use crate::store::{Run, Spent, Store, Writer};

/// Why a run ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopCause {
    /// Nothing is left to do or to wait for.
    Idle,
    /// SIGINT or SIGTERM.
    Signal,
    /// A budget is spent.
    Budget(Spent),
    /// The key or the account is refused.
    Refused(String),
    /// The archive failed in a way that waiting does not mend.
    Broken(String),
}

impl StopCause {
    /// The word in the archive.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Signal => "signal",
            Self::Budget(_) => "budget",
            Self::Refused(_) => "refused",
            Self::Broken(_) => "failed",
        }
    }
}

/// The parts that the daemon builds once.
pub struct Parts {
    pub clock: Clock,
    pub store: Store,
    pub writer: Writer,
    pub client: Client,
    pub scrubber: Scrubber,
    pub limiter: Limiter,
    pub plan: Plan,
    pub packer: Packer,
    pub training: Training,
    pub reader: Reader,
    pub budget: Budget,
    pub run: Run,
    pub settings: Settings,
}

/// The numbers of `[limits]` that workers need.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    pub max_attempts: u32,
    pub retry_base: Duration,
    pub retry_cap: Duration,
    pub lease_seconds: f64,
    /// End when nothing is left, instead of waiting for new jobs.
    pub until_idle: bool,
}

/// What happened since the start, for people.
#[derive(Debug, Default)]
pub struct Counters {
    pub pages: AtomicU64,
    pub rows: AtomicU64,
    pub failures: AtomicU64,
    pub odd_items: AtomicU64,
    pub in_flight: AtomicUsize,
}

/// The running crawl.
pub struct Engine {
    pub parts: Parts,
    pub counters: Counters,
    stop: watch::Sender<Option<StopCause>>,
    /// Workers without a job wait here for new ones.
    pub(super) wake: Notify,
    /// Told when the last busy worker comes to rest.
    pub(super) quiet: Notify,
    busy: AtomicUsize,
    /// Jobs whose workers live. Their leases do not run out: while the file is locked or the disk is full, a reply
    /// that was paid for may wait for longer than a lease, and must still be its job's.
    held: Mutex<HashSet<i64>>,
    /// The last refusal of a budget of the day: no calls before the next one.
    pub(super) day_budget_exhausted: Mutex<Option<(Spent, String)>>,
    /// A budget refused a call while others were in flight; they may give some of it back.
    pub(super) budget_hold: Mutex<Option<Spent>>,
    /// Endpoints that the remote no longer offers, or that kept failing: with the reason.
    pub(super) retired: Mutex<Vec<(&'static str, String)>>,
}

impl Engine {
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self {
            parts,
            counters: Counters::default(),
            stop: watch::Sender::new(None),
            wake: Notify::new(),
            quiet: Notify::new(),
            busy: AtomicUsize::new(0),
            held: Mutex::default(),
            day_budget_exhausted: Mutex::new(None),
            budget_hold: Mutex::new(None),
            retired: Mutex::default(),
        }
    }

    /// Returns the time in Unix seconds.
    #[must_use]
    pub fn now(&self) -> f64 {
        self.parts.clock.now()
    }

    /// Reads a kept reply again.
    ///
    /// # Errors
    /// Returns why the reply cannot be read.
    pub(super) fn reread(
        &self,
        endpoint: &str,
        subject: &str,
        body: &[u8],
    ) -> std::result::Result<Harvest, String> {
        let parts = &self.parts;
        parts.reader.reread(&parts.packer, endpoint, subject, body)
    }

    /// Ends the run: nothing more is leased, what is in flight is finished. The first cause counts.
    pub fn stop(&self, cause: StopCause) {
        self.stop.send_if_modified(|stopped| {
            let is_first = stopped.is_none();
            if is_first {
                *stopped = Some(cause);
            }
            is_first
        });
        self.wake.notify_waiters();
        self.quiet.notify_one();
    }

    /// Why the run ends, once it does.
    #[must_use]
    pub fn stopped(&self) -> Option<StopCause> {
        self.stop.borrow().clone()
    }

    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stop.borrow().is_some()
    }

    /// Returns when the run ends.
    pub async fn until_stopped(&self) {
        let mut stop = self.stop.subscribe();
        // The sender lives as long as the engine, so that this cannot fail before a stop.
        let _ = stop.wait_for(Option::is_some).await;
    }

    /// Marks a worker as busy until the guard is dropped.
    pub(super) fn busy(&self) -> WorkerGuard<'_> {
        self.busy.fetch_add(1, Ordering::SeqCst);
        WorkerGuard {
            engine: self,
            job_id: None,
        }
    }

    /// Jobs that a worker of this process is busy with.
    pub(super) fn held_jobs(&self) -> Vec<i64> {
        lock(&self.held).iter().copied().collect()
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.busy.load(Ordering::SeqCst) == 0
    }

    /// Wakes as many cooldown workers as there are new jobs.
    pub(super) fn wake(&self, jobs: usize) {
        for _ in 0..jobs.min(64) {
            self.wake.notify_one();
        }
    }

    /// Endpoints that may be called at all in this run.
    #[must_use]
    pub fn endpoints(&self) -> Vec<&'static str> {
        let retired = lock(&self.retired);
        let mut endpoints = self.parts.plan.endpoints();
        endpoints.retain(|name| retired.iter().all(|(other, _)| other != name));
        endpoints
    }

    /// From now on no job of this endpoint is leased.
    pub(super) fn retire(&self, endpoint: &'static str, why: &str) {
        let mut retired = lock(&self.retired);
        if retired.iter().all(|(other, _)| *other != endpoint) {
            tracing::error!(endpoint, "{endpoint} is stopped: {why}");
            retired.push((endpoint, why.to_owned()));
        }
    }

    /// Whether no job of the endpoint is to be leased or called any more.
    pub(super) fn is_retired(&self, endpoint: &str) -> bool {
        let retired = lock(&self.retired);
        retired.iter().any(|(name, _)| *name == endpoint)
    }

    /// Stops an endpoint for the rest of the run; its jobs end together, with one sentence.
    pub(super) async fn end_retired(
        &self,
        endpoint: &'static str,
        why: String,
    ) -> crate::store::Result<()> {
        self.retire(endpoint, &why);
        self.parts.store.retire(endpoint, &why, self.now()).await?;
        self.wake(64);
        Ok(())
    }

    /// Endpoints that were stopped for the rest of the run, with the reason.
    #[must_use]
    pub fn retired(&self) -> Vec<(&'static str, String)> {
        lock(&self.retired).clone()
    }
}

/// A poisoned lock means that a worker panicked; what it guards is still whole.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A worker that is busy, and the job that it holds.
pub(super) struct WorkerGuard<'a> {
    engine: &'a Engine,
    job_id: Option<i64>,
}

impl WorkerGuard<'_> {
    pub(super) fn holds(&mut self, job_id: i64) {
        lock(&self.engine.held).insert(job_id);
        self.job_id = Some(job_id);
    }
}

impl Drop for WorkerGuard<'_> {
    fn drop(&mut self) {
        if let Some(job_id) = self.job_id {
            lock(&self.engine.held).remove(&job_id);
        }
        if self.engine.busy.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.engine.quiet.notify_one();
        }
    }
}
