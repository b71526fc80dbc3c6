//! Call policy: the cooldown of each endpoint and the effect of each result on it. Pure.

use std::collections::HashMap;

use super::evidence::{Doubts, Refusals, Refused};
use super::network::{Network, Outage};
use super::report::{CallReport, CallResult, Cause};
use super::state::State;
use super::{Cooldown, Rates};
use crate::api::{Entry, endpoints};

/// State of every endpoint. The caller reports each started call once, with [`Policy::record`] or [`Policy::unsent`].
pub struct Policy {
    endpoints: HashMap<&'static str, State>,
    network: Network,
    refusals: Refusals,
}

/// Returns the highest rate of an endpoint: the configured one, or its own if the vendor documents a lower one.
fn rate_of(entry: &Entry, rates: &Rates) -> f64 {
    let own = entry.calls_per_second.map_or(f64::INFINITY, f64::from);
    rates.endpoint.min(own)
}

impl Policy {
    #[must_use]
    pub fn new(rates: &Rates) -> Self {
        let states = endpoints::ALL
            .iter()
            .map(|entry| (entry.name, State::new(rate_of(entry, rates), rates)));
        Self {
            endpoints: states.collect(),
            network: Network::new(rates.breaker_cooldown.as_secs_f64()),
            refusals: Refusals::default(),
        }
    }

    /// Replaces the configured rates and limits. What the calls have shown stays.
    pub fn configure(&mut self, rates: &Rates) {
        let cooldown = rates.breaker_cooldown.as_secs_f64();
        for entry in endpoints::ALL {
            if let Some(state) = self.endpoints.get_mut(entry.name) {
                state.rate.configure(rate_of(entry, rates));
                state.breaker.configure(rates.breaker_failures, cooldown);
            }
        }
        self.network.configure(cooldown);
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
        let own = self.endpoints.get(endpoint)?.cooldown(now);
        let until = self
            .network
            .blocked_until(endpoint, now)
            .max(own.map_or(0.0, |own| own.until));
        (until > now).then_some(Cooldown { until })
    }

    /// Returns why the endpoint is in its own cooldown.
    #[must_use]
    pub fn why(&self, endpoint: &str) -> (Cause, String) {
        let state = self.endpoints.get(endpoint);
        state.map_or((Cause::Throttled, String::new()), |state| state.why.clone())
    }

    /// Returns the endpoint's own cooldown, apart from an outage of the remote.
    #[must_use]
    pub fn own_cooldown(&self, endpoint: &str, now: f64) -> Option<Cooldown> {
        self.endpoints.get(endpoint)?.cooldown(now)
    }

    /// Starts a call unless the endpoint is in cooldown. After a trip of the breaker, and during an outage, this call is
    /// the only probe.
    ///
    /// # Errors
    /// Returns `Cooldown` if no call may start now.
    pub fn begin(&mut self, endpoint: &str, now: f64) -> Result<(), Cooldown> {
        if let Some(cooldown) = self.cooldown(endpoint, now) {
            return Err(cooldown);
        }
        if let Some(state) = self.endpoints.get_mut(endpoint) {
            state.breaker.begin(now);
            self.network.begin(now);
        }
        Ok(())
    }

    /// Returns whether a cooldown began after a call started. The caller then must not send the call.
    #[must_use]
    pub fn cooling_down_since_permit(&self, endpoint: &str, now: f64) -> bool {
        self.network.excludes_permits(now)
            || self.endpoints.get(endpoint).is_some_and(|state| {
                state.rate.paused_until() > now || state.breaker.is_cooling(now)
            })
    }

    /// Finishes a permitted call that was not sent.
    pub fn unsent(&mut self, endpoint: &str) {
        if let Some(state) = self.endpoints.get_mut(endpoint) {
            state.breaker.undecided();
            self.network.unsent();
        }
    }

