//! Whether the remote can be reached at all. Evidence of one call concerns all endpoints. Pure.

use std::collections::{HashMap, HashSet};

/// Probe interval, as a multiple of the configured cooldown: 30 s by default.
const PROBE_COOLDOWNS: f64 = 3.0;
/// Doublings of the interval at most, where a probe may be charged: 30 s grow to 4 min by default.
const MAX_DOUBLINGS: u32 = 3;
/// Failed free probes after which a job probes the remote too: the free call itself may be broken.
const FREE_PROBES: u32 = 40;
/// How much later an endpoint may probe for each call without an answer, as a part of the interval, and how often that
/// counts. Endpoints take turns, because one of them may be silent alone.
const TURN: f64 = 0.1;
const MAX_TURNS: u32 = 5;
/// Time after which a probe without a result expires. A worker that stops during a probe never reports it.
const PROBE_SECONDS: f64 = 120.0;

/// An outage: no call gets an answer of the remote.
#[derive(Debug, Clone, PartialEq)]
pub struct Outage {
    /// Unix time of the first call without an answer.
    pub since: f64,
    /// Unix time of the next probe.
    pub next_probe: f64,
    /// A probe failed too. Until then the failures may concern a page or an endpoint.
    pub is_confirmed: bool,
    /// Error of the latest call without an answer.
    pub why: String,
}

#[derive(Debug)]
pub(crate) struct Network {
    probe_seconds: f64,
    outage: Option<Outage>,
    /// Start of the probe in flight.
    probe_began: Option<f64>,
    /// Failed probes that may have been charged.
    charged_probes: u32,
    /// A free call probes the remote, so no job does.
    has_free_probe: bool,
    free_probes: u32,
    /// Start of the latest call that the remote answered. An answer to an earlier call says nothing about a later one.
    answered_began: f64,
    /// Calls of each endpoint without an answer during this outage. The next probe is of an endpoint with the fewest.
    unanswered: HashMap<&'static str, u32>,
    /// Endpoints that gave no answer while the remote answered others.
    silent: HashSet<&'static str>,
}

impl Network {
    pub(super) fn new(cooldown_seconds: f64) -> Self {
        Self {
            probe_seconds: cooldown_seconds * PROBE_COOLDOWNS,
            outage: None,
            probe_began: None,
            charged_probes: 0,
            has_free_probe: true,
            free_probes: 0,
            answered_began: f64::NEG_INFINITY,
            unanswered: HashMap::new(),
            silent: HashSet::new(),
        }
    }

    /// Replaces the cooldown that the interval of probes derives from.
    pub(super) fn configure(&mut self, cooldown_seconds: f64) {
        self.probe_seconds = cooldown_seconds * PROBE_COOLDOWNS;
    }

    /// Returns whether the endpoint gives no answer although the remote answers others.
    pub(super) fn is_silent(&self, endpoint: &str) -> bool {
        self.silent.contains(endpoint)
    }

    pub(super) fn outage(&self) -> Option<&Outage> {
        self.outage.as_ref()
    }

    /// States whether a free call probes the remote during an outage.
    pub(super) fn probe_for_free(&mut self, has_free_probe: bool) {
        self.has_free_probe = has_free_probe;
    }

    /// Returns whether a free call probes the remote now, so that no job does.
    pub(crate) fn is_probed_for_free(&self) -> bool {
        self.has_free_probe && self.free_probes < FREE_PROBES
    }

    /// Notes a free call that began at `began` and got no answer.
    pub(crate) fn free_probe_failed(&mut self, began: f64, why: &str, now: f64) {
        self.free_probes += 1;
        if self.is_probed_for_free() {
            self.probe_began = Some(began);
        } else if self.outage.is_some() {
            // A job probes now, and its own result counts.
            return;
        }
        self.miss(began, false, why, now);
    }

    /// Returns whether the remote has answered a call that began after this Unix time.
    pub(super) fn answered_since(&self, time: f64) -> bool {
        self.answered_began > time
    }

    /// Returns the Unix time before which no job of the endpoint may be called; in the past if it may.
    pub(super) fn blocked_until(&self, endpoint: &str, now: f64) -> f64 {
        match &self.outage {
            None => 0.0,
            // The free probe decides when this ends.
            Some(outage) if self.is_probed_for_free() => {
                outage.next_probe.max(now) + self.probe_seconds
            }
            Some(outage) => match self.probe_began {
                Some(began) if now < began + PROBE_SECONDS => began + PROBE_SECONDS,
                _ => {
                    let turns = self.unanswered.get(endpoint).copied().unwrap_or(0);
                    outage.next_probe + f64::from(turns.min(MAX_TURNS)) * self.probe_seconds * TURN
                }
            },
        }
    }

    /// Returns whether a call with a permit must not be sent: an outage began after the permit.
    pub(super) fn excludes_permits(&self, now: f64) -> bool {
        self.outage.is_some()
            && !self
                .probe_began
                .is_some_and(|began| now < began + PROBE_SECONDS)
    }

    /// Notes that a call was permitted. During an outage it is the only probe.
    pub(super) fn begin(&mut self, now: f64) {
        if self.outage.is_some() {
            self.probe_began = Some(now);
        }
    }

    /// Notes that a permitted call was not sent.
    pub(super) fn unsent(&mut self) {
        self.probe_began = None;
    }

