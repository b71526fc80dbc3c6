//! Cursors and item ids that a walk has seen, as hashes.

use std::collections::HashSet;

use crate::model::hash;
use crate::store::StoredSeen;

/// Cursors and ids of one walk since it last started at its head.
#[derive(Debug, Default)]
pub struct Seen {
    /// The walk began at the head of its list.
    has_head: bool,
    cursors: HashSet<u64>,
    items: HashSet<u64>,
}

impl Seen {
    /// Returns what the ledger has stored of the walk.
    #[must_use]
    pub fn of(stored: &StoredSeen) -> Self {
        Self {
            has_head: stored.has_head,
            cursors: stored
                .cursors
                .iter()
                .map(|cursor| hash(cursor.as_bytes()))
                .collect(),
            items: stored
                .item_hashes
                .chunks_exact(8)
                .map(|bytes| {
                    bytes
                        .iter()
                        .rev()
                        .fold(0, |value, byte| value << 8 | u64::from(*byte))
                })
                .collect(),
        }
    }

    #[must_use]
    pub fn has_cursor(&self, cursor: &str) -> bool {
        self.cursors.contains(&hash(cursor.as_bytes()))
    }

    /// Returns the number of distinct ids, with those of a further page; `None` if the walk did not begin at the head.
    #[must_use]
    pub fn distinct_with(&self, cursor: Option<&str>, ids: &[String]) -> Option<i64> {
        let new: HashSet<u64> = ids
            .iter()
            .map(|id| hash(id.as_bytes()))
            .filter(|id| !self.items.contains(id))
            .collect();
        (self.has_head || cursor.is_none())
            .then(|| i64::try_from(self.items.len() + new.len()).unwrap_or(i64::MAX))
    }

    /// Returns whether one of the ids is new.
    #[must_use]
    pub fn has_new(&self, ids: &[String]) -> bool {
        ids.iter()
            .any(|id| !self.items.contains(&hash(id.as_bytes())))
    }

    /// Adds a page: the cursor that was sent for it, and its ids.
    pub fn add(&mut self, cursor: Option<&str>, ids: &[String]) {
        self.has_head |= cursor.is_none();
        self.cursors
            .extend(cursor.map(|cursor| hash(cursor.as_bytes())));
        self.items.extend(ids.iter().map(|id| hash(id.as_bytes())));
    }
}

#[cfg(test)]
mod tests {
    use super::Seen;
    use crate::model::item_hashes;
    use crate::store::StoredSeen;

    fn ids(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn seen_that_is_read_from_the_ledger_knows_the_cursors_and_ids_of_the_walk() {
        let stored = StoredSeen {
            has_head: true,
            cursors: ids(&["c1"]),
            item_hashes: item_hashes(&ids(&["user-a", "user-b"])),
        };
        let mut seen = Seen::of(&stored);
        assert!(seen.has_cursor("c1") && !seen.has_cursor("c2"));
        assert!(!seen.has_new(&ids(&["user-b", "user-a"])));
        assert!(seen.has_new(&ids(&["user-b", "user-c"])));
        assert_eq!(
            seen.distinct_with(Some("c2"), &ids(&["user-c", "user-c"])),
            Some(3)
        );
        seen.add(Some("c2"), &ids(&["user-c"]));
        assert!(seen.has_cursor("c2") && !seen.has_new(&ids(&["user-c"])));
    }
}
