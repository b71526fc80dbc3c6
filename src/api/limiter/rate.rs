//! Adaptive rate of an endpoint: throttling cuts it at once and starts a cooldown, success raises it slowly. Pure.

/// First cooldown if the remote states no wait. It doubles with each consecutive throttle.
const BARE_PAUSE_SECONDS: f64 = 1.0;
const BARE_PAUSE_MAX_SECONDS: f64 = 60.0;
/// Minimum cooldown, because a remote may state a wait of 0 s. Without it, calls that were refused together would each
/// cut the rate and retry at once.
const LEAST_PAUSE_SECONDS: f64 = 0.2;
/// A second throttle within this time means that the last cut was too small, if the rate has hardly grown since.
const RECENT_SECONDS: f64 = 10.0;
/// Growth factor since the last cut, below which the rate has hardly grown.
const HARDLY_MORE: f64 = 1.05;
const FIRST_CUT: f64 = 0.85;
const FURTHER_CUT: f64 = 0.5;
/// Growth of the rate per second without a throttle.
const REGAIN_PER_SECOND: f64 = 0.02;
/// Maximum seconds of growth per valid answer; in this time the rate doubles.
const REGAIN_MAX_SECONDS: f64 = 35.0;
/// Time after a throttle in which the rate grows slowly once it is close to the throttled rate.
const WARY_SECONDS: f64 = 60.0;
/// Part of the throttled rate at which the slow growth begins.
const WARY_PART: f64 = 0.98;
const WARY_REGAIN_PER_SECOND: f64 = 0.0005;
/// Minimum rate as a part of the configured rate.
const LEAST_PART: f64 = 0.001;
/// Consecutive cooldowns without a valid answer after which further waiting is considered useless.
const HOPELESS_PAUSES: u32 = 8;

/// Adaptive rate of one endpoint. Rates are calls per second, times are Unix seconds.
#[derive(Debug, Clone)]
pub(super) struct AdaptiveRate {
    configured: f64,
    rate: f64,
    paused_until: f64,
    cut_at: f64,
    cut_to: f64,
    /// Slightly below the rate that was throttled last.
    wary_rate: f64,
    raised_at: f64,
    pauses_in_row: u32,
}

impl AdaptiveRate {
    pub(super) fn new(configured: f64) -> Self {
        Self {
            configured,
            rate: configured,
            paused_until: 0.0,
            cut_at: f64::NEG_INFINITY,
            cut_to: configured,
            wary_rate: configured,
            raised_at: 0.0,
            pauses_in_row: 0,
        }
    }

    /// Replaces the configured rate. A rate that throttling has cut stays cut.
    pub(super) fn configure(&mut self, configured: f64) {
        let is_cut = self.rate < self.configured;
        self.configured = configured;
        self.rate = match is_cut {
            true => self.rate.min(configured),
            false => configured,
        };
    }

    /// Returns the current rate in calls per second.
    pub(super) fn rate(&self) -> f64 {
        self.rate
    }

    pub(super) fn paused_until(&self) -> f64 {
        self.paused_until
    }

    pub(super) fn is_hopeless(&self) -> bool {
        self.pauses_in_row >= HOPELESS_PAUSES
    }

    /// Records a throttle. Calls that were in flight together are refused together and cut the rate once.
    pub(super) fn throttled(&mut self, after_seconds: Option<f64>, now: f64) {
        let is_same_pause = now < self.paused_until;
        if !is_same_pause {
            let is_too_small = self.rate < self.cut_to * HARDLY_MORE;
            let cut = if now - self.cut_at < RECENT_SECONDS && is_too_small {
                FURTHER_CUT
            } else {
                FIRST_CUT
            };
            self.wary_rate = self.rate * WARY_PART;
            self.rate = (self.rate * cut).max(self.configured * LEAST_PART);
            self.cut_at = now;
            self.cut_to = self.rate;
            self.pauses_in_row += 1;
        }
        let asked = after_seconds.map(|seconds| seconds.max(LEAST_PAUSE_SECONDS));
        let wait = asked.unwrap_or_else(|| {
            let doublings = self.pauses_in_row.saturating_sub(1).min(16);
            (BARE_PAUSE_SECONDS * f64::from(1_u32 << doublings)).min(BARE_PAUSE_MAX_SECONDS)
        });
        // A later answer never shortens a longer cooldown.
        self.paused_until = self.paused_until.max(now + wait);
        // A cooldown is no evidence that the remote accepts a higher rate.
        self.raised_at = self.paused_until;
    }