    /// Notes an answer of the remote to a call that began at `began`: of this endpoint, or a free one. It ends an outage.
    pub(crate) fn answered(&mut self, endpoint: Option<&'static str>, began: f64) {
        let unanswered = std::mem::take(&mut self.unanswered);
        self.silent.extend(unanswered.into_keys());
        if let Some(endpoint) = endpoint {
            self.silent.remove(endpoint);
        }
        self.answered_began = self.answered_began.max(began);
        self.outage = None;
        self.probe_began = None;
        self.charged_probes = 0;
        self.free_probes = 0;
    }

    /// Notes a job's call that began at `began` and got no answer.
    pub(super) fn unanswered(
        &mut self,
        endpoint: &'static str,
        began: f64,
        is_charged: bool,
        why: &str,
        now: f64,
    ) {
        *self.unanswered.entry(endpoint).or_default() += 1;
        self.miss(began, is_charged, why, now);
    }

    fn miss(&mut self, began: f64, is_charged: bool, why: &str, now: f64) {
        let Some(outage) = &mut self.outage else {
            // An answer to a later call shows that the remote can be reached.
            if !self.answered_since(began) {
                self.outage = Some(Outage {
                    since: began,
                    next_probe: now,
                    is_confirmed: false,
                    why: why.to_owned(),
                });
            }
            return;
        };
        why.clone_into(&mut outage.why);
        // A call that was in flight when the outage began is no probe.
        if self.probe_began.take_if(|probe| *probe <= began).is_none() {
            return;
        }
        outage.is_confirmed = true;
        let doublings = self.charged_probes.min(MAX_DOUBLINGS);
        self.charged_probes += u32::from(is_charged);
        outage.next_probe = now + self.probe_seconds * f64::from(1_u32 << doublings);
    }
}

#[cfg(test)]
mod tests {
    use super::Network;

    const ONE: &str = "a";
    const OTHER: &str = "b";

    /// A network whose only probes are jobs.
    fn by_jobs() -> Network {
        let mut network = Network::new(10.0);
        network.probe_for_free(false);
        network
    }

    #[test]
    fn the_first_silence_allows_one_probe_at_once_and_its_failure_confirms_the_outage() {
        let mut network = by_jobs();
        network.unanswered(ONE, 100.0, false, "refused", 101.0);
        assert!(
            network.blocked_until(OTHER, 101.0) <= 101.0,
            "one probe may start"
        );
        network.begin(101.0);
        assert!(network.blocked_until(OTHER, 101.5) > 101.5, "only one");
        // A call from before the outage is no probe.
        network.unanswered(ONE, 99.0, false, "refused", 101.6);
        assert!(!network.outage().unwrap().is_confirmed);
        network.unanswered(ONE, 101.0, false, "refused", 102.0);
        let outage = network.outage().unwrap();
        assert!(outage.is_confirmed);
        assert_eq!((outage.since, outage.next_probe), (100.0, 132.0));
    }

    #[test]
    fn only_probes_that_may_be_charged_are_made_less_often() {
        for (is_charged, waits) in [
            (false, [30.0; 6]),
            (true, [30.0, 60.0, 120.0, 240.0, 240.0, 240.0]),
        ] {
            let mut network = by_jobs();
            network.unanswered(ONE, 0.0, is_charged, "silence", 0.0);
            let mut now = 0.0;
            for wait in waits {
                network.begin(now);
                network.unanswered(ONE, now, is_charged, "silence", now);
                let next = network.outage().unwrap().next_probe;
                assert_eq!(next - now, wait);
                now = next;
            }
        }
    }

    #[test]
    fn an_answer_ends_the_outage_and_a_silence_that_it_overtook_starts_none() {
        let mut network = Network::new(10.0);
        network.unanswered(ONE, 0.0, true, "silence", 60.0);
        network.answered(Some(OTHER), 61.0);
        assert_eq!(network.outage(), None);
        network.unanswered(ONE, 60.5, true, "silence", 120.5);
        assert_eq!(network.outage(), None, "the remote answered at 61 s");
        network.unanswered(ONE, 62.0, true, "silence", 122.0);
        assert!(network.outage().is_some());
    }

    #[test]
    fn a_free_probe_that_never_succeeds_does_not_keep_jobs_back_for_ever() {
        let mut network = Network::new(10.0);
        network.unanswered(ONE, 0.0, false, "refused", 0.0);
        let mut now = 0.0;
        while network.is_probed_for_free() {
            network.free_probe_failed(now, "503", now);
            now = network.outage().unwrap().next_probe;
        }
        assert!(now > 1_000.0, "{now}");
        network.begin(now);
        network.answered(Some(OTHER), now);
        assert!(network.is_probed_for_free());
    }

    #[test]
    fn a_free_probe_keeps_all_jobs_back() {
        let mut network = Network::new(10.0);
        network.unanswered(ONE, 0.0, false, "refused", 0.0);
        for now in [0.0, 50.0, 5_000.0] {
            assert!(network.blocked_until(OTHER, now) > now);
        }
    }

    #[test]
    fn endpoints_take_turns_and_one_that_is_silent_alone_is_known() {
        let mut network = by_jobs();
        network.unanswered(ONE, 0.0, true, "silence", 0.0);
        assert!(
            network.blocked_until(OTHER, 0.0) <= 0.0,
            "the other one is asked first"
        );
        assert!(network.blocked_until(ONE, 0.0) > 0.0);
        assert!(!network.is_silent(ONE));
        network.begin(0.0);
        network.answered(Some(OTHER), 0.1);
        assert!(network.is_silent(ONE) && !network.is_silent(OTHER));
        network.answered(Some(ONE), 0.2);
        assert!(!network.is_silent(ONE));
    }
}
