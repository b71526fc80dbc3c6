//! Cursors and item ids that a walk has seen, as hashes.

use std::collections::HashSet;

use crate::model::{ItemHash, hash};
use crate::store::StoredSeen;

/// Cursors and ids of one walk since it last started at its head.
#[derive(Debug, Default)]
pub struct Seen {
    /// The walk began at the head of its list.
    has_head: bool,
    cursors: HashSet<u64>,
    items: HashSet<u64>,
    hash: ItemHash,
}

impl Seen {
    /// Returns a walk that has seen nothing.
    #[must_use]
    pub fn nothing(hash: ItemHash) -> Self {
        Self {
            hash,
            ..Self::default()
        }
    }

    /// Returns what the ledger has stored of the walk.
    #[must_use]
    pub fn of(stored: &StoredSeen, hash_of: ItemHash) -> Self {
        Self {
            has_head: stored.has_head,
            cursors: stored
                .cursors
                .iter()
                .map(|cursor| hash(cursor.as_bytes()))
                .collect(),
            items: stored
                .item_hashes
                .iter()
                .flat_map(|page| hash_of.read(page))
                .collect(),
            hash: hash_of,
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
            .map(|id| self.hash.of(id))
            .filter(|id| !self.items.contains(id))
            .collect();
        (self.has_head || cursor.is_none())
            .then(|| i64::try_from(self.items.len() + new.len()).unwrap_or(i64::MAX))
    }

    /// Returns whether one of the ids is new.
    #[must_use]
    pub fn has_new(&self, ids: &[String]) -> bool {
        ids.iter().any(|id| !self.items.contains(&self.hash.of(id)))
    }

    /// Adds a page: the cursor that was sent for it, and its ids.
    pub fn add(&mut self, cursor: Option<&str>, ids: &[String]) {
        self.has_head |= cursor.is_none();
        self.cursors
            .extend(cursor.map(|cursor| hash(cursor.as_bytes())));
        let Self { items, hash, .. } = self;
        items.extend(ids.iter().map(|id| hash.of(id)));
    }
}

#[cfg(test)]
mod tests {
    use super::Seen;
    use crate::model::{ItemHash, item_hashes};
    use crate::store::StoredSeen;

    fn ids(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn seen_that_is_read_from_the_ledger_knows_the_cursors_and_ids_of_the_walk() {
        let stored = StoredSeen {
            has_head: true,
            cursors: ids(&["c1"]),
            item_hashes: vec![
                item_hashes(&ids(&["user-a"])),
                item_hashes(&ids(&["user-b"])),
            ],
        };
        let mut seen = Seen::of(&stored, ItemHash::default());
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
