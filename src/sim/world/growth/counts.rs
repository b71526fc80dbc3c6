//! How counts grow: fast at first, then ever slower, up to a final value.

use crate::sim::hash::{hash, unit};
use crate::sim::world::{NOW, World};

const DAY_SECONDS: f64 = 86_400.0;
/// A post of the first world is at least as old, so that its counts do not explode.
const MIN_AGE_SECONDS: f64 = 21_600.0;

/// Returns the share of its final value that a count has reached at an age in seconds: one half after a time of
/// 0.25 to 3 days that depends on the id.
fn reached(id: &str, age: f64) -> f64 {
    let half = DAY_SECONDS * (0.25 + 2.75 * unit(hash(71, &[id])));
    age.max(0.0) / (age.max(0.0) + half)
}

/// Returns the factor between the drawn value of a count and its value now. The drawn value of a thing of the first world
/// is the value at the start; that of a newer thing is the final value.
fn factor(id: &str, made_micros: i64, now: i64) -> f64 {
    let made = made_micros as f64 / 1e6;
    let begin = NOW as f64;
    if made >= begin {
        return reached(id, now as f64 - made);
    }
    let first = (begin - made).max(MIN_AGE_SECONDS);
    reached(id, first + (now as f64 - begin)) / reached(id, first)
}

/// Sets the counts to their values at the time of the world.
pub(super) fn grow(world: &mut World) {
    let now = world.now;
    let grown = |count: u64, factor: f64| (count as f64 * factor) as u64;
    for post in &mut world.posts {
        let factor = factor(&post.id, post.posted_micros, now);
        post.like_count = grown(post.like_count, factor);
        post.view_count = grown(post.view_count, factor);
    }
    for comment in &mut world.comments {
        let factor = factor(&comment.id, comment.posted_micros, now);
        comment.like_count = grown(comment.like_count, factor);
    }
}

#[cfg(test)]
mod tests {
    use super::{DAY_SECONDS, NOW, factor};

    #[test]
    fn a_count_grows_ever_slower_and_never_falls() {
        for made in [NOW - 40 * 86_400, NOW - 3_600, NOW + 60] {
            let at = |day: i64| factor("s_1", made * 1_000_000, NOW + 100 + day * 86_400);
            let gains: Vec<f64> = (0..30).map(|day| at(day + 1) - at(day)).collect();
            assert!(gains.iter().all(|gain| *gain > 0.0));
            assert!(gains.windows(2).all(|pair| pair[1] < pair[0]), "{gains:?}");
        }
        assert!((factor("s_1", (NOW - 99) * 1_000_000, NOW) - 1.0).abs() < 1e-12);
        let old = factor("s_1", NOW * 1_000_000, NOW + 365 * 86_400);
        assert!(old > 0.98 && old <= 1.0, "{old} after {DAY_SECONDS} s");
    }
}
