//! How fast the remote is called: one quota for each endpoint and one for all, shared by all workers.
//!
//! Everything that one must respect about the remote is here: the configured rates (governor), what its refusals
//! taught us (`Pace`), and which endpoints keep failing (`Breaker`).

mod breaker;
mod pace;

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use super::endpoints;
use breaker::Breaker;
use pace::Pace;

/// How long a worker waits for a pause to end while it holds a job; beyond that the job goes back.
const PATIENCE_SECONDS: f64 = 1.0;

/// Subjects in a row that may be gone before the endpoint itself is doubted, where it never gave a page.
const DOUBTFUL: u32 = 3;

/// The longest wait after a block.
const BLOCK_MAX_SECONDS: f64 = 900.0;

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
    overall: Gate,
    endpoints: HashMap<&'static str, Gate>,
}

struct Gate {
    /// Waiters stand in line, so that each of them waits for one slot instead of all for the same.
    line: tokio::sync::Mutex<Slots>,
    state: Mutex<State>,
}

struct Slots {
    rate: f64,
    limiter: DefaultDirectRateLimiter,
}

struct State {
    pace: Pace,
    breaker: Breaker,
    /// It has given a page.
    has_worked: bool,
    /// Subjects in a row that were gone, while it has never worked.
    gone_in_row: u32,
}

impl Gate {
    fn new(rate: f64, rates: &Rates) -> Self {
        Self {
            line: tokio::sync::Mutex::new(Slots {
                rate,
                limiter: limiter(rate),
            }),
            state: Mutex::new(State {
                pace: Pace::new(rate),
                breaker: Breaker::new(rates.breaker_failures, rates.breaker_cooldown.as_secs_f64()),
                has_worked: false,
                gone_in_row: 0,
            }),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn slot(&self) {
        let mut slots = self.line.lock().await;
        let rate = self.state().pace.rate();
        if (slots.rate - rate).abs() > f64::EPSILON {
            *slots = Slots {
                rate,
                limiter: limiter(rate),
            };
        }
        slots.limiter.until_ready().await;
    }
}

/// A quota that spreads its calls: at most a hundredth of a second's worth of them at once.
fn limiter(rate: f64) -> DefaultDirectRateLimiter {
    let period =
        Duration::from_secs_f64(1.0 / rate.clamp(0.000_1, 1e9)).max(Duration::from_nanos(1));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to a small positive number"
    )]
    let burst = (rate / 100.0).ceil().clamp(1.0, 10_000.0) as u32;
    let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
    let quota = Quota::with_period(period).unwrap_or(Quota::per_second(burst));
    RateLimiter::direct(quota.allow_burst(burst))
}

impl Limiter {
    #[must_use]
    pub fn new(rates: &Rates) -> Self {
        let gates = endpoints::ALL.iter().map(|entry| {
            let own = entry.calls_per_second.map_or(f64::INFINITY, f64::from);
            (entry.name, Gate::new(rates.endpoint.min(own), rates))
        });
        Self {
            overall: Gate::new(rates.overall, rates),
            endpoints: gates.collect(),
        }
    }

