//! Delay before a retry.

use std::time::Duration;

use backoff::SystemClock;
use backoff::backoff::Backoff;
use backoff::exponential::ExponentialBackoff;

/// Jitter to both sides, as a part of the delay. Jobs that failed together then do not retry together.
const SPREAD: f64 = 0.25;
/// Number of doublings after which every delay has reached any configurable cap.
const MAX_DOUBLINGS: u32 = 64;

/// Returns the delay after the `attempts`-th consecutive failure (1 for the first).
///
/// It is `base`, doubled up to `cap`, with a jitter of ±25 % from `random` in `0.0..=1.0`.
///
/// Only the arithmetic of the `backoff` crate is used. Its loops keep the attempts and the wait in memory and draw their
/// own random numbers. This crate stores both in the job's row, so they survive a restart and a delay is reproducible.
#[must_use]
pub fn delay(attempts: u32, base: Duration, cap: Duration, random: f64) -> Duration {
    let mut steps = ExponentialBackoff::<SystemClock> {
        current_interval: base.min(cap),
        initial_interval: base.min(cap),
        max_interval: cap,
        multiplier: 2.0,
        randomization_factor: 0.0,
        max_elapsed_time: None,
        ..ExponentialBackoff::default()
    };
    let doublings = attempts.saturating_sub(1).min(MAX_DOUBLINGS);
    for _ in 0..doublings {
        // `None` means that the elapsed time is over its limit. It cannot occur, because no limit is set.
        if steps.next_backoff().is_none() {
            break;
        }
    }
    let random = if (0.0..=1.0).contains(&random) {
        random
    } else {
        0.5
    };
    let spread = 1.0 + SPREAD * (2.0 * random - 1.0);
    steps.current_interval.mul_f64(spread)
}

#[cfg(test)]
mod tests {
    use super::delay;
    use std::time::Duration;

    const BASE: Duration = Duration::from_millis(500);
    const CAP: Duration = Duration::from_secs(30);

    #[test]
    fn a_delay_doubles_up_to_the_cap() {
        let seconds: Vec<f64> = (0..10)
            .map(|attempts| delay(attempts, BASE, CAP, 0.5).as_secs_f64())
            .collect();
        assert_eq!(
            seconds,
            [0.5, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
        );
        assert_eq!(delay(u32::MAX, BASE, CAP, 0.5), CAP);
    }

    #[test]
    fn the_jitter_is_a_quarter_and_depends_only_on_the_random_number() {
        let at = |random| delay(3, BASE, CAP, random).as_secs_f64();
        assert_eq!((at(0.0), at(0.5), at(1.0)), (1.5, 2.0, 2.5));
        assert_eq!((at(-7.0), at(7.0), at(f64::NAN)), (2.0, 2.0, 2.0));
        assert_eq!(at(0.3).to_bits(), at(0.3).to_bits());
    }

    #[test]
    fn a_base_above_the_cap_is_limited_to_the_cap() {
        assert_eq!(delay(1, CAP, BASE, 0.5), BASE);
        assert_eq!(delay(5, Duration::ZERO, CAP, 0.5), Duration::ZERO);
    }
}
