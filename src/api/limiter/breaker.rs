//! Circuit breaker: after repeated failures an endpoint cools down, then one probe call decides. Pure.

/// Maximum cooldown after failures that may be charged, as a multiple of the first: 5 min by default.
const MAX_COOLDOWNS_CHARGED: f64 = 30.0;
/// Maximum cooldown after failures that are free, as a multiple of the first: 30 s by default.
const MAX_COOLDOWNS_FREE: f64 = 3.0;
/// Time after which a probe without a result expires. A worker that stops during a probe never reports it.
const TRIAL_SECONDS: f64 = 120.0;

#[derive(Debug, Clone)]
pub(super) struct Breaker {
    failures_to_trip: u32,
    cooldown_seconds: f64,
    failures_in_row: u32,
    /// Number of trips since the last valid answer.
    trips: u32,
    /// Unix time of the first failure in a row.
    failing_since: Option<f64>,
    open_until: f64,
    trial_until: f64,
    /// Number of calls that started and have no result yet.
    calls_out: u32,
    /// Number of those calls that started before the last trip. Their results are no evidence about the probe.
    calls_before_trip: u32,
}

impl Breaker {
    pub(super) fn new(failures_to_trip: u32, cooldown_seconds: f64) -> Self {
        Self {
            failures_to_trip: failures_to_trip.max(1),
            cooldown_seconds,
            failures_in_row: 0,
            trips: 0,
            failing_since: None,
            open_until: 0.0,
            trial_until: 0.0,
            calls_out: 0,
            calls_before_trip: 0,
        }
    }

    /// Replaces the limits. An open breaker stays open as long as it was to be.
    pub(super) fn configure(&mut self, failures_to_trip: u32, cooldown_seconds: f64) {
        self.failures_to_trip = failures_to_trip.max(1);
        self.cooldown_seconds = cooldown_seconds;
    }

    /// Returns the Unix time before which no call may start: the end of the cooldown, or of the current probe.
    pub(super) fn blocked_until(&self, now: f64) -> f64 {
        if now < self.open_until {
            self.open_until
        } else {
            self.trial_until
        }
    }

    pub(super) fn is_cooling(&self, now: f64) -> bool {
        now < self.open_until
    }

    pub(super) fn trips(&self) -> u32 {
        self.trips
    }

    /// Returns the Unix time of the first failure since the last valid answer, if the breaker has opened since.
    pub(super) fn failing_since(&self) -> Option<f64> {
        self.failing_since.filter(|_| self.trips > 0)
    }

    /// Starts a call. After a trip this call is the only probe.
    pub(super) fn begin(&mut self, now: f64) {
        self.calls_out += 1;
        if self.trips > 0 {
            self.trial_until = now + TRIAL_SECONDS;
        }
    }

    /// Counts a call as finished and returns whether its result decides the probe.
    fn end(&mut self) -> bool {
        self.calls_out = self.calls_out.saturating_sub(1);
        // Results do not name their call, so the calls from before the trip are assumed to finish first.
        let is_trial = self.trips > 0 && self.calls_before_trip == 0;
        self.calls_before_trip = self.calls_before_trip.saturating_sub(1);
        if is_trial {
            self.trial_until = 0.0;
        }
        is_trial
    }

    pub(super) fn went_well(&mut self) {
        self.end();
        self.failures_in_row = 0;
        self.trips = 0;
        self.failing_since = None;
        self.open_until = 0.0;
        self.trial_until = 0.0;
        self.calls_before_trip = 0;
    }

    /// Finishes a call whose result is no evidence about the endpoint.
    pub(super) fn undecided(&mut self) {
        self.end();
    }

    /// Finishes a call that failed. Calls that were in flight at a trip do not cause another trip.
    pub(super) fn failed(&mut self, is_charged: bool, now: f64) {
        let is_trial = self.end();
        self.failures_in_row += 1;
        self.failing_since.get_or_insert(now);
        if is_trial || (self.trips == 0 && self.failures_in_row >= self.failures_to_trip) {
            let most = if is_charged {
                MAX_COOLDOWNS_CHARGED
            } else {
                MAX_COOLDOWNS_FREE
            };
            self.trip(most, now);
        }
    }

    /// Finishes a call whose refusal opens the breaker at once, and returns whether it did.
    /// Calls that started before the last trip do not: calls that are refused together open the breaker once.
    pub(super) fn refused(&mut self, now: f64) -> bool {
        let is_news = self.calls_before_trip == 0;
        self.end();
        self.failing_since.get_or_insert(now);
        if is_news {
            self.trip(MAX_COOLDOWNS_CHARGED, now);
        }
        is_news
    }

    fn trip(&mut self, most: f64, now: f64) {
        let doublings = self.trips.min(16);
        let wait = self.cooldown_seconds * f64::from(1_u32 << doublings).min(most);
        self.open_until = now + wait;
        self.trial_until = 0.0;
        self.trips += 1;
        self.calls_before_trip = self.calls_out;
    }
}

#[cfg(test)]
mod tests {
    use super::Breaker;

    #[test]
    fn consecutive_failures_open_the_breaker_and_a_failed_probe_doubles_the_cooldown() {
        let mut breaker = Breaker::new(3, 10.0);
        for _ in 0..4 {
            breaker.begin(0.0);
        }
        for _ in 0..2 {
            breaker.failed(true, 1.0);
        }
        assert_eq!(
            breaker.blocked_until(1.0),
            0.0,
            "two failures are not enough"
        );
        breaker.failed(true, 1.0);
        assert_eq!((breaker.blocked_until(2.0), breaker.trips()), (11.0, 1));
        // A call that was in flight at the trip does not cause another one.
        breaker.failed(true, 2.0);
        assert_eq!(breaker.trips(), 1);
        breaker.begin(11.0);
        assert!(
            breaker.blocked_until(11.5) > 11.5,
            "only one probe at a time"
        );
        breaker.failed(true, 12.0);
        assert_eq!((breaker.blocked_until(12.0), breaker.trips()), (32.0, 2));
    }

    #[test]
    fn a_cooldown_after_free_failures_grows_less_than_after_charged_ones() {
        for (is_charged, cooldowns) in [
            (false, [10.0, 20.0, 30.0, 30.0, 30.0, 30.0, 30.0]),
            (true, [10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0]),
        ] {
            let mut breaker = Breaker::new(1, 10.0);
            for cooldown in cooldowns {
                breaker.begin(0.0);
                breaker.failed(is_charged, 0.0);
                assert_eq!(breaker.blocked_until(0.0), cooldown);
            }
            assert_eq!(breaker.failing_since(), Some(0.0));
        }
    }

    #[test]
    fn a_valid_answer_closes_the_breaker() {
        let mut breaker = Breaker::new(1, 10.0);
        breaker.begin(0.0);
        breaker.failed(true, 0.0);
        breaker.begin(10.0);
        breaker.went_well();
        assert_eq!((breaker.blocked_until(10.5), breaker.trips()), (0.0, 0));
    }
}