    /// Those of the endpoints that may be called now, in the given order.
    #[must_use]
    pub fn open_endpoints(&self, wanted: &[&'static str], now: f64) -> Vec<&'static str> {
        wanted
            .iter()
            .copied()
            .filter(|name| self.resting(name, now).is_none())
            .collect()
    }

    /// Until when an endpoint rests, if it does.
    #[must_use]
    pub fn resting(&self, endpoint: &str, now: f64) -> Option<Resting> {
        let state = self.endpoints.get(endpoint)?.state();
        let until = state
            .pace
            .paused_until()
            .max(state.breaker.closed_until(now));
        (until > now).then_some(Resting { until })
    }

    /// Whether the endpoint was asked for mercy after a call had its turn: then the call is not sent.
    #[must_use]
    pub fn resting_since_turn(&self, endpoint: &str, now: f64) -> bool {
        self.endpoints.get(endpoint).is_some_and(|gate| {
            let state = gate.state();
            state.pace.paused_until() > now || state.breaker.is_cooling(now)
        })
    }

    /// Waits for this call's turn: the endpoint's quota, then the quota of all.
    ///
    /// # Errors
    /// `Resting` where the endpoint was stopped for more than a moment meanwhile.
    pub async fn turn(&self, endpoint: &str, now: impl Fn() -> f64) -> Result<(), Resting> {
        let Some(gate) = self.endpoints.get(endpoint) else {
            return Ok(());
        };
        loop {
            if let Some(resting) = self.resting(endpoint, now()) {
                let wait = resting.until - now();
                if wait > PATIENCE_SECONDS {
                    return Err(resting);
                }
                tokio::time::sleep(Duration::from_secs_f64(wait.max(0.0))).await;
                continue;
            }
            gate.slot().await;
            self.overall.slot().await;
            if self.resting(endpoint, now()).is_none() {
                gate.state().breaker.begin(now());
                return Ok(());
            }
        }
    }

    /// Learns from how a call went.
    pub fn learn(&self, endpoint: &str, verdict: Verdict, now: f64) {
        let Some(gate) = self.endpoints.get(endpoint) else {
            return;
        };
        let mut state = gate.state();
        match verdict {
            Verdict::Well => {
                state.pace.went_well(now);
                state.breaker.went_well();
                state.has_worked = true;
            }
            Verdict::Gone => {
                state.pace.went_well(now);
                state.breaker.went_well();
                state.gone_in_row += 1;
            }
            Verdict::Blocked { after } => {
                // Each block in a row is waited for twice as long, and a run that wants to end ends after a few.
                let doublings = state.breaker.trips().min(16);
                state.breaker.trip(now);
                drop(state);
                let wait =
                    (after.as_secs_f64() * f64::from(1_u32 << doublings)).min(BLOCK_MAX_SECONDS);
                for gate in self.endpoints.values() {
                    gate.state().pace.pause(now + wait);
                }
            }
            Verdict::Throttled { after } => {
                state
                    .pace
                    .throttled(after.map(|wait| wait.as_secs_f64()), now);
                if state.pace.is_hopeless() {
                    state.breaker.trip(now);
                } else {
                    state.breaker.undecided();
                }
            }
            Verdict::Failed => state.breaker.failed(now),
            Verdict::Neither => state.breaker.undecided(),
        }
    }

    /// Keeps a pause that an earlier run was asked for.
    pub fn rest_until(&self, endpoint: &str, until: f64, now: f64) {
        if until > now
            && let Some(gate) = self.endpoints.get(endpoint)
        {
            gate.state().pace.pause(until);
        }
    }

    /// The endpoint has given a page, now or in an earlier run.
    #[must_use]
    pub fn has_worked(&self, endpoint: &str) -> bool {
        self.endpoints
            .get(endpoint)
            .is_some_and(|gate| gate.state().has_worked)
    }

    /// Remembers that the endpoint gave a page in an earlier run.
    pub fn worked_before(&self, endpoint: &str) {
        if let Some(gate) = self.endpoints.get(endpoint) {
            gate.state().has_worked = true;
        }
    }

    /// The endpoint has never given a page, and says of one subject after another that it is gone: more likely the
    /// endpoint is.
    #[must_use]
    pub fn is_doubtful(&self, endpoint: &str) -> bool {
        self.endpoints.get(endpoint).is_some_and(|gate| {
            let state = gate.state();
            !state.has_worked && state.gone_in_row >= DOUBTFUL
        })
    }

    /// How often in a row an endpoint was stopped by its breaker without one good answer since.
    #[must_use]
    pub fn fruitless_trips(&self, endpoint: &str) -> u32 {
        self.endpoints
            .get(endpoint)
            .map_or(0, |gate| gate.state().breaker.trips())
    }
}
