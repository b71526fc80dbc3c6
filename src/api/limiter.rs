//! Rate limiter: one quota per endpoint and one shared quota, used by all workers.
//!
//! Three parts decide when a call may start: the configured rates (governor), the rates adapted to throttling (`AdaptiveRate`)
//! and the circuit breakers (`Breaker`). `Policy` combines the last two and is pure. This module adds locks and waits.

mod breaker;
mod evidence;
mod network;
mod policy;
mod quota;
mod rate;
mod report;
mod state;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::DefaultClock;

use super::endpoints;
pub use evidence::{Doubts, Refused};
pub use network::Outage;
pub use policy::Policy;
pub use quota::{CALL, Quota};
pub use report::{CallReport, CallResult, Cause};

/// Maximum cooldown in seconds that a worker waits out with a leased job. For a longer one it returns the job.
pub const PATIENCE_SECONDS: f64 = 1.0;

/// Rates that the operator configured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// Calls per second over all endpoints.
    pub overall: f64,
    /// Calls per second of each endpoint.
    pub endpoint: f64,
    /// Consecutive failures that open an endpoint's breaker.
    pub breaker_failures: u32,
    /// Cooldown after the first trip of a breaker.
    pub breaker_cooldown: Duration,
}

/// The endpoint is in cooldown. The worker should return the job that it leased for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cooldown {
    /// End of the cooldown in Unix seconds.
    pub until: f64,
}

/// The permits that a call holds before it may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permit {
    /// The call holds no permit.
    None,
    /// The call holds a slot of its endpoint's quota and needs one of the shared quota.
    Endpoint,
    /// The call holds all permits.
    Full,
}

/// Rate limiter of all workers.
pub struct Limiter {
    overall: Line,
    endpoints: HashMap<&'static str, Line>,
    overall_rate: Mutex<f64>,
    /// The bits of a rate that is not exceeded now, whatever the configured one is.
    ceiling: AtomicU64,
    policy: Mutex<Policy>,
}

/// A quota with a queue of waiters. The lock serializes them, so that they do not all wait for the same slot.
struct Line(tokio::sync::Mutex<Quota<DefaultClock>>);

impl Line {
    fn new(rate: f64) -> Self {
        Self(tokio::sync::Mutex::new(Quota::new(
            rate,
            DefaultClock::default(),
        )))
    }

    /// Waits for a slot. `rate` is read after the waiters ahead have got theirs.
    async fn slot(&self, rate: impl Fn() -> f64) {
        let mut slots = self.0.lock().await;
        // Cannot fail: the burst of a quota is larger than one call.
        let _ = slots.at(rate()).until_n_ready(CALL).await;
        slots.taken();
    }

    /// Takes a slot if one is free now and no caller waits for it.
    fn try_slot(&self, rate: f64) -> bool {
        let Ok(mut slots) = self.0.try_lock() else {
            return false;
        };
        let is_free = matches!(slots.at(rate).check_n(CALL), Ok(Ok(())));
        if is_free {
            slots.taken();
        }
        is_free
    }
}

impl Limiter {
    #[must_use]
    pub fn new(rates: &Rates) -> Self {
        let policy = Policy::new(rates);
        let lines = endpoints::ALL
            .iter()
            .map(|entry| (entry.name, Line::new(policy.rate(entry.name))));
        Self {
            overall: Line::new(rates.overall),
            overall_rate: Mutex::new(rates.overall),
            ceiling: AtomicU64::new(f64::INFINITY.to_bits()),
            endpoints: lines.collect(),
            policy: Mutex::new(policy),
        }
    }

    /// Limits the rate over all endpoints to fewer calls per second for a while; `None` ends it.
    pub fn set_ceiling(&self, rate: Option<f64>) {
        let bits = rate.unwrap_or(f64::INFINITY).to_bits();
        self.ceiling.store(bits, Ordering::Relaxed);
    }

    fn overall_rate(&self) -> f64 {
        let ceiling = f64::from_bits(self.ceiling.load(Ordering::Relaxed));
        self.configured_rate().min(ceiling)
    }

