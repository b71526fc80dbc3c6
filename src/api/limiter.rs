//! How fast the remote is called: one quota for each endpoint and one for all, shared by all workers.
//!
//! Everything that one must respect about the remote is here: the configured rates (governor), what its refusals
//! taught us (`Pace`), and which endpoints keep failing (`Breaker`). What is decided is decided in `Manners`, which is
//! pure; here it is shared, and waited for.

mod breaker;
mod policy;
mod quota;
mod rate;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::DefaultClock;

use super::endpoints;
pub use policy::Manners;
pub use quota::{CALL, Slots};

/// How long a worker waits for a pause to end while it holds a job; beyond that the job goes back.
pub const PATIENCE_SECONDS: f64 = 1.0;

/// The rates that an operator allows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// Calls per second in all.
    pub overall: f64,
    /// Calls per second of each endpoint.
    pub endpoint: f64,
    /// Failures in a row that stop an endpoint for a while.
    pub breaker_failures: u32,
    pub breaker_cooldown: Duration,
}

/// The endpoint rests; the job that was leased for it should go back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resting {
    /// Unix seconds.
    pub until: f64,
}

/// How far a call has come on the way to its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Nowhere,
    /// It has a slot of its endpoint's quota, and needs one of the quota of all.
    HasSlot,
    HasTurn,
}

/// How an endpoint's last call went, for the limiter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    /// It answered as it should.
    Well,
    /// It said that the subject is gone.
    Gone,
    /// Something before the remote turned us away: no endpoint is called for so long.
    Blocked { after: Duration },
    /// It refused for being called too often.
    Throttled { after: Option<Duration> },
    /// It failed in a way that may pass.
    Failed,
    /// The call said nothing about the endpoint.
    Neither,
}

/// The one place of politeness.
pub struct Limiter {
    overall: Line,
    endpoints: HashMap<&'static str, Line>,
    overall_rate: f64,
    manners: Mutex<Manners>,
}

/// Waiters stand in line, so that each of them waits for one slot instead of all for the same.
struct Line(tokio::sync::Mutex<Slots<DefaultClock>>);

impl Line {
    fn new(rate: f64) -> Self {
        Self(tokio::sync::Mutex::new(Slots::new(
            rate,
            DefaultClock::default(),
        )))
    }

    /// Waits for a slot at the rate that holds when it is this waiter's turn.
    async fn slot(&self, rate: impl Fn() -> f64) {
        let mut slots = self.0.lock().await;
        // A quota's burst is larger than a call: this cannot fail.
        let _ = slots.at(rate()).until_n_ready(CALL).await;
        slots.taken();
    }

