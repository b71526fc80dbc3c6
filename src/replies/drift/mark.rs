//! Decides whether a path has changed. Pure.

use super::history::PathHistory;
use crate::api::JsonType;
use crate::model::PathMark;

/// Replies after which an endpoint is well known.
const KNOWN: u64 = 30;
/// Replies without a path that was always there, until it counts as vanished.
const MISSED: u64 = 10;
/// Replies for which a path stays new, and the share of all replies for which it also does.
const NEW: u64 = 1_000;
const NEW_SHARE: u64 = 5;
/// A path was always there if at most one reply of so many lacked it.
const LACKED: u64 = 20;

/// Returns what changed about a path of an endpoint with so many replies.
#[must_use]
pub fn mark(path: &PathHistory, replies: u64) -> Option<PathMark> {
    if is_vanished(path, replies) {
        return Some(PathMark::Vanished);
    }
    let is_late = |first: u64| {
        first >= KNOWN && replies.saturating_sub(first) <= NEW.max(replies / NEW_SHARE)
    };
    if is_late(path.first) {
        return Some(PathMark::New);
    }
    is_retyped(path, is_late).then_some(PathMark::Retyped)
}

fn is_vanished(path: &PathHistory, replies: u64) -> bool {
    let known = path.last + 1;
    let lacked = known.saturating_sub(path.times);
    known >= KNOWN && lacked * LACKED <= known && replies.saturating_sub(known) >= MISSED
}

/// Whether another type came late. Null is no type of its own.
fn is_retyped(path: &PathHistory, is_late: impl Fn(u64) -> bool) -> bool {
    let kinds = path
        .types
        .iter()
        .filter(|(kind, _)| **kind != JsonType::Null);
    let firsts: Vec<u64> = kinds.map(|(_, first)| *first).collect();
    let (Some(oldest), Some(newest)) = (firsts.iter().min(), firsts.iter().max()) else {
        return false;
    };
    // The path itself was known before.
    *newest >= oldest + KNOWN && is_late(*newest)
}

#[cfg(test)]
mod tests {
    use super::{PathHistory, PathMark, mark};
    use crate::api::JsonType;

    fn path(first: u64, last: u64, times: u64, types: &[(JsonType, u64)]) -> PathHistory {
        PathHistory {
            first,
            last,
            times,
            types: types.iter().copied().collect(),
            ..PathHistory::default()
        }
    }

    #[test]
    fn a_path_is_new_if_the_endpoint_was_well_known_before() {
        let text = [(JsonType::String, 0)];
        assert_eq!(mark(&path(29, 99, 71, &text), 100), None);
        assert_eq!(mark(&path(30, 99, 70, &text), 100), Some(PathMark::New));
        assert_eq!(
            mark(&path(30, 1_030, 1_001, &text), 1_031),
            None,
            "known by now"
        );
        assert_eq!(
            mark(&path(90_000, 99_999, 10_000, &text), 100_000),
            Some(PathMark::New)
        );
    }

    #[test]
    fn a_path_vanished_if_it_was_always_there() {
        let text = [(JsonType::String, 0)];
        assert_eq!(mark(&path(0, 89, 90, &text), 100), Some(PathMark::Vanished));
        assert_eq!(
            mark(&path(0, 89, 86, &text), 100),
            Some(PathMark::Vanished),
            "a few lacked it"
        );
        assert_eq!(
            mark(&path(0, 90, 91, &text), 100),
            None,
            "too early to tell"
        );
        assert_eq!(
            mark(&path(0, 89, 40, &text), 100),
            None,
            "it was often absent"
        );
        assert_eq!(mark(&path(0, 20, 21, &text), 100), None, "little was known");
    }

    #[test]
    fn a_path_is_retyped_if_a_type_other_than_null_came_late() {
        let of = |late: JsonType, at| {
            let types = [(JsonType::Number, 0), (late, at)];
            mark(&path(0, 99, 100, &types), 100)
        };
        assert_eq!(of(JsonType::String, 60), Some(PathMark::Retyped));
        assert_eq!(of(JsonType::Null, 60), None);
        assert_eq!(of(JsonType::String, 5), None, "it always had both");
        let types = [(JsonType::Null, 0), (JsonType::Object, 60)];
        assert_eq!(
            mark(&path(0, 99, 100, &types), 100),
            None,
            "its first value"
        );
    }
}
