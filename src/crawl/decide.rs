//! Where a walk goes on after a page. Pure: no clock, no I/O, no randomness.

use super::seen::{Joined, Tail};
use crate::model::StopReason;
use crate::store::{Next, SpanChange};

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
    /// Why the page is no proof that the list has ended.
    pub doubt: Option<&'static str>,
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
    /// Committed pages, including this one and those of the spans that the pass met.
    pub pages: u32,
    pub max_pages: Option<u32>,
    /// Distinct ids that this walk has seen, with this page and the span that it meets; `None` if it did not begin at the
    /// head.
    pub seen: Option<i64>,
    /// How many items the list has, as another statement of the remote says.
    pub count: Option<i64>,
    /// What an earlier pass saw, if the page meets it and is not the end of the list.
    pub joined: Option<Joined<'a>>,
    /// What an earlier pass saw, if the page is the first after it.
    pub tail: Option<Tail<'a>>,
    /// The pass met earlier ones. What they saw may be deleted, so a count does not say that nothing is missing.
    pub has_met: bool,
}

/// Returns the next step of a walk after a page was read (api/README.md §8), and what the page changes for the spans.
#[must_use]
pub fn after_page(facts: &WalkFacts<'_>) -> (Next, Option<SpanChange>) {
    if let Some(tail) = &facts.tail
        && !facts.has_new_id
    {
        return (
            after_left(facts, tail),
            Some(SpanChange::Left(tail.span_id)),
        );
    }
    let Some(joined) = &facts.joined else {
        return (alone(facts), None);
    };
    if joined.has_end {
        return (alone(facts), Some(SpanChange::Refuted(joined.span_id)));
    }
    match after_joined(facts, joined) {
        Some(next) => (next, Some(SpanChange::Met(joined.span_id))),
        None => (alone(facts), None),
    }
}

