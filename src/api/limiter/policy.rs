//! Call policy: the cooldown of each endpoint and the effect of each result on it. Pure.

use std::collections::HashMap;

use super::breaker::Breaker;
use super::rate::AdaptiveRate;
use super::{CallResult, Cooldown, Rates};
use crate::api::endpoints;

/// Consecutive gone subjects after which an endpoint that has never returned a page is doubtful.
const DOUBTFUL: u32 = 3;

/// Maximum wait after a block.
const BLOCK_MAX_SECONDS: f64 = 900.0;

/// State of every endpoint. The caller reports each started call once, with [`Policy::record`].
pub struct Policy {
    endpoints: HashMap<&'static str, State>,
}

struct State {
    rate: AdaptiveRate,
    breaker: Breaker,
    /// The endpoint has returned a page.
    has_worked: bool,
    /// Number of gone subjects; used only while the endpoint has never returned a page.
    gone_in_row: u32,
}

impl State {
    fn new(rate: f64, rates: &Rates) -> Self {
        Self {
            rate: AdaptiveRate::new(rate),
            breaker: Breaker::new(rates.breaker_failures, rates.breaker_cooldown.as_secs_f64()),
            has_worked: false,
            gone_in_row: 0,
        }
    }

    fn cooldown(&self, now: f64) -> Option<Cooldown> {
        let until = self
            .rate
            .paused_until()
            .max(self.breaker.blocked_until(now));
        (until > now).then_some(Cooldown { until })
    }

    /// Records a result. After a block, returns the Unix time until which all endpoints cool down.
    fn record(&mut self, result: CallResult, now: f64) -> Option<f64> {
        match result {
            CallResult::Success => {
                self.rate.went_well(now);
                self.breaker.went_well();
                self.has_worked = true;
            }
            CallResult::Gone => {
                self.rate.went_well(now);
                self.breaker.went_well();
                self.gone_in_row += 1;
            }
            CallResult::Blocked { after } => {
                // The wait doubles with each consecutive block; after a few blocks the run can end.
                let doublings = self.breaker.trips().min(16);
                let is_news = self.breaker.refused(now);
                let times = if is_news { 1_u32 << doublings } else { 1 };
                let wait = after.as_secs_f64() * f64::from(times);
                return Some(now + wait.min(BLOCK_MAX_SECONDS));
            }
            CallResult::Throttled { after } => {
                let wait = after.map(|wait| wait.as_secs_f64());
                self.rate.throttled(wait, now);
                if self.rate.is_hopeless() {
                    self.breaker.refused(now);
                } else {
                    self.breaker.undecided();
                }
            }
            CallResult::Failed => self.breaker.failed(now),
            CallResult::Ignored => self.breaker.undecided(),
        }
        None
    }
}

impl Policy {
    #[must_use]
    pub fn new(rates: &Rates) -> Self {
        let states = endpoints::ALL.iter().map(|entry| {
            let own = entry.calls_per_second.map_or(f64::INFINITY, f64::from);
            (entry.name, State::new(rates.endpoint.min(own), rates))
        });
        Self {
            endpoints: states.collect(),
        }
    }

    /// Returns the endpoint's current rate in calls per second.
    #[must_use]
    pub fn rate(&self, endpoint: &str) -> f64 {
        self.endpoints
            .get(endpoint)
            .map_or(f64::INFINITY, |state| state.rate.rate())
    }

    /// Returns the cooldown of an endpoint, if it is in one.
    #[must_use]
    pub fn cooldown(&self, endpoint: &str, now: f64) -> Option<Cooldown> {
        self.endpoints.get(endpoint)?.cooldown(now)
    }

    /// Starts a call unless the endpoint is in cooldown. After a trip of the breaker this call is the only probe.
    ///
    /// # Errors
    /// Returns `Cooldown` if no call may start now.
    pub fn begin(&mut self, endpoint: &str, now: f64) -> Result<(), Cooldown> {
        let Some(state) = self.endpoints.get_mut(endpoint) else {
            return Ok(());
        };
        match state.cooldown(now) {
            Some(cooldown) => Err(cooldown),
            None => {
                state.breaker.begin(now);
                Ok(())
            }
        }
    }

    /// Returns whether a cooldown began after a call started. The caller then must not send the call.
    #[must_use]
    pub fn cooling_down_since_permit(&self, endpoint: &str, now: f64) -> bool {
        self.endpoints
            .get(endpoint)
            .is_some_and(|state| state.rate.paused_until() > now || state.breaker.is_cooling(now))
    }

    /// Records the result of a call.
    pub fn record(&mut self, endpoint: &str, result: CallResult, now: f64) {
        let Some(state) = self.endpoints.get_mut(endpoint) else {
            return;
        };
        if let Some(until) = state.record(result, now) {
            for state in self.endpoints.values_mut() {
                state.rate.pause(until);
            }
        }
    }

    /// Starts a cooldown of the endpoint until this Unix time.
    pub fn pause(&mut self, endpoint: &str, until: f64) {
        if let Some(state) = self.endpoints.get_mut(endpoint) {
            state.rate.pause(until);
        }
    }

    /// Returns whether the endpoint has returned a page in this run or an earlier one.
    #[must_use]
    pub fn has_worked(&self, endpoint: &str) -> bool {
        self.endpoints
            .get(endpoint)
            .is_some_and(|state| state.has_worked)
    }

    /// Notes that the endpoint returned a page in an earlier run.
    pub fn worked_before(&mut self, endpoint: &str) {
        if let Some(state) = self.endpoints.get_mut(endpoint) {
            state.has_worked = true;
        }
    }

    /// Returns whether the endpoint has returned no page and reported several subjects in a row as gone.
    /// The endpoint itself is then more likely gone than the subjects.
    #[must_use]
    pub fn is_doubtful(&self, endpoint: &str) -> bool {
        self.endpoints
            .get(endpoint)
            .is_some_and(|state| !state.has_worked && state.gone_in_row >= DOUBTFUL)
    }

    /// Returns how often the endpoint's breaker has opened since its last valid answer.
    #[must_use]
    pub fn fruitless_trips(&self, endpoint: &str) -> u32 {
        self.endpoints
            .get(endpoint)
            .map_or(0, |state| state.breaker.trips())
    }
}
