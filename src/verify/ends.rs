//! Checks that the stop reason of a walk agrees with its last page.

use std::collections::HashSet;

use super::check::{Check, Finding};
use crate::api::endpoints;
use crate::model::{Harvest, stored_hashes};
use crate::store::Result;
use crate::store::read::{KeptCall, Snapshot, Stalled};

pub(super) const ENDS: Check = Check {
    check: "ends",
    promise: "P2",
    proves: "the stop reason of every walk agrees with its last page",
};

/// Returns how the last page of a walk contradicts its stop reason, or `None` if it does not.
///
/// A complete walk whose last page has a cursor must have no new item on that page: see [`without_new_item`].
pub(super) fn contradiction(call: &KeptCall, harvest: &Harvest) -> Option<&'static str> {
    let is_paged = endpoints::find(&call.endpoint).is_some_and(|entry| entry.is_paged());
    let (has_cursor, has_more) = (harvest.cursor.is_some(), harvest.has_more);
    match call.ended.as_deref()? {
        "complete" if !is_paged || has_more == Some(false) => None,
        "complete" if has_cursor => None,
        "complete" if has_more == Some(true) => {
            Some("is complete, but its last page reports more items")
        }
        // The list ended: without a cursor, or far below the count that the remote states elsewhere.
        "truncated" if has_cursor && has_more != Some(false) => {
            Some("is truncated, but its last page has a cursor")
        }
        "capped" if !has_cursor || has_more == Some(false) => {
            Some("is capped, but its last page is the end of the list")
        }
        "stalled" if !has_cursor => Some("is stalled, but its last page is the end of the list"),
        _ => None,
    }
}

/// Returns whether a walk is complete although its last page has a cursor.
pub(super) fn is_complete_with_cursor(call: &KeptCall, harvest: &Harvest) -> bool {
    let is_paged = endpoints::find(&call.endpoint).is_some_and(|entry| entry.is_paged());
    call.ended.as_deref() == Some("complete")
        && is_paged
        && harvest.cursor.is_some()
        && harvest.has_more != Some(false)
}

/// Checks the walks that ended although the last page has a cursor. A stalled one repeats a cursor, or its last page has
/// no new item; so has the last page of a complete one.
pub(super) async fn without_new_item(
    snapshot: &mut Snapshot,
    complete: &HashSet<i64>,
    finding: &mut Finding,
) -> Result<()> {
    let pages = snapshot.stalled(complete).await?;
    for walk in pages.chunk_by(|one, other| one.job_id == other.job_id) {
        let job_id = walk.first().map_or(0, |page| page.job_id);
        if complete.contains(&job_id) && has_new_item(walk) {
            finding.add(format!(
                "job {job_id} is complete, but its last page has a next cursor and a new item"
            ));
        } else if !complete.contains(&job_id) && has_new_item(walk) && !repeats_cursor(walk) {
            finding.add(format!(
                "job {job_id} is stalled, but its pages do not repeat"
            ));
        }
    }
    Ok(())
}

fn repeats_cursor(walk: &[Stalled]) -> bool {
    let next = walk.last().and_then(|page| page.next_cursor.as_ref());
    next.is_some_and(|next| walk.iter().any(|page| page.cursor.as_ref() == Some(next)))
}

/// Returns whether the last page contains an item that no page before it contains.
fn has_new_item(walk: &[Stalled]) -> bool {
    let (mut seen, mut has_new) = (HashSet::new(), false);
    for page in walk {
        let hashes = page.item_hashes.as_deref().unwrap_or_default();
        has_new = false;
        for item in stored_hashes(hashes).chunks_exact(8) {
            has_new |= seen.insert(item);
        }
    }
    has_new
}

#[cfg(test)]
mod tests {
    use super::{has_new_item, repeats_cursor};
    use crate::store::read::Stalled;

    fn page(cursor: Option<&str>, next: &str, items: &[u64]) -> Stalled {
        Stalled {
            job_id: 1,
            cursor: cursor.map(str::to_owned),
            next_cursor: Some(next.to_owned()),
            item_hashes: Some(items.iter().flat_map(|item| item.to_le_bytes()).collect()),
        }
    }

    #[test]
    fn a_walk_may_end_at_a_cursor_if_the_cursor_repeats_or_its_last_page_has_no_new_item() {
        let fresh = [page(None, "a", &[1, 2]), page(Some("a"), "b", &[2, 3])];
        assert!(has_new_item(&fresh) && !repeats_cursor(&fresh));
        let circle = [page(None, "a", &[1]), page(Some("a"), "a", &[2])];
        assert!(repeats_cursor(&circle));
        for items in [&[1][..], &[]] {
            let stale = [page(None, "a", &[1]), page(Some("a"), "b", items)];
            assert!(!has_new_item(&stale) && !repeats_cursor(&stale));
        }
    }
}
