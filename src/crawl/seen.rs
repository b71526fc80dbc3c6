//! Cursors and item ids that a walk has seen, as hashes.

use std::collections::{HashMap, HashSet};

use crate::model::{ItemHash, MEETING_ITEMS, hash};
use crate::store::{SpanChange, StoredSeen, StoredSpan};

/// Cursors and ids of one walk since it last started at its head.
#[derive(Debug, Default)]
pub struct Seen {
    /// The walk began at the head of its list.
    has_head: bool,
    cursors: HashSet<u64>,
    items: HashSet<u64>,
    /// The last distinct items since the head, or since the pass last met a span, at most [`MEETING_ITEMS`].
    last: Vec<u64>,
    /// The next cursor of the last page, if the walk goes on after the last span of `met` instead.
    own_cursor: Option<String>,
    /// What this pass has met, the last one at the end.
    met: Vec<Span>,
    /// What this pass can meet, the newest first.
    open: Vec<Span>,
    hash: ItemHash,
}

/// What an earlier pass saw without a gap.
#[derive(Debug)]
struct Span {
    id: i64,
    pages: u32,
    tail_cursor: Option<String>,
    /// Its distinct items, with their places in the list.
    items: HashMap<u64, usize>,
    /// The item that ended the list, if the list ended on the page of that item.
    end: Option<u64>,
}

/// Most items that may be missing among the last ones of a pass where it meets a span: those that were deleted since.
const LOST_ITEMS: usize = 20;

impl Span {
    fn has(&self, id: u64) -> bool {
        self.items.contains_key(&id)
    }

    /// Returns whether the span has these items close to each other and in this order. Pinned items are not.
    fn has_in_order(&self, ids: &[u64]) -> bool {
        let places: Option<Vec<usize>> = ids.iter().map(|id| self.items.get(id).copied()).collect();
        places.is_some_and(|places| {
            let is_near = |pair: &[usize]| pair[0] < pair[1] && pair[1] - pair[0] <= LOST_ITEMS;
            places.windows(2).all(is_near)
        })
    }
}

/// The span of an earlier pass that a page met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Joined<'a> {
    pub span_id: i64,
    pub pages: u32,
    /// The cursor after the span; `None` if it reached the end of the list.
    pub tail_cursor: Option<&'a str>,
    /// The page has the item that ended the list.
    pub has_end: bool,
}

