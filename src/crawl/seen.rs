//! Cursors and item ids that a walk has seen, as hashes.

use std::collections::HashSet;

use crate::model::{MEETING_ITEMS, hash};
use crate::store::StoredSeen;

/// Cursors and ids of one walk since it last started at its head.
#[derive(Debug, Default)]
pub struct Seen {
    /// The walk began at the head of its list.
    has_head: bool,
    cursors: HashSet<u64>,
    items: HashSet<u64>,
    /// Pages of the spans that this pass met.
    joined_pages: u32,
    /// What earlier passes saw, the newest first.
    spans: Vec<Span>,
}

/// What an earlier pass saw without a gap.
#[derive(Debug)]
struct Span {
    id: i64,
    pages: u32,
    tail_cursor: Option<String>,
    items: HashSet<u64>,
}

/// The span of an earlier pass that a page met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Joined<'a> {
    pub span_id: i64,
    pub pages: u32,
    /// The cursor after the span; `None` if it reached the end of the list.
    pub tail_cursor: Option<&'a str>,
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
            items: hashes(&stored.item_hashes),
            joined_pages: stored.joined_pages,
            spans: stored
                .spans
                .iter()
                .map(|span| Span {
                    id: span.id,
                    pages: span.pages,
                    tail_cursor: span.tail_cursor.clone(),
                    items: hashes(&span.item_hashes),
                })
                .collect(),
        }
    }

    /// Returns the pages of the spans that this pass met.
    #[must_use]
    pub fn joined_pages(&self) -> u32 {
        self.joined_pages
    }

    /// Returns the newest span in which the last items of a page all are.
    #[must_use]
    pub fn joined(&self, ids: &[String]) -> Option<Joined<'_>> {
        let last = &ids[ids.len().saturating_sub(MEETING_ITEMS)..];
        let has_all = |span: &&Span| {
            let mut last = last.iter().map(|id| hash(id.as_bytes()));
            last.all(|id| span.items.contains(&id))
        };
        let span = self
            .spans
            .iter()
            .filter(|_| !last.is_empty())
            .find(has_all)?;
        Some(Joined {
            span_id: span.id,
            pages: span.pages,
            tail_cursor: span.tail_cursor.as_deref(),
        })
    }

    /// Adds what a span saw, which a page met.
    pub fn join(&mut self, span_id: i64) {
        if let Some(at) = self.spans.iter().position(|span| span.id == span_id) {
            let span = self.spans.remove(at);
            self.joined_pages = self.joined_pages.saturating_add(span.pages);
            self.items.extend(span.items);
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

fn hashes(stored: &[u8]) -> HashSet<u64> {
    let hashes = stored.chunks_exact(8).map(|bytes| {
        let bytes = bytes.iter().rev();
        bytes.fold(0, |value, byte| value << 8 | u64::from(*byte))
    });
    hashes.collect()
}

#[cfg(test)]
mod tests {
    use super::Seen;
    use crate::model::item_hashes;
    use crate::store::{StoredSeen, StoredSpan};

    fn ids(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn seen_that_is_read_from_the_ledger_knows_the_cursors_and_ids_of_the_walk() {
        let stored = StoredSeen {
            has_head: true,
            cursors: ids(&["c1"]),
            item_hashes: item_hashes(&ids(&["user-a", "user-b"])),
            ..StoredSeen::default()
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

    fn span(id: i64, names: &[&str], tail_cursor: Option<&str>) -> StoredSpan {
        StoredSpan {
            id,
            pages: 3,
            tail_cursor: tail_cursor.map(str::to_owned),
            item_hashes: item_hashes(&ids(names)),
        }
    }

    #[test]
    fn a_page_meets_the_newest_span_that_has_all_of_its_last_items() {
        let all = ["a", "b", "c", "d", "e", "f"];
        let mut seen = Seen::of(&StoredSeen {
            spans: vec![span(9, &all, Some("t9")), span(7, &all, None)],
            ..StoredSeen::default()
        });
        let met = |seen: &Seen, names: &[&str]| seen.joined(&ids(names)).map(|met| met.span_id);
        assert_eq!(met(&seen, &["new", "b", "c", "d", "e", "f"]), Some(9));
        assert_eq!(
            met(&seen, &["a", "b", "c", "d", "e", "new"]),
            None,
            "items may be missing between"
        );
        assert_eq!(met(&seen, &["a", "new", "c", "d", "e", "f"]), None);
        assert_eq!(met(&seen, &["e", "f"]), Some(9), "a short page");
        assert_eq!(met(&seen, &[]), None);
        assert_eq!(
            seen.joined(&ids(&["a"])).and_then(|met| met.tail_cursor),
            Some("t9")
        );
        seen.join(9);
        assert_eq!(seen.joined_pages(), 3);
        assert!(!seen.has_new(&ids(&all)));
        assert_eq!(met(&seen, &["e", "f"]), Some(7));
        assert_eq!(
            seen.joined(&ids(&["a"])).and_then(|met| met.tail_cursor),
            None
        );
    }
}
