//! State that all workers share.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, watch};

use super::durations::CallDurations;
use super::live::{Live, LiveConfig};
use super::standing::AccountAnswer;
use super::stop::{Retired, StopCause};
use crate::api::{Client, Limiter, Scrubber};
use crate::clock::Clock;
use crate::replies::{Packer, Reader, Training};
use crate::store::{Run, Spent, Store, Writer};

/// Parts of a crawl, built once by the daemon.
pub struct Parts {
    pub clock: Clock,
    pub store: Store,
    pub writer: Writer,
    pub client: Client,
    pub scrubber: Scrubber,
    pub limiter: Limiter,
    /// The configuration at the start; [`Engine::config`] is the one that holds now.
    pub config: LiveConfig,
    pub packer: Packer,
    pub training: Training,
    pub reader: Reader,
    pub run: Run,
}

/// Counts since the start of the process, for progress reports.
#[derive(Debug, Default)]
pub struct Counters {
    pub pages: AtomicU64,
    pub rows: AtomicU64,
    pub failures: AtomicU64,
    pub odd_items: AtomicU64,
    /// Jobs whose subject the remote reported as gone, or refused.
    pub gone: AtomicU64,
    pub denied: AtomicU64,
    pub in_flight: AtomicUsize,
    pub durations: CallDurations,
}

/// The running crawl.
pub struct Engine {
    pub parts: Parts,
    pub counters: Counters,
    pub(super) live: Live,
    stop: watch::Sender<Option<StopCause>>,
    /// Notified when there are new jobs for idle workers.
    pub(super) wake: Notify,
    /// Notified when the last busy worker becomes idle.
    pub(super) quiet: Notify,
    busy: AtomicUsize,
    /// Jobs of live workers. Upkeep does not expire their leases: while the file is locked or the disk is full, a paid
    /// reply may wait longer than a lease lasts.
    held: Mutex<HashSet<i64>>,
    /// The exhausted day budget and its day. No call is made before the next day.
    pub(super) day_budget_exhausted: Mutex<Option<(Spent, String)>>,
    /// A budget that refused a call while other calls were in flight. Their reserved money may become free again.
    pub(super) budget_hold: Mutex<Option<Spent>>,
    /// Too little space is free on the archive's disk. No call is made meanwhile.
    pub(super) disk_full: AtomicBool,
    /// Why the archive refused the rows of the latest page, if it did.
    refusal: Mutex<Option<String>>,
    /// Endpoints that are not called any more in this run.
    retired: Mutex<Vec<Retired>>,
    /// The latest answer to the account call. Its lock lets callers that wait together share one call.
    pub(super) account: tokio::sync::Mutex<Option<AccountAnswer>>,
}

