//! Keeps the archive's disk from filling up: no call is made while too little space is free, and calls are slowed down
//! while a reader keeps the write-ahead log from being emptied.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::engine::Engine;
use super::watch::REPEAT_SECONDS;
use crate::store::read;

const TICK: Duration = Duration::from_millis(250);
/// Part of the wanted space that must be free in addition before the calls continue, so that they do not stop again at once.
const MARGIN: u64 = 16;
/// The largest such addition, in bytes.
const MAX_MARGIN: u64 = 32 << 20;
/// Size of the log in bytes from which on calls are slowed down. It has half of it after an ordinary checkpoint.
const LARGE_LOG: u64 = 128_000_000;
/// Size of the log at which calls are slowest.
const LARGEST_LOG: u64 = 224_000_000;
/// Calls per second at [`LARGE_LOG`]. Together with the exponential fall to the slowest rate, a log that grows by 0.2 MB with
/// each page needs one and a half minutes to its largest size: the time to copy several gigabytes.
const FASTEST: f64 = 100.0;
/// Calls per second at [`LARGEST_LOG`]. A crawl never stands still because of a reader.
const SLOWEST: f64 = 1.0;

/// Watches the disk until the run stops.
pub async fn guard_disk(engine: Arc<Engine>) {
    let mut full_said_at = f64::NEG_INFINITY;
    let mut log_said_at = f64::NEG_INFINITY;
    while !engine.is_stopping() {
        let free = look_at_disk(&engine);
        let now = engine.steady();
        if engine.is_disk_full() {
            if now - full_said_at >= REPEAT_SECONDS {
                full_said_at = now;
                tracing::warn!(
                    free_megabytes = free.map(|bytes| bytes / 1_000_000),
                    min_free_megabytes = engine.config().settings.min_free_bytes / 1_000_000,
                    "disk nearly full: no call is made until there is space. Nothing is lost; free some space, or lower \
                     upkeep.min_free_bytes"
                );
            }
        } else if std::mem::replace(&mut full_said_at, f64::NEG_INFINITY).is_finite() {
            tracing::info!(
                free_megabytes = free.map(|bytes| bytes / 1_000_000),
                "space on the disk again; calls continue"
            );
            engine.wake(64);
        }
        let log_bytes = read::log_bytes(engine.parts.store.path()).unwrap_or(0);
        let ceiling = ceiling(log_bytes);
        engine.parts.limiter.set_ceiling(ceiling);
        if let Some(ceiling) = ceiling
            && now - log_said_at >= REPEAT_SECONDS
        {
            log_said_at = now;
            tracing::warn!(
                megabytes = log_bytes / 1_000_000,
                calls_per_second = (ceiling * 10.0).round() / 10.0,
                "the write-ahead log is large: a reader holds an old state of the archive. Calls are slowed down, to one per \
                 second at {} MB, and the log shrinks after that reader ends its transaction",
                LARGEST_LOG / 1_000_000
            );
        }
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            () = engine.until_stopped() => {}
        }
    }
    engine.parts.limiter.set_ceiling(None);
}

/// Notes whether too little space is free for another call. Returns the free bytes, if the system tells them.
pub fn look_at_disk(engine: &Engine) -> Option<u64> {
    let free = read::free_bytes(engine.parts.store.path());
    let is_full = free.is_some_and(|free| {
        is_full(
            engine.is_disk_full(),
            free,
            engine.config().settings.min_free_bytes,
        )
    });
    engine.disk_full.store(is_full, Ordering::Relaxed);
    free
}

/// Returns whether fewer bytes than wanted are free. A full disk needs some more before it is not full any more.
fn is_full(was_full: bool, free: u64, wanted: u64) -> bool {
    let margin = match was_full {
        true => (wanted / MARGIN).min(MAX_MARGIN),
        false => 0,
    };
    free < wanted.saturating_add(margin)
}

/// Returns the most calls per second while the log has so many bytes; `None` if it is not large.
fn ceiling(log_bytes: u64) -> Option<f64> {
    if log_bytes < LARGE_LOG {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "sizes of files are below 2^53")]
    let (room, whole) = (
        LARGEST_LOG.saturating_sub(log_bytes) as f64,
        (LARGEST_LOG - LARGE_LOG) as f64,
    );
    Some(SLOWEST * (FASTEST / SLOWEST).powf(room / whole))
}

#[cfg(test)]
mod tests {
    use super::{LARGE_LOG, LARGEST_LOG, ceiling, is_full};

    #[test]
    fn a_disk_is_full_below_the_wanted_space_and_until_there_is_a_little_more() {
        assert!(is_full(false, 999, 1_000));
        assert!(!is_full(false, 1_000, 1_000));
        assert!(is_full(true, 1_061, 1_000));
        assert!(!is_full(true, 1_062, 1_000));
        assert!(!is_full(false, 0, 0) && !is_full(true, 0, 0), "never");
        assert!(is_full(true, 5, u64::MAX), "no overflow");
    }

    #[test]
    fn a_larger_log_slows_the_calls_down_and_never_stops_them() {
        assert_eq!(ceiling(0), None);
        assert_eq!(ceiling(LARGE_LOG - 1), None);
        assert_eq!(ceiling(LARGE_LOG), Some(100.0));
        let middle = ceiling((LARGE_LOG + LARGEST_LOG) / 2).unwrap();
        assert!((middle - 10.0).abs() < 0.001, "{middle}");
        for bytes in [LARGEST_LOG, 2 * LARGEST_LOG, u64::MAX] {
            assert_eq!(ceiling(bytes), Some(1.0));
        }
    }
}
