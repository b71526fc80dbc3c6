//! The state of one endpoint: its adapted rate, its breaker, and what its answers have shown. Pure.

use super::breaker::Breaker;
use super::evidence::Evidence;
use super::rate::AdaptiveRate;
use super::report::{CallReport, CallResult, Cause};
use super::{Cooldown, Rates};

/// Maximum wait after a block.
const BLOCK_MAX_SECONDS: f64 = 900.0;

/// What decides when an endpoint may be called.
pub(super) struct State {
    pub(super) rate: AdaptiveRate,
    pub(super) breaker: Breaker,
    pub(super) evidence: Evidence,
    /// Why the latest cooldown began.
    pub(super) why: (Cause, String),
}

impl State {
    pub(super) fn new(rate: f64, rates: &Rates) -> Self {
        Self {
            rate: AdaptiveRate::new(rate),
            breaker: Breaker::new(rates.breaker_failures, rates.breaker_cooldown.as_secs_f64()),
            evidence: Evidence::default(),
            why: (Cause::Throttled, String::new()),
        }
    }

    pub(super) fn cooldown(&self, now: f64) -> Option<Cooldown> {
        let until = self
            .rate
            .paused_until()
            .max(self.breaker.blocked_until(now));
        (until > now).then_some(Cooldown { until })
    }

    pub(super) fn went_well(&mut self, now: f64) -> Vec<i64> {
        self.rate.went_well(now);
        self.breaker.went_well();
        self.evidence.answered()
    }

    /// Records a result. After a block, returns the Unix time until which all endpoints cool down.
    pub(super) fn record(&mut self, report: &CallReport<'_>, now: f64) -> Option<f64> {
        let mut because = |cause| self.why = (cause, report.why.to_owned());
        match report.result {
            CallResult::Success | CallResult::AboutSubject => {}
            CallResult::Blocked { after } => {
                because(Cause::Blocked);
                // The wait doubles with each consecutive block; after a few blocks the run can end.
                let doublings = self.breaker.trips().min(16);
                let is_news = self.breaker.refused(now);
                let times = if is_news { 1_u32 << doublings } else { 1 };
                let wait = after.as_secs_f64() * f64::from(times);
                return Some(now + wait.min(BLOCK_MAX_SECONDS.max(after.as_secs_f64())));
            }
            CallResult::Throttled { after } => {
                because(Cause::Throttled);
                let wait = after.map(|wait| wait.as_secs_f64());
                self.rate.throttled(wait, now);
                if self.rate.is_hopeless() {
                    self.breaker.refused(now);
                } else {
                    self.breaker.undecided();
                }
            }
            CallResult::Failed { is_charged, after } => {
                because(Cause::Failing);
                self.evidence.failed(report.job_id);
                self.breaker.failed(is_charged, now);
                if let Some(after) = after {
                    self.rate.pause(now + after.as_secs_f64());
                }
            }
            CallResult::Doubtful => {
                self.evidence.doubted(report.job_id);
                self.breaker.undecided();
            }
            CallResult::Unanswered { .. } | CallResult::Ignored => self.breaker.undecided(),
        }
        None
    }
}