impl Engine {
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self {
            live: Live::new(parts.config.clone()),
            parts,
            counters: Counters::default(),
            stop: watch::Sender::new(None),
            wake: Notify::new(),
            quiet: Notify::new(),
            busy: AtomicUsize::new(0),
            held: Mutex::default(),
            day_budget_exhausted: Mutex::new(None),
            budget_hold: Mutex::new(None),
            disk_full: AtomicBool::new(false),
            refusal: Mutex::default(),
            retired: Mutex::default(),
            account: tokio::sync::Mutex::default(),
        }
    }

    /// Returns the configuration that the run follows now.
    #[must_use]
    pub fn config(&self) -> Arc<LiveConfig> {
        self.live.config()
    }

    /// Returns the wall time in Unix seconds.
    #[must_use]
    pub fn now(&self) -> f64 {
        self.parts.clock.now()
    }

    /// Returns the steady time in Unix seconds: waits, leases and cooldowns are counted on it.
    #[must_use]
    pub fn steady(&self) -> f64 {
        self.parts.clock.steady()
    }

    /// Ends the run: workers finish the calls in flight and lease no more jobs. Only the first cause is recorded.
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

    /// Returns the cause of the stop, or `None` while the run continues.
    #[must_use]
    pub fn stopped(&self) -> Option<StopCause> {
        self.stop.borrow().clone()
    }

    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stop.borrow().is_some()
    }

    /// Waits until the run stops.
    pub async fn until_stopped(&self) {
        let mut stop = self.stop.subscribe();
        // The sender lives as long as the engine, so this cannot fail before a stop.
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

    /// Returns the ids of the jobs that workers of this process hold.
    pub(super) fn held_jobs(&self) -> Vec<i64> {
        lock(&self.held).iter().copied().collect()
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.busy.load(Ordering::SeqCst) == 0
    }

    /// Returns whether too little space is free on the archive's disk for another call.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        self.disk_full.load(Ordering::Relaxed)
    }

    /// Wakes one idle worker for each new job.
    pub fn wake(&self, jobs: usize) {
        for _ in 0..jobs.min(64) {
            self.wake.notify_one();
        }
    }

    /// Notes that the archive refused the rows of a page. Returns whether it refused the page before for the same reason:
    /// then it would refuse the next one too.
    pub(super) fn is_refused_again(&self, why: &str) -> bool {
        let before = lock(&self.refusal).replace(why.to_owned());
        before.as_deref() == Some(why)
    }

    /// Forgets which budgets refused a call, because they have changed.
    pub(super) fn forget_spent_budgets(&self) {
        *lock(&self.day_budget_exhausted) = None;
        *lock(&self.budget_hold) = None;
    }

    /// Notes that the archive took the rows of a page.
    pub(super) fn rows_accepted(&self) {
        *lock(&self.refusal) = None;
    }

    /// Returns the endpoints of the plan that are not retired.
    #[must_use]
    pub fn endpoints(&self) -> Vec<&'static str> {
        let retired = lock(&self.retired);
        let mut endpoints = self.config().plan.endpoints();
        endpoints.retain(|name| retired.iter().all(|other| other.endpoint != *name));
        endpoints
    }

    /// Retires an endpoint: no further job of it is leased in this run.
    pub(super) fn retire(&self, endpoint: &'static str, why: &str, is_failing: bool) {
        let mut retired = lock(&self.retired);
        if retired.iter().all(|other| other.endpoint != endpoint) {
            tracing::error!(
                endpoint,
                why,
                "retiring the endpoint for the rest of this run"
            );
            retired.push(Retired {
                endpoint,
                why: why.to_owned(),
                is_failing,
            });
        }
    }

    /// Returns whether the endpoint is retired.
    pub(super) fn is_retired(&self, endpoint: &str) -> bool {
        let retired = lock(&self.retired);
        retired.iter().any(|other| other.endpoint == endpoint)
    }

    /// Retires an endpoint that the remote does not offer, and ends all of its jobs with the reason as their note.
    pub(super) async fn end_retired(
        &self,
        endpoint: &'static str,
        why: String,
    ) -> crate::store::Result<()> {
        self.retire(endpoint, &why, false);
        self.parts.store.retire(endpoint, &why, self.now()).await?;
        self.wake(64);
        Ok(())
    }

    /// Returns the retired endpoints.
    #[must_use]
    pub fn retired(&self) -> Vec<Retired> {
        lock(&self.retired).clone()
    }

    /// Makes jobs ready that waited until their endpoint answers. If the archive cannot be written, they become due later by
    /// themselves: a paid reply must not be lost for this.
    pub(super) async fn release_doubted(&self, job_ids: &[i64]) {
        if job_ids.is_empty() {
            return;
        }
        match self.parts.store.release_doubted(job_ids).await {
            Ok(()) => self.wake(job_ids.len()),
            Err(error) => tracing::debug!(%error, "jobs in doubt are not released early"),
        }
    }
}

/// Locks a mutex. A poisoned lock means that a worker panicked; the guarded value is still consistent.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Marks a worker as busy, and its job as held, until it is dropped.
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