    /// Takes a slot if there is one now and nobody waits for it.
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
        let manners = Manners::new(rates);
        let lines = endpoints::ALL
            .iter()
            .map(|entry| (entry.name, Line::new(manners.rate(entry.name))));
        Self {
            overall: Line::new(rates.overall),
            overall_rate: rates.overall,
            endpoints: lines.collect(),
            manners: Mutex::new(manners),
        }
    }

    fn manners(&self) -> MutexGuard<'_, Manners> {
        self.manners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those of the endpoints that may be called now, in the given order.
    #[must_use]
    pub fn open_endpoints(&self, wanted: &[&'static str], now: f64) -> Vec<&'static str> {
        let manners = self.manners();
        let open = wanted.iter().copied();
        open.filter(|name| manners.resting(name, now).is_none())
            .collect()
    }

    /// Until when an endpoint rests, if it does.
    #[must_use]
    pub fn resting(&self, endpoint: &str, now: f64) -> Option<Resting> {
        self.manners().resting(endpoint, now)
    }

    /// Whether the endpoint was asked for mercy after a call had its turn: then the call is not sent.
    #[must_use]
    pub fn resting_since_turn(&self, endpoint: &str, now: f64) -> bool {
        self.manners().resting_since_turn(endpoint, now)
    }

    /// Goes as far as this call can without waiting. One that has its turn must be reported on with
    /// [`Limiter::learn`], sent or not.
    #[must_use]
    pub fn try_turn(&self, endpoint: &str, now: f64) -> Standing {
        let Some(line) = self.endpoints.get(endpoint) else {
            return Standing::HasTurn;
        };
        let rate = self.manners().rate(endpoint);
        if self.resting(endpoint, now).is_some() || !line.try_slot(rate) {
            return Standing::Nowhere;
        }
        if !self.overall.try_slot(self.overall_rate) {
            return Standing::HasSlot;
        }
        match self.manners().begin(endpoint, now) {
            Ok(()) => Standing::HasTurn,
            Err(_) => Standing::Nowhere,
        }
    }

    /// Waits for this call's turn: the endpoint's quota, then the quota of all, from where it stands. A call that had
    /// its turn must be reported on with [`Limiter::learn`], sent or not.
    ///
    /// # Errors
    /// `Resting` where the endpoint was stopped for more than a moment meanwhile.
    pub async fn turn(
        &self,
        endpoint: &str,
        mut standing: Standing,
        now: impl Fn() -> f64,
    ) -> Result<(), Resting> {
        let Some(line) = self.endpoints.get(endpoint) else {
            return Ok(());
        };
        while standing != Standing::HasTurn {
            if let Some(resting) = self.resting(endpoint, now()) {
                let wait = resting.until - now();
                if wait > PATIENCE_SECONDS {
                    return Err(resting);
                }
                tokio::time::sleep(Duration::from_secs_f64(wait.max(0.0))).await;
                continue;
            }
            if standing == Standing::Nowhere {
                line.slot(|| self.manners().rate(endpoint)).await;
            }
            self.overall.slot(|| self.overall_rate).await;
            standing = match self.manners().begin(endpoint, now()) {
                Ok(()) => Standing::HasTurn,
                Err(_) => Standing::Nowhere,
            };
        }
        Ok(())
    }

    /// Learns from how a call went.
    pub fn learn(&self, endpoint: &str, verdict: Verdict, now: f64) {
        self.manners().learn(endpoint, verdict, now);
    }

    /// Keeps a pause that an earlier run was asked for.
    pub fn rest_until(&self, endpoint: &str, until: f64, now: f64) {
        if until > now {
            self.manners().pause(endpoint, until);
        }
    }

    /// The endpoint has given a page, now or in an earlier run.
    #[must_use]
    pub fn has_worked(&self, endpoint: &str) -> bool {
        self.manners().has_worked(endpoint)
    }

    /// Remembers that the endpoint gave a page in an earlier run.
    pub fn worked_before(&self, endpoint: &str) {
        self.manners().worked_before(endpoint);
    }

    /// The endpoint has never given a page, and says of one subject after another that it is gone: more likely the
    /// endpoint is.
    #[must_use]
    pub fn is_doubtful(&self, endpoint: &str) -> bool {
        self.manners().is_doubtful(endpoint)
    }

    /// How often in a row an endpoint was stopped by its breaker without one good answer since.
    #[must_use]
    pub fn fruitless_trips(&self, endpoint: &str) -> u32 {
        self.manners().fruitless_trips(endpoint)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Limiter, Rates, Standing, Verdict};

    const ONE: &str = "get_user_posts";
    const OTHER: &str = "get_user_followers";
    /// So rarely that a second slot does not come while a test runs.
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
    fn what_cannot_be_had_at_once_is_not_taken() {
        let limiter = limiter(1e6, RARELY);
        assert_eq!(limiter.try_turn(ONE, NOW), Standing::HasTurn);
        assert_eq!(limiter.try_turn(ONE, NOW), Standing::Nowhere);
        assert_eq!(limiter.try_turn(OTHER, NOW), Standing::HasTurn);
    }

    #[tokio::test]
    async fn a_slot_that_was_had_is_not_waited_for_again() {
        let limiter = limiter(100.0, RARELY);
        let mut standing = Standing::HasTurn;
        // The quota of all is used up by endpoints that have slots; one of them is left with its own slot only.
        let mut names = crate::api::endpoints::ALL.iter().map(|entry| entry.name);
        let mut last = ONE;
        while standing == Standing::HasTurn {
            last = names.next().expect("the quota of all runs out first");
            standing = limiter.try_turn(last, NOW);
        }
        assert_eq!(standing, Standing::HasSlot);
        // Another slot of its own would come in hours.
        let turn = limiter.turn(last, standing, || NOW);
        let turn = tokio::time::timeout(Duration::from_secs(60), turn).await;
        assert_eq!(turn, Ok(Ok(())));
    }

    #[test]
    fn an_endpoint_that_rests_gives_no_turn_and_keeps_its_slot() {
        let limiter = limiter(1e6, RARELY);
        limiter.rest_until(ONE, NOW + 5.0, NOW);
        assert_eq!(limiter.try_turn(ONE, NOW), Standing::Nowhere);
        assert_eq!(limiter.try_turn(ONE, NOW + 6.0), Standing::HasTurn);
        limiter.learn(ONE, Verdict::Neither, NOW + 6.0);
    }
}
