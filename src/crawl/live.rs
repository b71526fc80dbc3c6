//! What an operator can change while a run goes on: the plan, the budgets, the limits, what is paused, and who is erased.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use tokio::sync::{Notify, watch};

use super::plan::Plan;
use super::settings::Settings;
use crate::config::Refresh;
use crate::model::{Budget, Lease};
use crate::replies::People;
use crate::store::Pauses;

/// The part of the configuration that a run follows, and that `reload` replaces.
#[derive(Debug, Clone)]
pub struct LiveConfig {
    pub plan: Plan,
    pub budget: Budget,
    pub settings: Settings,
    pub refresh: Refresh,
}

/// The state that changes while workers run.
pub(super) struct Live {
    config: RwLock<Arc<LiveConfig>>,
    pauses: RwLock<Arc<Pauses>>,
    people: RwLock<Arc<People>>,
    is_held: watch::Sender<bool>,
    /// Jobs may find their pages among imported replies.
    has_imported: AtomicBool,
    /// No call is made: only imported replies are used.
    is_offline: AtomicBool,
    /// Jobs whose imported replies cannot be read. They stay leased as long as no call may be made, so that others come first.
    kept_back: Mutex<Vec<Lease>>,
    pub(super) reconfigured: Notify,
}

impl Live {
    pub(super) fn new(config: LiveConfig) -> Self {
        Self {
            config: RwLock::new(Arc::new(config)),
            pauses: RwLock::default(),
            people: RwLock::default(),
            is_held: watch::Sender::new(false),
            has_imported: AtomicBool::new(false),
            is_offline: AtomicBool::new(false),
            kept_back: Mutex::default(),
            reconfigured: Notify::new(),
        }
    }

    pub(super) fn config(&self) -> Arc<LiveConfig> {
        get(&self.config)
    }

    pub(super) fn set_config(&self, config: LiveConfig) {
        set(&self.config, config);
    }

    pub(super) fn pauses(&self) -> Arc<Pauses> {
        get(&self.pauses)
    }

    pub(super) fn set_pauses(&self, pauses: Pauses) {
        set(&self.pauses, pauses);
    }

    pub(super) fn people(&self) -> Arc<People> {
        get(&self.people)
    }

    pub(super) fn set_people(&self, people: People) {
        set(&self.people, people);
    }

    pub(super) fn has_imported(&self) -> bool {
        self.has_imported.load(Ordering::Relaxed)
    }

    pub(super) fn set_has_imported(&self, has: bool) {
        self.has_imported.store(has, Ordering::Relaxed);
    }

    pub(super) fn is_offline(&self) -> bool {
        self.is_offline.load(Ordering::Relaxed)
    }

    pub(super) fn set_offline(&self, is_offline: bool) {
        self.is_offline.store(is_offline, Ordering::Relaxed);
    }

    pub(super) fn keep_back(&self, lease: Lease) {
        self.kept_back().push(lease);
    }

    fn kept_back(&self) -> MutexGuard<'_, Vec<Lease>> {
        self.kept_back
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take_kept_back(&self) -> Vec<Lease> {
        std::mem::take(&mut *self.kept_back())
    }

    /// Returns whether no call may begin because the queue is being changed.
    pub(super) fn is_held(&self) -> bool {
        *self.is_held.borrow()
    }

    /// Waits until no call may begin because the queue is being changed.
    pub(super) async fn until_held(&self) {
        let _ = self.holds().wait_for(|is_held| *is_held).await;
    }

    /// Returns what notices each time when calls are kept from beginning.
    pub(super) fn holds(&self) -> watch::Receiver<bool> {
        self.is_held.subscribe()
    }

    pub(super) fn set_held(&self, is_held: bool) {
        self.is_held.send_replace(is_held);
    }
}

fn get<T>(lock: &RwLock<Arc<T>>) -> Arc<T> {
    lock.read().unwrap_or_else(PoisonError::into_inner).clone()
}

fn set<T>(lock: &RwLock<Arc<T>>, value: T) {
    *lock.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(value);
}
