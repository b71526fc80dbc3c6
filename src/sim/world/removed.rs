//! What was removed: a few posts, comments and users, each some days after it was made.

use crate::sim::hash::hash;

const DAY_MICROS: i64 = 86_400 * 1_000_000;
/// One of so many.
const ONE_OF: u64 = 40;

/// Returns when a post or comment was deleted, or a user banned, in microseconds; `None` if that did not happen.
pub(super) fn removed_micros(id: &str, made_micros: i64) -> Option<i64> {
    let dice = hash(41, &[id]);
    let days = i64::try_from(dice / ONE_OF % 9).unwrap_or(0) + 1;
    dice.is_multiple_of(ONE_OF)
        .then_some(made_micros + days * DAY_MICROS)
}