/// The place of a walk whose next page is the first after a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tail<'a> {
    pub span_id: i64,
    /// Pages of the span.
    pub pages: u32,
    /// The next cursor of the page that met the span.
    pub own_cursor: &'a str,
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
        let hashes = |pages: &[Vec<u8>]| {
            pages
                .iter()
                .flat_map(|page| hash_of.read(page))
                .collect::<Vec<u64>>()
        };
        let span = |stored: &StoredSpan| span(stored, &hashes(&stored.item_hashes));
        let mut last = Vec::new();
        hashes(&stored.contiguous_hashes)
            .into_iter()
            .for_each(|id| push(&mut last, id));
        Self {
            has_head: stored.has_head,
            cursors: stored
                .cursors
                .iter()
                .map(|cursor| hash(cursor.as_bytes()))
                .collect(),
            items: hashes(&stored.item_hashes).into_iter().collect(),
            last,
            own_cursor: stored.own_cursor.clone(),
            met: stored.met.iter().map(span).collect(),
            open: stored.open.iter().map(span).collect(),
            hash: hash_of,
        }
    }

    /// Returns the number of pages in the spans that this pass met.
    #[must_use]
    pub fn joined_pages(&self) -> u32 {
        self.met.iter().map(|span| span.pages).sum()
    }

    /// Returns the newest span that has the last items of the pass, with this page, in the same order.
    #[must_use]
    pub fn joined(&self, ids: &[String]) -> Option<Joined<'_>> {
        if self.open.is_empty() || ids.is_empty() {
            return None;
        }
        let mut last = self.last.clone();
        ids.iter().for_each(|id| push(&mut last, self.hash.of(id)));
        let mut open = self.open.iter().filter(|_| last.len() == MEETING_ITEMS);
        let span = open.find(|span| span.has_in_order(&last))?;
        Some(Joined {
            span_id: span.id,
            pages: span.pages,
            tail_cursor: span.tail_cursor.as_deref(),
            has_end: ids.iter().any(|id| span.end == Some(self.hash.of(id))),
        })
    }

    /// Returns where the walk is, if its next page is the first after a span.
    #[must_use]
    pub fn tail(&self) -> Option<Tail<'_>> {
        let span = self.met.last()?;
        Some(Tail {
            span_id: span.id,
            pages: span.pages,
            own_cursor: self.own_cursor.as_deref()?,
        })
    }

    #[must_use]
    pub fn has_cursor(&self, cursor: &str) -> bool {
        self.cursors.contains(&hash(cursor.as_bytes()))
    }

    /// Returns the number of distinct ids, with those of a further page and of the span that it meets; `None` if the walk
    /// did not begin at the head.
    #[must_use]
    pub fn distinct_with(
        &self,
        cursor: Option<&str>,
        ids: &[String],
        joined: Option<Joined<'_>>,
    ) -> Option<i64> {
        let mut more: HashSet<u64> = ids.iter().map(|id| self.hash.of(id)).collect();
        let is_joined = |span: &&Span| joined.is_some_and(|joined| joined.span_id == span.id);
        let spans = self.met.iter().chain(self.open.iter().filter(is_joined));
        spans.for_each(|span| more.extend(span.items.keys()));
        more.retain(|id| !self.items.contains(id));
        (self.has_head || cursor.is_none())
            .then(|| i64::try_from(self.items.len() + more.len()).unwrap_or(i64::MAX))
    }

    /// Returns whether one of the ids is new.
    #[must_use]
    pub fn has_new(&self, ids: &[String]) -> bool {
        let mut ids = ids.iter().map(|id| self.hash.of(id));
        let met = |id| self.met.iter().any(|span| span.has(id));
        ids.any(|id| !self.items.contains(&id) && !met(id))
    }

    /// Adds a page: the cursor that was sent for it, its ids, its next cursor, and what it changes for the spans.
    pub fn add(
        &mut self,
        cursor: Option<&str>,
        ids: &[String],
        next_cursor: Option<&str>,
        change: Option<SpanChange>,
    ) {
        self.has_head |= cursor.is_none();
        self.own_cursor = None;
        for id in ids {
            let id = self.hash.of(id);
            self.items.insert(id);
            push(&mut self.last, id);
        }
        let cursor = cursor.map(|cursor| hash(cursor.as_bytes()));
        match change {
            None => self.cursors.extend(cursor),
            Some(SpanChange::Met(span_id)) => {
                self.cursors.extend(cursor);
                let at = self.open.iter().position(|span| span.id == span_id);
                self.met.extend(at.map(|at| self.open.remove(at)));
                self.own_cursor = next_cursor.map(str::to_owned);
                self.last.clear();
            }
            // Its cursor may be asked for again at the end of the walk's own way.
            Some(SpanChange::Left(span_id)) => self.met.retain(|span| span.id != span_id),
            Some(SpanChange::Refuted(span_id)) => {
                self.cursors.extend(cursor);
                self.open.retain(|span| span.id != span_id);
            }
        }
    }
}

/// Adds an item to the last distinct ones.
fn push(last: &mut Vec<u64>, id: u64) {
    last.retain(|other| *other != id);
    last.push(id);
    if last.len() > MEETING_ITEMS {
        last.remove(0);
    }
}

fn span(stored: &StoredSpan, hashes: &[u64]) -> Span {
    let mut items = HashMap::new();
    for id in hashes {
        let place = items.len();
        items.entry(*id).or_insert(place);
    }
    Span {
        id: stored.id,
        pages: stored.pages,
        tail_cursor: stored.tail_cursor.clone(),
        end: hashes.last().copied().filter(|_| stored.ends_on_a_page),
        items,
    }
}

