//! A breaker: an endpoint that keeps failing is left alone for a while, then tried with one call. Pure.

const MAX_COOLDOWN_SECONDS: f64 = 600.0;
/// A trial that nobody reported on, because its worker was stopped, does not block the endpoint for ever.
const TRIAL_SECONDS: f64 = 120.0;

#[derive(Debug, Clone)]
pub(super) struct Breaker {
    failures_to_trip: u32,
    cooldown_seconds: f64,
    failures_in_row: u32,
    /// Trips since the last good answer.
    trips: u32,
    open_until: f64,
    trial_until: f64,
    /// Calls that began and were not reported on yet.
    calls_out: u32,
    /// Those of them that began before the last trip: they say nothing of the trial.
    calls_before_trip: u32,
}

impl Breaker {
    pub(super) fn new(failures_to_trip: u32, cooldown_seconds: f64) -> Self {
        Self {
            failures_to_trip: failures_to_trip.max(1),
            cooldown_seconds,
            failures_in_row: 0,
            trips: 0,
            open_until: 0.0,
            trial_until: 0.0,
            calls_out: 0,
            calls_before_trip: 0,
        }
    }

    /// Until when no call may be made: the cool-down, or the trial that is under way.
    pub(super) fn closed_until(&self, now: f64) -> f64 {
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

    /// A call begins. After a trip it is a trial, and the only one.
    pub(super) fn begin(&mut self, now: f64) {
        self.calls_out += 1;
        if self.trips > 0 {
            self.trial_until = now + TRIAL_SECONDS;
        }
    }

    /// A call was reported on; true where it counts as the trial's end.
    fn end(&mut self) -> bool {
        self.calls_out = self.calls_out.saturating_sub(1);
        // Which call it was is not known; that the others come later is.
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
        self.open_until = 0.0;
        self.trial_until = 0.0;
        self.calls_before_trip = 0;
    }

    /// The call ended without a word about the endpoint's health.
    pub(super) fn undecided(&mut self) {
        self.end();
    }

    /// The call failed. Calls that were in flight at a trip do not count again.
    pub(super) fn failed(&mut self, now: f64) {
        let is_trial = self.end();
        self.failures_in_row += 1;
        if is_trial || (self.trips == 0 && self.failures_in_row >= self.failures_to_trip) {
            self.trip(now);
        }
    }

    /// The call was refused in a way that needs no second one to be believed. False where it began before the last
    /// trip: calls that are refused together open the breaker once.
    pub(super) fn refused(&mut self, now: f64) -> bool {
        let is_news = self.calls_before_trip == 0;
        self.end();
        if is_news {
            self.trip(now);
        }
        is_news
    }

    fn trip(&mut self, now: f64) {
        let doublings = self.trips.min(16);
        let wait =
            (self.cooldown_seconds * f64::from(1_u32 << doublings)).min(MAX_COOLDOWN_SECONDS);
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
    fn failures_in_a_row_open_it_and_a_trial_that_fails_opens_it_for_longer() {
        let mut breaker = Breaker::new(3, 10.0);
        for _ in 0..4 {
            breaker.begin(0.0);
        }
        for _ in 0..2 {
            breaker.failed(1.0);
        }
        assert_eq!(
            breaker.closed_until(1.0),
            0.0,
            "two failures are not enough"
        );
        breaker.failed(1.0);
        assert_eq!((breaker.closed_until(2.0), breaker.trips()), (11.0, 1));
        // Calls that were in flight at the trip do not count again.
        breaker.failed(2.0);
        assert_eq!(breaker.trips(), 1);
        breaker.begin(11.0);
        assert!(
            breaker.closed_until(11.5) > 11.5,
            "only one trial at a time"
        );
        breaker.failed(12.0);
        assert_eq!((breaker.closed_until(12.0), breaker.trips()), (32.0, 2));
    }

    #[test]
    fn a_good_answer_closes_it() {
        let mut breaker = Breaker::new(1, 10.0);
        breaker.begin(0.0);
        breaker.failed(0.0);
        breaker.begin(10.0);
        breaker.went_well();
        assert_eq!((breaker.closed_until(10.5), breaker.trips()), (0.0, 0));
    }
}