    fn policy(&self) -> MutexGuard<'_, Policy> {
        self.policy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn configured_rate(&self) -> f64 {
        *self
            .overall_rate
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the configured rates and limits. What the calls have shown stays.
    pub fn set_rates(&self, rates: &Rates) {
        *self
            .overall_rate
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = rates.overall;
        self.policy().configure(rates);
    }

    /// Returns the wanted endpoints that may be called now, in the given order.
    #[must_use]
    pub fn open_endpoints(&self, wanted: &[&'static str], now: f64) -> Vec<&'static str> {
        let policy = self.policy();
        let open = wanted.iter().copied();
        open.filter(|name| policy.cooldown(name, now).is_none())
            .collect()
    }

    /// Returns the cooldown of an endpoint, if it is in one.
    #[must_use]
    pub fn cooldown(&self, endpoint: &str, now: f64) -> Option<Cooldown> {
        self.policy().cooldown(endpoint, now)
    }

    /// Returns whether a cooldown began after a call got its permits. The caller then must not send the call.
    #[must_use]
    pub fn cooling_down_since_permit(&self, endpoint: &str, now: f64) -> bool {
        self.policy().cooling_down_since_permit(endpoint, now)
    }

    /// Acquires the permits that are available without waiting. After `Full` the caller must call
    /// [`Limiter::record`], or [`Limiter::unsent`] if it does not send the call.
    #[must_use]
    pub fn try_permit(&self, endpoint: &str, now: f64) -> Permit {
        let Some(line) = self.endpoints.get(endpoint) else {
            return Permit::Full;
        };
        let rate = self.policy().rate(endpoint);
        if self.cooldown(endpoint, now).is_some() || !line.try_slot(rate) {
            return Permit::None;
        }
        if !self.overall.try_slot(self.overall_rate()) {
            return Permit::Endpoint;
        }
        match self.policy().begin(endpoint, now) {
            Ok(()) => Permit::Full,
            Err(_) => Permit::None,
        }
    }

    /// Waits for the permits that `permit` lacks: the endpoint's quota, then the shared quota. After success the
    /// caller must call [`Limiter::record`], or [`Limiter::unsent`] if it does not send the call.
    ///
    /// # Errors
    /// Returns `Cooldown` if the endpoint is in a cooldown that lasts longer than [`PATIENCE_SECONDS`].
    pub async fn turn(
        &self,
        endpoint: &str,
        mut permit: Permit,
        now: impl Fn() -> f64,
    ) -> Result<(), Cooldown> {
        let Some(line) = self.endpoints.get(endpoint) else {
            return Ok(());
        };
        while permit != Permit::Full {
            if let Some(cooldown) = self.cooldown(endpoint, now()) {
                let wait = cooldown.until - now();
                if wait > PATIENCE_SECONDS {
                    return Err(cooldown);
                }
                tokio::time::sleep(Duration::from_secs_f64(wait.max(0.0))).await;
                continue;
            }
            if permit == Permit::None {
                line.slot(|| self.policy().rate(endpoint)).await;
            }
            self.overall.slot(|| self.overall_rate()).await;
            permit = match self.policy().begin(endpoint, now()) {
                Ok(()) => Permit::Full,
                Err(_) => Permit::None,
            };
        }
        Ok(())
    }

    /// Finishes a permitted call that was not sent.
    pub fn unsent(&self, endpoint: &str) {
        self.policy().unsent(endpoint);
    }

    /// Records the result of a sent call. Returns the jobs that waited until their endpoint answers.
    pub fn record(&self, endpoint: &'static str, report: &CallReport<'_>, now: f64) -> Vec<i64> {
        self.policy().record(endpoint, report, now)
    }

    /// Restores a cooldown from an earlier run. `until` and `now` are Unix seconds.
    pub fn cool_down_until(&self, endpoint: &str, until: f64, cause: Cause, why: &str, now: f64) {
        if until > now {
            self.policy().pause(endpoint, until, cause, why);
        }
    }

    /// Reads or changes the evidence that the calls have given.
    pub fn evidence<T>(&self, ask: impl FnOnce(&mut Policy) -> T) -> T {
        ask(&mut self.policy())
    }

    /// Returns the outage of the remote, if no call gets an answer.
    #[must_use]
    pub fn outage(&self) -> Option<Outage> {
        self.policy().outage().cloned()
    }

    /// Returns whether the remote answers others, although a call of this endpoint got no answer since this Unix time.
    #[must_use]
    pub fn is_reachable(&self, endpoint: &str, since: f64) -> bool {
        self.policy().is_reachable(endpoint, since)
    }

    /// States whether a free call probes the remote during an outage, so that no job does.
    pub fn probe_for_free(&self, has_free_probe: bool) {
        self.policy().probe_for_free(has_free_probe);
    }

    /// Notes the result of a free probe that began at `began`: `None` if the remote answered, else the error.
    pub fn probed(&self, began: f64, error: Option<&str>, now: f64) {
        let mut policy = self.policy();
        let network = policy.network();
        match error {
            None => network.answered(None, began),
            Some(why) => network.free_probe_failed(began, why, now),
        }
    }

    /// Returns whether a free call probes the remote now, so that no job does.
    #[must_use]
    pub fn is_probed_for_free(&self) -> bool {
        self.policy().network().is_probed_for_free()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Limiter, Permit, Rates};

    const ONE: &str = "get_user_posts";
    const OTHER: &str = "get_user_followers";
    /// Rate so low that no second slot becomes free during a test.
    const RARELY: f64 = 0.000_1;
    const NOW: f64 = 1_700_000_000.0;

    fn limiter(overall: f64, endpoint: f64) -> Limiter {
        Limiter::new(&Rates {
            overall,
            endpoint,
            breaker_failures: 3,
            breaker_cooldown: Duration::from_secs(10),
        })
    }

    #[test]
    fn try_turn_takes_no_slot_that_is_not_free() {
        let limiter = limiter(1e6, RARELY);
        assert_eq!(limiter.try_permit(ONE, NOW), Permit::Full);
        assert_eq!(limiter.try_permit(ONE, NOW), Permit::None);
        assert_eq!(limiter.try_permit(OTHER, NOW), Permit::Full);
    }

    #[tokio::test]
    async fn turn_does_not_wait_for_a_slot_that_the_call_holds() {
        let limiter = limiter(100.0, RARELY);
        let mut permit = Permit::Full;
        // Other endpoints use up the shared quota, so the last one gets only the slot of its own quota.
        let mut names = crate::api::endpoints::ALL.iter().map(|entry| entry.name);
        let mut last = ONE;
        while permit == Permit::Full {
            last = names
                .next()
                .expect("the shared quota runs out before the endpoints");
            permit = limiter.try_permit(last, NOW);
        }
        assert_eq!(permit, Permit::Endpoint);
        // A second slot of the endpoint's quota would take hours.
        let turn = limiter.turn(last, permit, || NOW);
        let turn = tokio::time::timeout(Duration::from_secs(60), turn).await;
        assert_eq!(turn, Ok(Ok(())));
    }

    #[test]
    fn a_cooldown_denies_permits_and_uses_no_slot() {
        let limiter = limiter(1e6, RARELY);
        limiter.cool_down_until(ONE, NOW + 5.0, super::Cause::Throttled, "", NOW);
        assert_eq!(limiter.try_permit(ONE, NOW), Permit::None);
        assert_eq!(limiter.try_permit(ONE, NOW + 6.0), Permit::Full);
        limiter.unsent(ONE);
    }

    #[test]
    fn a_ceiling_limits_all_endpoints_together_until_it_is_lifted() {
        let limiter = limiter(1e6, 1e6);
        limiter.set_ceiling(Some(RARELY));
        assert_eq!(limiter.try_permit(ONE, NOW), Permit::Full);
        assert_eq!(limiter.try_permit(ONE, NOW), Permit::Endpoint);
        assert_eq!(limiter.try_permit(OTHER, NOW), Permit::Endpoint);
        limiter.set_ceiling(None);
        // The last slot counts at the new rate too, for microseconds.
        while limiter.try_permit(OTHER, NOW) != Permit::Full {
            std::hint::spin_loop();
        }
    }
}