#[cfg(test)]
mod tests {
    use super::{Seen, Tail};
    use crate::model::{ItemHash, item_hashes};
    use crate::store::{SpanChange, StoredSeen, StoredSpan};

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
            ..StoredSeen::default()
        };
        let mut seen = Seen::of(&stored, ItemHash::default());
        assert!(seen.has_cursor("c1") && !seen.has_cursor("c2"));
        assert!(!seen.has_new(&ids(&["user-b", "user-a"])));
        assert!(seen.has_new(&ids(&["user-b", "user-c"])));
        assert_eq!(
            seen.distinct_with(Some("c2"), &ids(&["user-c", "user-c"]), None),
            Some(3)
        );
        seen.add(Some("c2"), &ids(&["user-c"]), Some("c3"), None);
        assert!(seen.has_cursor("c2") && !seen.has_new(&ids(&["user-c"])));
    }

    const ALL: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

    fn with(open: Vec<StoredSpan>) -> Seen {
        let stored = StoredSeen {
            open,
            ..StoredSeen::default()
        };
        Seen::of(&stored, ItemHash::default())
    }

    fn span(id: i64, names: &[&str], tail_cursor: Option<&str>) -> StoredSpan {
        StoredSpan {
            id,
            pages: 3,
            tail_cursor: tail_cursor.map(str::to_owned),
            item_hashes: vec![item_hashes(&ids(names))],
            ends_on_a_page: false,
        }
    }

    #[test]
    fn a_pass_meets_the_newest_span_that_has_its_last_five_items() {
        let seen = with(vec![span(9, &ALL, Some("t9")), span(7, &ALL, None)]);
        let met = |names: &[&str]| seen.joined(&ids(names)).map(|met| met.span_id);
        assert_eq!(met(&["new", "b", "c", "d", "e", "f"]), Some(9));
        for (names, why) in [
            (
                &["a", "b", "c", "d", "e", "new"][..],
                "a gap may come after e",
            ),
            (&["a", "new", "c", "d", "e", "f"], "four are too few"),
            (&["f"], "a page of one pinned post"),
            (&["c", "c", "d", "e", "f"], "four different ones"),
            (&["c", "b", "d", "e", "f"], "pinned in another order"),
            (&[], "nothing"),
        ] {
            assert_eq!(met(names), None, "{why}");
        }
    }

    #[test]
    fn pinned_items_from_all_over_a_span_are_no_meeting_and_deleted_ones_are_no_obstacle() {
        let names: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        let all: Vec<&str> = names.iter().map(String::as_str).collect();
        let seen = with(vec![span(9, &all, None)]);
        let met = |places: [usize; 5]| {
            let names = places.map(|place| all[place]);
            seen.joined(&ids(&names)).is_some()
        };
        assert!(met([3, 4, 5, 6, 7]) && met([3, 10, 11, 30, 31]));
        assert!(!met([3, 20, 45, 60, 90]) && !met([7, 6, 5, 4, 3]));
    }

    #[test]
    fn a_page_shows_the_item_that_ended_the_list_only_if_the_list_ended_on_its_page() {
        for ends_on_a_page in [true, false] {
            let open = StoredSpan {
                ends_on_a_page,
                ..span(9, &ALL, None)
            };
            let seen = with(vec![open]);
            let joined = |names: &[&str]| seen.joined(&ids(names)).map(|met| met.has_end);
            assert_eq!(joined(&["b", "c", "d", "e", "f"]), Some(ends_on_a_page));
            assert_eq!(joined(&["a", "b", "c", "d", "e"]), Some(false));
        }
    }

    #[test]
    fn the_last_five_items_may_come_from_several_pages_but_not_from_before_a_met_span() {
        let mut seen = with(vec![span(9, &ALL, Some("t9")), span(7, &ALL, None)]);
        seen.add(None, &ids(&["new", "a", "b"]), Some("c1"), None);
        let met = |seen: &Seen, names: &[&str]| seen.joined(&ids(names)).map(|met| met.span_id);
        assert_eq!(met(&seen, &["c", "d"]), None);
        assert_eq!(met(&seen, &["c", "d", "e"]), Some(9));
        let change = Some(SpanChange::Met(9));
        seen.add(Some("c1"), &ids(&["c", "d", "e"]), Some("c2"), change);
        assert_eq!(met(&seen, &["f"]), None);
        assert_eq!(met(&seen, &["b", "c", "d", "e", "f"]), Some(7));
    }

    #[test]
    fn what_a_pass_met_is_not_new_until_the_pass_leaves_it() {
        let mut seen = with(vec![span(9, &ALL, Some("t9"))]);
        let change = Some(SpanChange::Met(9));
        seen.add(None, &ids(&["new", "a"]), Some("c1"), change);
        assert_eq!(seen.joined_pages(), 3);
        assert!(!seen.has_new(&ids(&ALL)));
        assert_eq!(
            seen.distinct_with(Some("t9"), &ids(&["f", "g"]), None),
            Some(8)
        );
        let tail = Tail {
            span_id: 9,
            pages: 3,
            own_cursor: "c1",
        };
        assert_eq!(seen.tail(), Some(tail));
        seen.add(Some("t9"), &[], None, Some(SpanChange::Left(9)));
        assert_eq!((seen.joined_pages(), seen.tail()), (0, None));
        assert!(seen.has_new(&ids(&["b"])) && !seen.has_new(&ids(&["a"])));
        assert!(!seen.has_cursor("t9"), "it may be asked for again");
    }
}