/// Returns the next step of a walk that follows only its own cursors.
fn alone(facts: &WalkFacts<'_>) -> Next {
    let end = |reason, note: &str| Next::End {
        reason,
        note: note.to_owned(),
        cursor: None,
    };
    if !facts.is_paged {
        return match facts.doubt {
            Some(doubt) => end(StopReason::Truncated, doubt),
            None => end(StopReason::Complete, ""),
        };
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
    let is_whole = facts.count.is_some_and(|count| facts.seen >= Some(count));
    if is_stale && is_whole && !facts.has_met {
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

/// The rest of the list follows after what an earlier pass saw. Returns `None` if far more is missing than that pass saw.
fn after_joined(facts: &WalkFacts<'_>, joined: &Joined<'_>) -> Option<Next> {
    let Some(tail) = joined.tail_cursor else {
        let note = "the rest of the list is archived: an earlier pass saw it to its end";
        return Some(at_the_end(facts, note)).filter(
            |next| matches!(next, Next::End { reason, .. } if *reason == StopReason::Complete),
        );
    };
    Some(go_on(facts, tail, facts.pages.saturating_add(joined.pages)))
}

/// The cursor after what an earlier pass saw led to nothing. It may be too old, so the walk goes through what that pass saw.
fn after_left(facts: &WalkFacts<'_>, tail: &Tail<'_>) -> Next {
    go_on(
        facts,
        tail.own_cursor,
        facts.pages.saturating_sub(tail.pages),
    )
}

/// Goes on at a cursor, unless the cap is reached with `pages`.
fn go_on(facts: &WalkFacts<'_>, cursor: &str, pages: u32) -> Next {
    if facts.max_pages.is_some_and(|max_pages| pages >= max_pages) {
        return Next::End {
            reason: StopReason::Capped,
            note: format!("page cap reached at page {pages}, with the pages of earlier passes"),
            cursor: Some(cursor.to_owned()),
        };
    }
    Next::Page {
        cursor: cursor.to_owned(),
        stale_pages: 0,
        repeated_pages: 0,
    }
}

/// The remote says that the list ends here. Its own count may say otherwise.
fn at_the_end(facts: &WalkFacts<'_>, note: &str) -> Next {
    let end = |reason, note| Next::End {
        reason,
        note,
        cursor: None,
    };
    let is_counted = facts.seen.is_some() && facts.count.is_some();
    // Its own count is another proof.
    if let Some(doubt) = facts.doubt
        && !(is_counted && facts.seen >= facts.count)
    {
        return end(StopReason::Truncated, doubt.to_owned());
    }
    let (Some(seen), Some(count)) = (facts.seen, facts.count) else {
        return end(StopReason::Complete, note.to_owned());
    };
    if seen >= count {
        return end(StopReason::Complete, note.to_owned());
    }
    let is_cut_off = seen == 0 || (seen < count - seen && count - seen >= CUT_OFF);
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

#[cfg(test)]
mod tests {
    use super::{Joined, Tail, WalkFacts, after_page};
    use crate::store::{Next, SpanChange};

    /// The second page of a walk, with new items and a next cursor.
    const FACTS: WalkFacts<'static> = WalkFacts {
        is_paged: true,
        cursor: Some("c2"),
        has_more: None,
        doubt: None,
        cursor_came_before: false,
        is_empty: false,
        has_new_id: true,
        stale_pages: 0,
        repeated_pages: 0,
        max_empty_pages: 5,
        pages: 2,
        max_pages: None,
        seen: Some(20),
        count: None,
        joined: None,
        tail: None,
        has_met: false,
    };

    /// Decides, and returns the decision in words: the reason with the kept cursor, or the counters of the next page.
    fn decided(facts: WalkFacts<'_>) -> String {
        match after_page(&facts).0 {
            Next::Page {
                cursor,
                stale_pages,
                repeated_pages,
            } => format!("{cursor} {stale_pages} {repeated_pages}"),
            Next::End { reason, cursor, .. } => {
                format!("{reason} {}", cursor.as_deref().unwrap_or("-"))
            }
        }
    }

    fn note(facts: WalkFacts<'_>) -> String {
        match after_page(&facts).0 {
            Next::Page { .. } => String::new(),
            Next::End { note, .. } => note,
        }
    }

    #[test]
    fn a_walk_goes_on_at_the_next_cursor_and_ends_without_one() {
        assert_eq!(decided(FACTS), "c2 0 0");
        let single = WalkFacts {
            is_paged: false,
            ..FACTS
        };
        assert_eq!(decided(single), "complete -");
        let last = WalkFacts {
            cursor: None,
            ..FACTS
        };
        assert_eq!(
            (decided(last).as_str(), note(last).as_str()),
            ("complete -", "")
        );
        let more = WalkFacts {
            has_more: Some(true),
            ..last
        };
        assert_eq!(decided(more), "truncated -");
        let no_more = WalkFacts {
            has_more: Some(false),
            ..FACTS
        };
        assert_eq!(decided(no_more), "complete -");
        assert!(note(no_more).contains("not followed"));
    }

    #[test]
    fn a_page_that_is_no_proof_of_the_end_truncates_a_list_unless_its_count_is_reached() {
        let last = WalkFacts {
            cursor: None,
            doubt: Some("why"),
            ..FACTS
        };
        let single = WalkFacts {
            is_paged: false,
            ..last
        };
        let no_more = WalkFacts {
            cursor: Some("c2"),
            has_more: Some(false),
            ..last
        };
        for facts in [last, single, no_more] {
            assert_eq!(
                (decided(facts).as_str(), &*note(facts)),
                ("truncated -", "why")
            );
        }
        for (seen, count, reason) in [
            (Some(20), Some(20), "complete -"),
            (Some(0), Some(0), "complete -"),
            (Some(20), Some(21), "truncated -"),
            (None, Some(0), "truncated -"),
            (Some(0), None, "truncated -"),
        ] {
            let facts = WalkFacts {
                seen,
                count,
                ..last
            };
            assert_eq!(decided(facts), reason, "{seen:?} of {count:?}");
        }
        let goes_on = WalkFacts {
            doubt: Some("why"),
            ..FACTS
        };
        assert_eq!(decided(goes_on), "c2 0 0");
    }

    #[test]
    fn repeated_pages_stall_a_walk_sooner_than_empty_ones_and_the_cursor_is_kept() {
        let stale = |is_empty, stale_pages, repeated_pages| {
            decided(WalkFacts {
                has_new_id: false,
                is_empty,
                stale_pages,
                repeated_pages,
                ..FACTS
            })
        };
        assert_eq!(stale(false, 0, 0), "c2 1 1");
        assert_eq!(stale(false, 1, 1), "stalled c2");
        assert_eq!(stale(true, 0, 0), "c2 1 0");
        assert_eq!(stale(true, 1, 1), "c2 2 1");
        assert_eq!(stale(false, 3, 0), "c2 4 1");
        assert_eq!(stale(true, 3, 0), "c2 4 0");
        assert_eq!(stale(true, 4, 0), "stalled c2");
        let new = WalkFacts {
            stale_pages: 4,
            repeated_pages: 1,
            ..FACTS
        };
        assert_eq!(decided(new), "c2 0 0");
        let circle = WalkFacts {
            cursor_came_before: true,
            ..FACTS
        };
        assert_eq!(decided(circle), "stalled -");
    }

    #[test]
    fn the_cap_is_the_number_of_pages_and_the_cursor_is_kept() {
        let capped = |max_pages| {
            decided(WalkFacts {
                max_pages: Some(max_pages),
                ..FACTS
            })
        };
        assert_eq!(capped(2), "capped c2");
        assert_eq!(capped(3), "c2 0 0");
    }

    #[test]
    fn a_list_far_below_its_count_is_truncated_and_a_smaller_difference_is_noted() {
        let ended = |seen, count| {
            let facts = WalkFacts {
                cursor: None,
                seen,
                count,
                ..FACTS
            };
            (decided(facts), note(facts))
        };
        for (seen, count, reason) in [
            (0, 1, "truncated -"),
            (20, 41, "truncated -"),
            (20, 40, "complete -"),
            (9, 28, "complete -"),
            (9, 29, "truncated -"),
            (19, 20, "complete -"),
        ] {
            let (decision, note) = ended(Some(seen), Some(count));
            assert_eq!(decision, reason, "{seen} of {count}");
            assert!(note.contains(&format!("counts {count} items")), "{note}");
        }
        for (seen, count) in [
            (Some(0), Some(0)),
            (Some(21), Some(20)),
            (None, Some(90)),
            (Some(0), None),
        ] {
            assert_eq!(ended(seen, count), ("complete -".to_owned(), String::new()));
        }
    }

    #[test]
    fn a_count_ends_no_walk_but_a_page_without_a_new_item_does_once_it_is_reached() {
        let stale = |has_new_id, count| {
            decided(WalkFacts {
                has_new_id,
                count: Some(count),
                ..FACTS
            })
        };
        assert_eq!(stale(true, 20), "c2 0 0");
        assert_eq!(stale(false, 20), "complete -");
        assert_eq!(stale(false, 21), "c2 1 1");
    }

    #[test]
    fn a_page_that_meets_an_earlier_pass_goes_on_after_it() {
        let met = |tail_cursor, max_pages| WalkFacts {
            joined: Some(Joined {
                span_id: 1,
                pages: 4,
                tail_cursor,
                has_end: false,
            }),
            max_pages,
            ..FACTS
        };
        assert_eq!(decided(met(Some("tail"), None)), "tail 0 0");
        assert_eq!(decided(met(Some("tail"), Some(7))), "tail 0 0");
        assert_eq!(decided(met(Some("tail"), Some(6))), "capped tail");
        assert_eq!(decided(met(None, Some(6))), "complete -");
        let refuted = WalkFacts {
            joined: met(None, None).joined.map(|joined| Joined {
                has_end: true,
                ..joined
            }),
            ..FACTS
        };
        assert_eq!(decided(refuted), "c2 0 0", "the list goes on after its end");
        assert_eq!(after_page(&refuted).1, Some(SpanChange::Refuted(1)));
    }

    #[test]
    fn an_earlier_pass_that_saw_far_less_than_the_count_does_not_end_a_walk() {
        let met = |seen, count| WalkFacts {
            joined: Some(Joined {
                span_id: 1,
                pages: 4,
                tail_cursor: None,
                has_end: false,
            }),
            seen: Some(seen),
            count: Some(count),
            ..FACTS
        };
        assert_eq!(decided(met(30, 100)), "c2 0 0");
        assert_eq!(decided(met(98, 100)), "complete -");
        assert!(note(met(98, 100)).contains("counts 100 items"));
    }

    #[test]
    fn a_page_without_news_after_an_earlier_pass_leads_back_to_the_walks_own_cursor() {
        let after = |count, max_pages| WalkFacts {
            tail: Some(Tail {
                span_id: 1,
                pages: 4,
                own_cursor: "own",
            }),
            cursor: None,
            is_empty: true,
            has_new_id: false,
            pages: 7,
            count,
            max_pages,
            ..FACTS
        };
        assert_eq!(decided(after(None, None)), "own 0 0");
        assert_eq!(after_page(&after(None, None)).1, Some(SpanChange::Left(1)));
        assert_eq!(decided(after(Some(21), None)), "own 0 0");
        assert_eq!(decided(after(Some(21), Some(3))), "capped own");
        assert_eq!(
            decided(after(Some(20), None)),
            "own 0 0",
            "some may be deleted"
        );
        let new = WalkFacts {
            has_new_id: true,
            is_empty: false,
            ..after(None, None)
        };
        assert_eq!(decided(new), "complete -");
        assert_eq!(after_page(&new).1, None);
    }
}
