//! The simulator's time: it runs by itself, or stands still until it is moved.
//!
//! Rate limits, latencies, times in the log and times in answers all follow it. It never goes back.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use tokio::sync::watch;
use tokio::time::Instant;

/// The longest step that one request may make: a century.
const MOST_SECONDS: f64 = 3_155_760_000.0;

/// The simulator's time.
#[derive(Debug)]
pub(super) struct Clock {
    /// Unix time of the start.
    base: Duration,
    state: Mutex<State>,
    moved: watch::Sender<()>,
}

#[derive(Debug, Clone, Copy)]
struct State {
    /// Time since the start, up to `since`.
    elapsed: Duration,
    /// When the time began to run; nothing while it stands still.
    since: Option<Instant>,
}

/// What `GET /sim/clock` returns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Reading {
    /// Unix time, in milliseconds.
    unix_ms: u64,
    /// Milliseconds since the simulator started.
    elapsed_ms: u64,
    is_running: bool,
}

impl Clock {
    /// A clock that starts at the real time and runs.
    pub(super) fn new() -> Self {
        Self {
            base: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default(),
            state: Mutex::new(State {
                elapsed: Duration::ZERO,
                since: Some(Instant::now()),
            }),
            moved: watch::Sender::default(),
        }
    }

    fn read(&self) -> State {
        let state = *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let runs = state.since.map_or(Duration::ZERO, |since| since.elapsed());
        State {
            elapsed: state.elapsed + runs,
            ..state
        }
    }

    /// Time since the simulator started.
    pub(super) fn elapsed(&self) -> Duration {
        self.read().elapsed
    }

    /// Unix time.
    pub(super) fn unix(&self) -> Duration {
        self.base + self.elapsed()
    }

    pub(super) fn reading(&self) -> Reading {
        let State { elapsed, since } = self.read();
        let ms = |it: Duration| u64::try_from(it.as_millis()).unwrap_or(u64::MAX);
        Reading {
            unix_ms: ms(self.base + elapsed),
            elapsed_ms: ms(elapsed),
            is_running: since.is_some(),
        }
    }

    /// Obeys `hold`, `run` or `advance SECONDS`.
    pub(super) fn steer(&self, command: &str) -> Result<(), String> {
        let mut words = command.split_whitespace();
        let (step, runs) = match (words.next(), words.next(), words.next()) {
            (Some("hold"), None, None) => (Duration::ZERO, Some(false)),
            (Some("run"), None, None) => (Duration::ZERO, Some(true)),
            (Some("advance"), Some(seconds), None) => (step_of(seconds)?, None),
            _ => {
                return Err(format!(
                    "{command:?} is not `hold`, `run` or `advance SECONDS`"
                ));
            }
        };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let ran = state.since.map_or(Duration::ZERO, |since| now - since);
        state.elapsed += step + ran;
        let is_running = runs.unwrap_or(state.since.is_some());
        state.since = is_running.then_some(now);
        drop(state);
        self.moved.send_replace(());
        Ok(())
    }

    /// Waits until the simulator's time is `wait` later.
    pub(super) async fn sleep(&self, wait: Duration) {
        let until = self.elapsed() + wait;
        let mut moved = self.moved.subscribe();
        loop {
            let State { elapsed, since } = self.read();
            if elapsed >= until {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(until - elapsed), if since.is_some() => {}
                _ = moved.changed() => {}
            }
        }
    }
}

/// Parses a number of seconds.
pub(super) fn step_of(seconds: &str) -> Result<Duration, String> {
    seconds
        .parse()
        .ok()
        .filter(|it| (0.0..=MOST_SECONDS).contains(it))
        .map(Duration::from_secs_f64)
        .ok_or_else(|| {
            format!("{seconds:?} is not a number of seconds from 0 to {MOST_SECONDS:.0}")
        })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Clock, Duration};

    #[test]
    fn a_held_clock_moves_only_when_it_is_moved() {
        let clock = Clock::new();
        clock.steer("hold").expect("a command");
        let held = clock.elapsed();
        assert_eq!(clock.elapsed(), held);
        clock.steer("advance 2.5").expect("a command");
        assert_eq!(clock.elapsed(), held + Duration::from_millis(2_500));
        assert_eq!(clock.unix(), clock.base + clock.elapsed());
        assert!(!clock.reading().is_running);
        clock.steer("run").expect("a command");
        clock.steer("advance 60").expect("a command");
        assert!(clock.elapsed() >= held + Duration::from_millis(62_500));
        assert!(clock.reading().is_running);
    }

    #[tokio::test]
    async fn a_sleeper_wakes_when_the_time_it_waits_for_is_reached() {
        let clock = Arc::new(Clock::new());
        clock.steer("hold").expect("a command");
        let sleeper = tokio::spawn({
            let clock = Arc::clone(&clock);
            async move { clock.sleep(Duration::from_secs(3_600)).await }
        });
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
        clock.steer("advance 3599").expect("a command");
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
        assert!(!sleeper.is_finished());
        clock.steer("advance 1").expect("a command");
        sleeper.await.expect("a sleeper that wakes");
    }

    #[test]
    fn a_wrong_command_says_what_is_right_and_changes_nothing() {
        let clock = Clock::new();
        for wrong in [
            "",
            "stop",
            "advance",
            "advance -1",
            "advance nan",
            "advance 1e99",
            "hold 1",
        ] {
            let why = clock.steer(wrong).expect_err(wrong);
            assert!(why.contains("SECONDS") || why.contains("seconds"), "{why}");
        }
        assert!(clock.reading().is_running && clock.elapsed() < Duration::from_secs(600));
    }
}
