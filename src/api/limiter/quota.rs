//! Slots: the configured rate as moments at which one call may begin.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

/// A call takes ten of the quota's cells, so that a part of a call can be saved up.
pub const CALL: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
const TENTHS: f64 = 10.0;
/// What a late timer lost may be made up for: this much of a call.
const LATE_TENTHS: f64 = 1.0;
/// A remote that counts the calls of each second exactly refuses one that comes a little early. So much of the
/// configured rate is used, and no more, that calls may come a hundredth of a second early.
const OF_RATE: f64 = 0.99;

type Quotas<C> = RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// The slots of one rate, which may change.
pub struct Slots<C: Clock> {
    clock: C,
    rate: f64,
    quota: Quotas<C>,
    taken_at: Option<C::Instant>,
}

impl<C: Clock + Clone> Slots<C> {
    pub fn new(rate: f64, clock: C) -> Self {
        Self {
            quota: RateLimiter::direct_with_clock(quota(rate), clock.clone()),
            clock,
            rate,
            taken_at: None,
        }
    }

    /// The quota at this rate. One that changes does not forget the slot that was taken last.
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
                // A fresh quota has room for its whole burst: this cannot fail.
                let _ = self.quota.check_n(quota.burst_size());
            }
        }
        &self.quota
    }

    /// A slot was taken just now.
    pub fn taken(&mut self) {
        self.taken_at = Some(self.clock.now());
    }
}

/// A quota that spreads its calls: at most a hundredth of a second's worth of them at once, and a little more to make up
/// for timers that fire late.
fn quota(rate: f64) -> Quota {
    let period = Duration::from_secs_f64(1.0 / (rate.clamp(0.000_1, 1e8) * OF_RATE * TENTHS))
        .max(Duration::from_nanos(1));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to a small positive number"
    )]
    let burst = ((rate / 100.0).ceil().clamp(1.0, 10_000.0) * TENTHS + LATE_TENTHS) as u32;
    let burst = NonZeroU32::new(burst).unwrap_or(CALL);
    let quota = Quota::with_period(period).unwrap_or(Quota::per_second(burst));
    quota.allow_burst(burst)
}
