//! What refusals teach: a rate that goes down at once and creeps back, and pauses that are kept. Pure.

/// Without a word from the remote, the first pause; it doubles with each refusal in a row.
const BARE_PAUSE_SECONDS: f64 = 1.0;
const BARE_PAUSE_MAX_SECONDS: f64 = 60.0;
/// A remote may ask for no wait at all; those who were refused together would cut the rate one by one, and come back at
/// once.
const LEAST_PAUSE_SECONDS: f64 = 0.2;
/// A second refusal within this time, at hardly more than the rate that was cut to, means that the cut was too small.
const RECENT_SECONDS: f64 = 10.0;
const HARDLY_MORE: f64 = 1.05;
const FIRST_CUT: f64 = 0.85;
const FURTHER_CUT: f64 = 0.5;
/// How much of the present rate is regained in a second without a refusal.
const REGAIN_PER_SECOND: f64 = 0.02;
/// One good answer vouches for no more than this: the rate may double.
const REGAIN_MAX_SECONDS: f64 = 35.0;
/// For so long after a refusal the rate hardly grows beyond what was almost refused.
const WARY_SECONDS: f64 = 60.0;
const WARY_PART: f64 = 0.98;
const WARY_REGAIN_PER_SECOND: f64 = 0.0005;
/// The rate never falls below this part of what is configured.
const LEAST_PART: f64 = 0.001;
/// Pauses in a row, without one good answer between them, after which waiting is no use.
const HOPELESS_PAUSES: u32 = 8;

/// The rate of one endpoint.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    configured: f64,
    rate: f64,
    paused_until: f64,
    cut_at: f64,
    cut_to: f64,
    /// A little below the rate that was refused last.
    wary_rate: f64,
    raised_at: f64,
    pauses_in_row: u32,
}

impl Pace {
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

    /// Calls per second.
    pub(super) fn rate(&self) -> f64 {
        self.rate
    }

    pub(super) fn paused_until(&self) -> f64 {
        self.paused_until
    }

    pub(super) fn is_hopeless(&self) -> bool {
        self.pauses_in_row >= HOPELESS_PAUSES
    }

    /// Refused. Calls that were in flight together are refused together: they cut the rate once.
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
        // A longer pause is never shortened by a later answer.
        self.paused_until = self.paused_until.max(now + wait);
        // A pause proves nothing.
        self.raised_at = self.paused_until;
    }

    /// No calls before this time, for whatever reason; a longer pause is never shortened.
    pub(super) fn pause(&mut self, until: f64) {
        self.paused_until = self.paused_until.max(until);
    }

    pub(super) fn went_well(&mut self, now: f64) {
        if now >= self.paused_until {
            self.pauses_in_row = 0;
        }
        // At a low rate good answers are far apart: each stands for all the time since the one before.
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
    use super::Pace;

    #[test]
    fn calls_refused_together_cut_the_rate_once_and_the_longest_wait_holds() {
        let mut pace = Pace::new(100.0);
        pace.throttled(Some(5.0), 10.0);
        for _ in 0..20 {
            pace.throttled(Some(1.0), 10.1);
        }
        assert_eq!(pace.rate(), 85.0);
        assert_eq!(pace.paused_until(), 15.0);
    }

    #[test]
    fn a_refusal_soon_after_another_cuts_deeper_and_good_answers_win_the_rate_back() {
        let mut pace = Pace::new(100.0);
        pace.throttled(Some(1.0), 10.0);
        pace.throttled(Some(1.0), 12.0);
        assert_eq!(pace.rate(), 42.5);
        for second in 0..200 {
            pace.went_well(14.0 + f64::from(second));
        }
        assert_eq!(pace.rate(), 100.0, "and no further");
    }

    #[test]
    fn a_rate_that_was_cut_to_almost_nothing_is_won_back_in_minutes() {
        let mut pace = Pace::new(50.0);
        let mut now = 0.0;
        for _ in 0..20 {
            pace.throttled(Some(1.0), now);
            now += 1.0;
        }
        assert!(pace.rate() < 0.1);
        while pace.rate() < 50.0 {
            now += 1.0 / pace.rate();
            pace.went_well(now);
        }
        assert!(now < 20.0 + 420.0, "{now} s");
    }

    #[test]
    fn a_wait_of_no_time_is_a_short_one() {
        let mut pace = Pace::new(50.0);
        for _ in 0..32 {
            pace.throttled(Some(0.0), 5.0);
        }
        assert_eq!((pace.rate(), pace.paused_until()), (42.5, 5.2));
    }

    #[test]
    fn pauses_without_a_word_double_to_a_bound_and_end_up_hopeless() {
        let mut pace = Pace::new(10.0);
        let mut now = 0.0;
        let mut waits = Vec::new();
        while !pace.is_hopeless() {
            pace.throttled(None, now);
            waits.push(pace.paused_until() - now);
            now = pace.paused_until();
        }
        assert_eq!(waits, [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]);
        pace.went_well(now);
        assert!(!pace.is_hopeless());
    }
}