    /// Records the result of a sent call. Returns the jobs that waited until their endpoint answers.
    pub fn record(
        &mut self,
        endpoint: &'static str,
        report: &CallReport<'_>,
        now: f64,
    ) -> Vec<i64> {
        match report.result {
            CallResult::Unanswered { is_charged } => {
                self.network
                    .unanswered(endpoint, report.began, is_charged, report.why, now);
            }
            _ if report.is_answer => self.network.answered(Some(endpoint), report.began),
            _ => self.network.unsent(),
        }
        if report.result == CallResult::Success {
            self.refusals.page();
        }
        let Some(state) = self.endpoints.get_mut(endpoint) else {
            return Vec::new();
        };
        if matches!(
            report.result,
            CallResult::Success | CallResult::AboutSubject
        ) {
            return state.went_well(now);
        }
        if let Some(until) = state.record(report, now) {
            let why = state.why.clone();
            for state in self.endpoints.values_mut() {
                state.rate.pause(until);
                state.why.clone_from(&why);
            }
        }
        Vec::new()
    }

    /// Starts a cooldown of the endpoint until this Unix time.
    pub fn pause(&mut self, endpoint: &str, until: f64, cause: Cause, why: &str) {
        if let Some(state) = self.endpoints.get_mut(endpoint) {
            state.rate.pause(until);
            state.why = (cause, why.to_owned());
        }
    }

    /// Notes that the endpoint answered in an earlier run.
    pub fn answered_before(&mut self, endpoint: &str) {
        if let Some(state) = self.endpoints.get_mut(endpoint) {
            state.evidence.has_answered = true;
        }
    }

    /// Returns whether the endpoint has returned a page, or said something about a subject, in this run or earlier.
    #[must_use]
    pub fn has_answered(&self, endpoint: &str) -> bool {
        let state = self.endpoints.get(endpoint);
        state.is_some_and(|state| state.evidence.has_answered)
    }

    /// Returns whether other jobs of the endpoint failed too since its last answer.
    #[must_use]
    pub fn others_fail(&self, endpoint: &str, job_id: i64) -> bool {
        let state = self.endpoints.get(endpoint);
        state.is_some_and(|state| {
            state.evidence.others_fail(job_id) || state.breaker.failing_since().is_some()
        })
    }

    /// Returns whether the endpoint has answered since the job's last failure, or the job has not failed yet.
    #[must_use]
    pub fn is_first_failure(&self, endpoint: &str, job_id: i64) -> bool {
        let state = self.endpoints.get(endpoint);
        state.is_none_or(|state| state.evidence.is_first(job_id))
    }

    /// Returns the answers that name no subject, of an endpoint that has never answered anything else.
    #[must_use]
    pub fn doubts(&self, endpoint: &str) -> Doubts {
        let state = self.endpoints.get(endpoint);
        state.map_or(Doubts::default(), |state| state.evidence.doubts())
    }

    /// Returns since when the endpoint fails and its breaker opens, and the jobs that failed at least `least` times.
    #[must_use]
    pub fn failing(&self, endpoint: &str, least: u32) -> Option<(f64, Vec<i64>)> {
        let state = self.endpoints.get(endpoint)?;
        let since = state.breaker.failing_since()?;
        Some((since, state.evidence.failed_often(least)))
    }

    /// Notes the refusal of a job, and returns what is known about it.
    pub fn refused(&mut self, job_id: i64) -> Refused {
        self.refusals.refused(job_id);
        self.refusals.of(job_id)
    }

    /// Returns the outage of the remote, if no call gets an answer.
    #[must_use]
    pub fn outage(&self) -> Option<&Outage> {
        self.network.outage()
    }

    /// Returns whether the remote answers others: it has answered a call that began after this Unix time, or the endpoint is known to
    /// be silent alone.
    #[must_use]
    pub fn is_reachable(&self, endpoint: &str, since: f64) -> bool {
        self.network.answered_since(since) || self.network.is_silent(endpoint)
    }

    /// States whether a free call probes the remote during an outage, so that no job does.
    pub fn probe_for_free(&mut self, has_free_probe: bool) {
        self.network.probe_for_free(has_free_probe);
    }

    /// Returns the part of the policy that knows whether the remote can be reached.
    pub(crate) fn network(&mut self) -> &mut Network {
        &mut self.network
    }

    /// Returns how often the endpoint's breaker has opened since its last valid answer.
    #[must_use]
    pub fn fruitless_trips(&self, endpoint: &str) -> u32 {
        self.endpoints
            .get(endpoint)
            .map_or(0, |state| state.breaker.trips())
    }
}
