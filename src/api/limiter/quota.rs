//! Quota: spreads calls at a configured rate into slots. One slot permits one call.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::RateLimiter;
use governor::clock::{Clock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};

/// Cells of the quota that one call takes. Ten cells per call allow a burst of a fraction of a call.
pub const CALL: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
const TENTHS: f64 = 10.0;
/// Tenths of a call that may be made up for after a late timer.
const LATE_TENTHS: f64 = 1.0;
/// Part of the configured rate that the quota uses, so that calls may arrive a hundredth of a second early.
/// A remote that counts the calls of each second exactly would refuse an early call.
const OF_RATE: f64 = 0.99;

type Quotas<C> = RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// Quota with a rate that may change.
pub struct Quota<C: Clock> {
    clock: C,
    rate: f64,
    quota: Quotas<C>,
    taken_at: Option<C::Instant>,
}

impl<C: Clock + Clone> Quota<C> {
    pub fn new(rate: f64, clock: C) -> Self {
        Self {
            quota: RateLimiter::direct_with_clock(quota(rate), clock.clone()),
            clock,
            rate,
            taken_at: None,
        }
    }

    /// Returns the quota at this rate, in calls per second. After a rate change, the last taken slot still counts.
    pub fn at(&mut self, rate: f64) -> &Quotas<C> {
        if (self.rate - rate).abs() > f64::EPSILON {
            let quota = quota(rate);
            let burst_seconds = quota.replenish_interval() * quota.burst_size().get();
            self.rate = rate;
            self.quota = RateLimiter::direct_with_clock(quota, self.clock.clone());
            let is_recent = self.taken_at.is_some_and(|taken_at| {
                Duration::from(self.clock.now().duration_since(taken_at)) < burst_seconds
            });
            if is_recent {
                // Cannot fail: a new quota has room for its whole burst.
                let _ = self.quota.check_n(quota.burst_size());
            }
        }
        &self.quota
    }

    /// Records that a slot was taken now.
    pub fn taken(&mut self) {
        self.taken_at = Some(self.clock.now());
    }
}

/// Builds a quota for a rate in calls per second. Its burst is the calls of 10 ms, at least one, plus
/// [`LATE_TENTHS`] for late timers.
fn quota(rate: f64) -> governor::Quota {
    let period = Duration::from_secs_f64(1.0 / (rate.clamp(0.000_1, 1e8) * OF_RATE * TENTHS))
        .max(Duration::from_nanos(1));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to a small positive number"
    )]
    let burst = ((rate / 100.0).ceil().clamp(1.0, 10_000.0) * TENTHS + LATE_TENTHS) as u32;
    let burst = NonZeroU32::new(burst).unwrap_or(CALL);
    let quota = governor::Quota::with_period(period).unwrap_or(governor::Quota::per_second(burst));
    quota.allow_burst(burst)
}
