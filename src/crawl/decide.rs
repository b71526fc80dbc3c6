//! Where a walk goes on after a page. Pure: no clock, no I/O, no randomness.

use crate::model::StopReason;
use crate::store::Next;

/// Consecutive pages that repeat known items, after which a walk counts as stalled.
const REPEATED_PAGES: u32 = 2;
/// Missing items from which on a list counts as cut off, if more than half of its count is missing.
const CUT_OFF: i64 = 20;

/// Facts about a walk after one of its pages was read.
#[derive(Debug, Clone, Copy)]
pub struct WalkFacts<'a> {
    pub is_paged: bool,
    /// Next cursor as the remote returned it.
    pub cursor: Option<&'a str>,
    pub has_more: Option<bool>,
    /// This walk sent or received the next cursor before.
    pub cursor_came_before: bool,
    /// The page contains no id.
    pub is_empty: bool,
    /// The page contains an id that this walk had not seen.
    pub has_new_id: bool,
    /// Consecutive pages without a new id before this page.
    pub stale_pages: u32,
    /// Those of them that contained known ids.
    pub repeated_pages: u32,
    pub max_empty_pages: u32,
    /// Committed pages, including this one.
    pub pages: u32,
    pub max_pages: Option<u32>,
    /// Distinct ids that this walk has seen, with this page; `None` if it did not begin at the head.
    pub seen: Option<i64>,
    /// How many items the list has, as another statement of the remote says.
    pub count: Option<i64>,
}

/// Returns the next step of a walk after a page was read (api/README.md §8).
#[must_use]
pub fn after_page(facts: &WalkFacts<'_>) -> Next {
    let end = |reason, note: &str| Next::End {
        reason,
        note: note.to_owned(),
        cursor: None,
    };
    if !facts.is_paged {
        return end(StopReason::Complete, "");
    }
    let Some(cursor) = facts.cursor else {
        return match facts.has_more {
            Some(true) => end(
                StopReason::Truncated,
                "the remote reports more items but returned no cursor",
            ),
            _ => at_the_end(facts, ""),
        };
    };
    if facts.has_more == Some(false) {
        return at_the_end(
            facts,
            "the remote reports no more items; its cursor was not followed",
        );
    }
    let is_stale = !facts.has_new_id;
    if is_stale && facts.count.is_some_and(|count| facts.seen >= Some(count)) {
        return end(
            StopReason::Complete,
            "as many items as the remote counts, and a page without a new one",
        );
    }
    if facts.cursor_came_before {
        return end(
            StopReason::Stalled,
            "the remote returned a cursor that it had returned before",
        );
    }
    let stale_pages = u32::from(is_stale) * (facts.stale_pages + 1);
    let repeated_pages = u32::from(is_stale) * (facts.repeated_pages + u32::from(!facts.is_empty));
    if repeated_pages >= REPEATED_PAGES || stale_pages >= facts.max_empty_pages {
        return Next::End {
            reason: StopReason::Stalled,
            note: format!("{stale_pages} consecutive pages had no new id"),
            cursor: Some(cursor.to_owned()),
        };
    }
    if facts
        .max_pages
        .is_some_and(|max_pages| facts.pages >= max_pages)
    {
        return Next::End {
            reason: StopReason::Capped,
            note: format!("page cap reached at page {}", facts.pages),
            cursor: Some(cursor.to_owned()),
        };
    }
    Next::Page {
        cursor: cursor.to_owned(),
        stale_pages,
        repeated_pages,
    }
}

/// The remote says that the list ends here. Its own count may say otherwise.
fn at_the_end(facts: &WalkFacts<'_>, note: &str) -> Next {
    let end = |reason, note| Next::End {
        reason,
        note,
        cursor: None,
    };
    let (Some(seen), Some(count)) = (facts.seen, facts.count) else {
        return end(StopReason::Complete, note.to_owned());
    };
    if seen >= count {
        return end(StopReason::Complete, note.to_owned());
    }
    let is_cut_off = seen == 0 || (seen < count / 2 && count - seen >= CUT_OFF);
    let reason = if is_cut_off {
        StopReason::Truncated
    } else {
        StopReason::Complete
    };
    let pause = if note.is_empty() { "" } else { "; " };
    end(
        reason,
        format!("{note}{pause}the remote counts {count} items, and its list ended after {seen}"),
    )
}
