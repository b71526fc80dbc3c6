//! Counts that disagree a little with the list they count, as the counts of a remote with caches do.

use crate::sim::hash::hash;

/// One of so many.
const ONE_OF: u64 = 30;

/// Returns the count that the remote states for a list of an object: one too high or one too low for some of the lists
/// with at least two items, else the number of its items.
pub fn counted(id: &str, list: &str, items: usize) -> usize {
    let dice = hash(43, &[id, list]);
    match dice / ONE_OF % 3 {
        _ if items < 2 || !dice.is_multiple_of(ONE_OF) => items,
        0 => items - 1,
        _ => items + 1,
    }
}
