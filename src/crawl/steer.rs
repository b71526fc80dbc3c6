//! Changes a running crawl: its configuration, what is paused, and whether calls begin at all.

use std::sync::Arc;
use std::time::Duration;

use super::engine::Engine;
use super::live::LiveConfig;
use crate::api::limiter::Rates;
use crate::replies::People;
use crate::store::{Dictionary, Pauses, Result, read};

/// How often a wait for the calls in flight looks again.
const GLANCE: Duration = Duration::from_millis(20);

/// Keeps workers from leasing jobs until it is dropped.
pub struct Hold<'a>(&'a Engine);

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.0.live.set_held(false);
        self.0.wake(64);
    }
}

impl Engine {
    /// Replaces the configuration that the run follows. Calls in flight end under the one that they began with.
    pub fn reconfigure(&self, config: LiveConfig, rates: &Rates) {
        self.live.set_config(config);
        self.parts.limiter.set_rates(rates);
        self.forget_spent_budgets();
        self.live.reconfigured.notify_waiters();
        self.wake(64);
    }

    /// Waits until the configuration is replaced.
    pub async fn until_reconfigured(&self) {
        self.live.reconfigured.notified().await;
    }

    /// Returns what the operator has paused.
    #[must_use]
    pub fn pauses(&self) -> Arc<Pauses> {
        self.live.pauses()
    }

    /// Reads what the operator has paused from the archive. Calls in flight end.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn read_pauses(&self) -> Result<()> {
        let pauses = read::pauses(self.parts.store.readers()).await?;
        self.live.set_pauses(pauses);
        self.wake(64);
        Ok(())
    }

    /// Returns the erased people. No reply that shows them is kept as it is.
    #[must_use]
    pub fn people(&self) -> Arc<People> {
        self.live.people()
    }

    /// Replaces the dictionaries by those of the archive, if there are any, and then the erased people. No call is in flight. The
    /// people come last: a reply that is read with these people is packed with these dictionaries.
    pub fn learn_erasures(&self, people: People, dictionaries: &[Dictionary]) {
        if !dictionaries.is_empty() {
            self.parts.packer.keep_only(dictionaries);
        }
        for dictionary in dictionaries {
            if let Err(why) = self.parts.packer.add(dictionary) {
                tracing::warn!(id = dictionary.id, why, "damaged dictionary");
            }
        }
        self.live.set_people(people);
    }

    /// Returns whether a call of this endpoint and seed must not begin now.
    pub(super) fn is_paused(&self, endpoint: &str, seed_id: i64) -> bool {
        self.is_held() || self.pauses().cover(endpoint, seed_id)
    }

    /// Returns whether no call may begin because the queue is being changed.
    pub(super) fn is_held(&self) -> bool {
        self.live.is_held()
    }

    /// Waits until no call may begin because the queue is being changed.
    pub(super) async fn until_held(&self) {
        self.live.until_held().await;
    }

    /// Keeps workers from leasing jobs, and waits until no call is in flight. `None` if the run stops before that.
    pub async fn hold(&self) -> Option<Hold<'_>> {
        self.live.set_held(true);
        let hold = Hold(self);
        while !self.is_quiet() {
            if self.is_stopping() {
                return None;
            }
            tokio::time::sleep(GLANCE).await;
        }
        Some(hold)
    }
}
