//! The rate limit: an exact maximum of calls in any window of one second.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::endpoint::Endpoint;

const WINDOW: Duration = Duration::from_secs(1);

/// The times of the calls within the last second, by endpoint and overall.
#[derive(Debug, Default)]
pub(super) struct Limiter {
    by_endpoint: HashMap<Endpoint, VecDeque<Duration>>,
    overall: VecDeque<Duration>,
}

impl Limiter {
    /// Admits and counts the call, or refuses it. A refused call does not count.
    ///
    /// `each` and `overall` are calls per second; 0 means no limit. `now` is the time since the start.
    pub(super) fn admits(
        &mut self,
        endpoint: Endpoint,
        each: u32,
        overall: u32,
        now: Duration,
    ) -> bool {
        // These two endpoints have a limit of one call per second, applied only if a limit is configured.
        let own = matches!(endpoint, Endpoint::UploadImage | Endpoint::TaskStatus);
        let each = if own { each.min(1) } else { each };
        let of_endpoint = self.by_endpoint.entry(endpoint).or_default();
        let has_room =
            has_room(of_endpoint, each, now) && has_room(&mut self.overall, overall, now);
        if has_room {
            if each > 0 {
                of_endpoint.push_back(now);
            }
            if overall > 0 {
                self.overall.push_back(now);
            }
        }
        has_room
    }
}

fn has_room(calls: &mut VecDeque<Duration>, limit: u32, now: Duration) -> bool {
    while calls
        .front()
        .is_some_and(|at| now.saturating_sub(*at) >= WINDOW)
    {
        calls.pop_front();
    }
    limit == 0 || calls.len() < limit as usize
}

#[cfg(test)]
mod tests {
    use super::{Duration, Endpoint, Limiter};

    #[test]
    fn no_second_contains_more_calls_than_the_limit() {
        let mut limiter = Limiter::default();
        let mut at = |ms| limiter.admits(Endpoint::Feed, 3, 0, Duration::from_millis(ms));
        assert_eq!(
            [at(0), at(500), at(600), at(900)],
            [true, true, true, false]
        );
        assert_eq!([at(1_000), at(1_400), at(1_500)], [true, false, true]);
    }
}
