//! The next step of a walk after a page: collects the facts, and lets the pure part decide.

use super::admit::Admitted;
use super::decide::{self, WalkFacts};
use super::engine::Engine;
use super::read::read_or_default;
use super::seen::Seen;
use crate::api::Entry;
use crate::model::{Harvest, Lease, StopReason};
use crate::store::{Next, Result, SpanChange, read};

/// Returns the next step of the walk, and what the page changes for the spans.
pub(super) async fn next(
    engine: &Engine,
    lease: &Lease,
    entry: &Entry,
    harvest: &Harvest,
    admitted: &Admitted,
    seen: &Seen,
) -> (Next, Option<SpanChange>) {
    if lease.resolves_name && admitted.found.is_none() && harvest.doubt.is_none() {
        let end = Next::End {
            reason: StopReason::Gone,
            note: format!("no user has exactly the name {}", lease.subject),
            cursor: None,
        };
        return (end, None);
    }
    let cursor = harvest.cursor.as_deref();
    let config = engine.config();
    let has_new_id = seen.has_new(&harvest.items);
    let is_at_the_end = !entry.is_paged() || cursor.is_none() || harvest.has_more == Some(false);
    let joined = seen.joined(&harvest.items).filter(|_| !is_at_the_end);
    let is_joined_end = joined.is_some_and(|joined| joined.tail_cursor.is_none());
    let may_end = is_at_the_end || !has_new_id || is_joined_end;
    let (seen_items, count) = match may_end {
        true => (
            seen.distinct_with(lease.cursor.as_deref(), &harvest.items, joined),
            read_or_default(count(engine, lease, entry, harvest).await),
        ),
        false => (None, None),
    };
    decide::after_page(&WalkFacts {
        is_paged: entry.is_paged(),
        cursor,
        has_more: harvest.has_more,
        // A name that the archive knows needs no search.
        doubt: harvest
            .doubt
            .map(|doubt| doubt.why)
            .filter(|_| !lease.resolves_name || admitted.found.is_none()),
        cursor_came_before: cursor.is_some_and(|cursor| {
            lease.cursor.as_deref() == Some(cursor) || seen.has_cursor(cursor)
        }),
        is_empty: harvest.items.is_empty(),
        has_new_id,
        stale_pages: lease.stale_pages,
        repeated_pages: lease.repeated_pages,
        max_empty_pages: config.settings.max_empty_pages,
        pages: lease.pages + 1 + seen.joined_pages(),
        max_pages: config.plan.max_pages(entry.name),
        seen: seen_items,
        count,
        joined,
        tail: seen.tail(),
        has_met: seen.joined_pages() > 0,
    })
}

/// Returns how many items the list has, as this reply or an earlier one counts them.
async fn count(
    engine: &Engine,
    lease: &Lease,
    entry: &Entry,
    harvest: &Harvest,
) -> Result<Option<i64>> {
    if let Some(count) = harvest
        .counts_of(entry.subject_kind, &lease.subject)
        .find_map(|counts| entry.count_in(counts))
    {
        return Ok(Some(count));
    }
    let readers = engine.parts.store.readers();
    read::known_left(readers, entry.left_of(), &lease.subject).await
}