    /// Starts a cooldown until this time. It never shortens a longer one.
    pub(super) fn pause(&mut self, until: f64) {
        self.paused_until = self.paused_until.max(until);
    }

    pub(super) fn went_well(&mut self, now: f64) {
        if now >= self.paused_until {
            self.pauses_in_row = 0;
        }
        // At a low rate valid answers are far apart, so each one counts for the time since the previous one.
        let peace_seconds = now - self.raised_at;
        if self.rate < self.configured && peace_seconds >= 1.0 {
            let is_wary = self.rate >= self.wary_rate && now - self.cut_at < WARY_SECONDS;
            let per_second = if is_wary {
                WARY_REGAIN_PER_SECOND
            } else {
                REGAIN_PER_SECOND
            };
            let regained = (1.0 + per_second).powf(peace_seconds.min(REGAIN_MAX_SECONDS));
            self.rate = (self.rate * regained).min(self.configured);
            self.raised_at = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::AdaptiveRate;

    #[test]
    fn calls_refused_together_cut_the_rate_once_and_use_the_longest_wait() {
        let mut rate = AdaptiveRate::new(100.0);
        rate.throttled(Some(5.0), 10.0);
        for _ in 0..20 {
            rate.throttled(Some(1.0), 10.1);
        }
        assert_eq!(rate.rate(), 85.0);
        assert_eq!(rate.paused_until(), 15.0);
    }

    #[test]
    fn a_second_throttle_cuts_deeper_and_valid_answers_restore_the_rate() {
        let mut rate = AdaptiveRate::new(100.0);
        rate.throttled(Some(1.0), 10.0);
        rate.throttled(Some(1.0), 12.0);
        assert_eq!(rate.rate(), 42.5);
        for second in 0..200 {
            rate.went_well(14.0 + f64::from(second));
        }
        assert_eq!(
            rate.rate(),
            100.0,
            "the rate never exceeds the configured one"
        );
    }

    #[test]
    fn a_rate_cut_to_almost_zero_recovers_within_minutes() {
        let mut rate = AdaptiveRate::new(50.0);
        let mut now = 0.0;
        for _ in 0..20 {
            rate.throttled(Some(1.0), now);
            now += 1.0;
        }
        assert!(rate.rate() < 0.1);
        while rate.rate() < 50.0 {
            now += 1.0 / rate.rate();
            rate.went_well(now);
        }
        assert!(now < 20.0 + 420.0, "{now} s");
    }

    #[test]
    fn a_wait_of_zero_becomes_the_minimum_cooldown() {
        let mut rate = AdaptiveRate::new(50.0);
        for _ in 0..32 {
            rate.throttled(Some(0.0), 5.0);
        }
        assert_eq!((rate.rate(), rate.paused_until()), (42.5, 5.2));
    }

    #[test]
    fn cooldowns_without_a_stated_wait_double_up_to_the_cap_and_become_hopeless() {
        let mut rate = AdaptiveRate::new(10.0);
        let mut now = 0.0;
        let mut waits = Vec::new();
        while !rate.is_hopeless() {
            rate.throttled(None, now);
            waits.push(rate.paused_until() - now);
            now = rate.paused_until();
        }
        assert_eq!(waits, [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]);
        rate.went_well(now);
        assert!(!rate.is_hopeless());
    }
}
