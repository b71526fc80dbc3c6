//! What the remote asked of its caller: which endpoint rests until when, and what each answer teaches. Pure.

use std::collections::HashMap;

use super::breaker::Breaker;
use super::rate::Pace;
use super::{Rates, Resting, Verdict};
use crate::api::endpoints;

/// Subjects in a row that may be gone before the endpoint itself is doubted, where it never gave a page.
const DOUBTFUL: u32 = 3;

/// The longest wait after a block.
const BLOCK_MAX_SECONDS: f64 = 900.0;

/// What is known of every endpoint. Each call that begins is reported on once, with [`Manners::learn`].
pub struct Manners {
    endpoints: HashMap<&'static str, State>,
}

struct State {
    pace: Pace,
    breaker: Breaker,
    /// It has given a page.
    has_worked: bool,
    /// Subjects in a row that were gone, while it has never worked.
    gone_in_row: u32,
}

impl State {
    fn new(rate: f64, rates: &Rates) -> Self {
        Self {
            pace: Pace::new(rate),
            breaker: Breaker::new(rates.breaker_failures, rates.breaker_cooldown.as_secs_f64()),
            has_worked: false,
            gone_in_row: 0,
        }
    }

    fn resting(&self, now: f64) -> Option<Resting> {
        let until = self.pace.paused_until().max(self.breaker.closed_until(now));
        (until > now).then_some(Resting { until })
    }

    /// Learns; gives the pause of all endpoints that a block asks for.
    fn learn(&mut self, verdict: Verdict, now: f64) -> Option<f64> {
        match verdict {
            Verdict::Well => {
                self.pace.went_well(now);
                self.breaker.went_well();
                self.has_worked = true;
            }
            Verdict::Gone => {
                self.pace.went_well(now);
                self.breaker.went_well();
                self.gone_in_row += 1;
            }
            Verdict::Blocked { after } => {
                // Each block in a row is waited for twice as long, and a run that wants to end ends after a few.
                let doublings = self.breaker.trips().min(16);
                let is_news = self.breaker.refused(now);
                let times = if is_news { 1_u32 << doublings } else { 1 };
                let wait = after.as_secs_f64() * f64::from(times);
                return Some(now + wait.min(BLOCK_MAX_SECONDS));
            }
            Verdict::Throttled { after } => {
                let wait = after.map(|wait| wait.as_secs_f64());
                self.pace.throttled(wait, now);
                if self.pace.is_hopeless() {
                    self.breaker.refused(now);
                } else {
                    self.breaker.undecided();
                }
            }
            Verdict::Failed => self.breaker.failed(now),
            Verdict::Neither => self.breaker.undecided(),
        }
        None
    }
}

impl Manners {
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

    /// Calls per second that the endpoint is given at present.
    #[must_use]
    pub fn rate(&self, endpoint: &str) -> f64 {
        self.endpoints
            .get(endpoint)
            .map_or(f64::INFINITY, |state| state.pace.rate())
    }

    /// Until when an endpoint rests, if it does.
    #[must_use]
    pub fn resting(&self, endpoint: &str, now: f64) -> Option<Resting> {
        self.endpoints.get(endpoint)?.resting(now)
    }

    /// A call begins, unless the endpoint rests. After a trip of its breaker it is a trial, and the only one.
    ///
    /// # Errors
    /// `Resting` where there may be no call now.
    pub fn begin(&mut self, endpoint: &str, now: f64) -> Result<(), Resting> {
        let Some(state) = self.endpoints.get_mut(endpoint) else {
            return Ok(());
        };
        match state.resting(now) {
            Some(resting) => Err(resting),
            None => {
                state.breaker.begin(now);
                Ok(())
            }
        }
    }

    /// Whether the endpoint was asked for mercy after a call had begun: then it is not sent.
    #[must_use]
    pub fn resting_since_turn(&self, endpoint: &str, now: f64) -> bool {
        self.endpoints
            .get(endpoint)
            .is_some_and(|state| state.pace.paused_until() > now || state.breaker.is_cooling(now))
    }

    /// Learns from how a call went.
    pub fn learn(&mut self, endpoint: &str, verdict: Verdict, now: f64) {
        let Some(state) = self.endpoints.get_mut(endpoint) else {
            return;
        };
        if let Some(until) = state.learn(verdict, now) {
            for state in self.endpoints.values_mut() {
                state.pace.pause(until);
            }
        }
    }

    /// No calls of the endpoint before this time.
    pub fn pause(&mut self, endpoint: &str, until: f64) {
        if let Some(state) = self.endpoints.get_mut(endpoint) {
            state.pace.pause(until);
        }
    }

    /// The endpoint has given a page, now or in an earlier run.
    #[must_use]
    pub fn has_worked(&self, endpoint: &str) -> bool {
        self.endpoints
            .get(endpoint)
            .is_some_and(|state| state.has_worked)
    }

    /// Remembers that the endpoint gave a page in an earlier run.
    pub fn worked_before(&mut self, endpoint: &str) {
        if let Some(state) = self.endpoints.get_mut(endpoint) {
            state.has_worked = true;
        }
    }

    /// The endpoint has never given a page, and says of one subject after another that it is gone: more likely the
    /// endpoint is.
    #[must_use]
    pub fn is_doubtful(&self, endpoint: &str) -> bool {
        self.endpoints
            .get(endpoint)
            .is_some_and(|state| !state.has_worked && state.gone_in_row >= DOUBTFUL)
    }

    /// How often in a row an endpoint was stopped by its breaker without one good answer since.
    #[must_use]
    pub fn fruitless_trips(&self, endpoint: &str) -> u32 {
        self.endpoints
            .get(endpoint)
            .map_or(0, |state| state.breaker.trips())
    }
}
