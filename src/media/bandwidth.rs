//! A limit of bytes per second over all files.

use std::num::NonZeroU32;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use super::failure::Failure;

const KIB: u64 = 1_024;

/// A limit of bytes per second over all files.
pub(super) struct Bandwidth(DefaultDirectRateLimiter, NonZeroU32);

impl Bandwidth {
    /// Returns the limit, in cells of one KiB.
    pub(super) fn new(bytes_per_second: u64) -> Self {
        let cells = u32::try_from(bytes_per_second / KIB).unwrap_or(u32::MAX);
        let cells = NonZeroU32::new(cells).unwrap_or(NonZeroU32::MIN);
        Self(RateLimiter::direct(Quota::per_second(cells)), cells)
    }

    /// Waits until so many bytes may be received.
    pub(super) async fn wait(&self, bytes: usize) -> Result<(), Failure> {
        let mut cells = u32::try_from((bytes as u64).div_ceil(KIB)).unwrap_or(u32::MAX);
        while let Some(some) = NonZeroU32::new(cells.min(self.1.get())) {
            // Never more than the limiter can grant at once.
            let _ = self.0.until_n_ready(some).await;
            cells -= some.get();
        }
        Ok(())
    }
}
