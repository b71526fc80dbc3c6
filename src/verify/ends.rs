//! Checks that the stop reason of a walk agrees with its last page.

use std::collections::HashSet;

use super::check::{Check, Finding};
use crate::api::endpoints;
use crate::model::Harvest;
use crate::store::Result;
use crate::store::read::{KeptCall, Snapshot, Stalled};

pub(super) const ENDS: Check = Check {
    check: "ends",
    promise: "P2",
    proves: "the stop reason of every walk agrees with its last page",
};

/// Returns how the last page of a walk contradicts its stop reason, or `None` if it does not.
pub(super) fn contradiction(call: &KeptCall, harvest: &Harvest) -> Option<&'static str> {
    let is_paged = endpoints::find(&call.endpoint).is_some_and(|entry| entry.is_paged());
    let (has_cursor, has_more) = (harvest.cursor.is_some(), harvest.has_more);
    match call.ended.as_deref()? {
        "complete" if !is_paged || has_more == Some(false) => None,
        "complete" if has_cursor => Some("is complete, but its last page has a next cursor"),
        "complete" if has_more == Some(true) => {
            Some("is complete, but its last page reports more items")
        }
        "truncated" if has_cursor || has_more != Some(true) => {
            Some("is truncated, but its last page has a cursor or does not report more items")
        }
        "capped" if !has_cursor || has_more == Some(false) => {
            Some("is capped, but its last page is the end of the list")
        }
        "stalled" if !has_cursor => Some("is stalled, but its last page is the end of the list"),
        _ => None,
    }
}

/// Checks the stalled walks: the last cursor is a repeated one, or the last two pages contain no new item.
pub(super) async fn stalled(snapshot: &mut Snapshot, finding: &mut Finding) -> Result<()> {
    let pages = snapshot.stalled().await?;
    for walk in pages.chunk_by(|one, other| one.job_id == other.job_id) {
        if !has_stalled(walk) {
            let job_id = walk.first().map_or(0, |page| page.job_id);
            finding.add(format!(
                "job {job_id} is stalled, but its pages do not repeat"
            ));
        }
    }
    Ok(())
}

fn has_stalled(walk: &[Stalled]) -> bool {
    let next = walk.last().and_then(|page| page.next_cursor.as_ref());
    let came_before =
        next.is_some_and(|next| walk.iter().any(|page| page.cursor.as_ref() == Some(next)));
    let (mut seen, mut stale_pages) = (HashSet::new(), 0);
    for page in walk {
        let hashes = page.item_hashes.as_deref().unwrap_or_default();
        let mut has_new = false;
        for item in hashes.chunks_exact(8) {
            has_new |= seen.insert(item);
        }
        stale_pages = if has_new { 0 } else { stale_pages + 1 };
    }
    came_before || stale_pages >= 2
}

#[cfg(test)]
mod tests {
    use super::has_stalled;
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
    fn a_walk_has_stalled_if_a_cursor_repeats_or_two_pages_have_no_new_item() {
        let fresh = [page(None, "a", &[1, 2]), page(Some("a"), "b", &[2, 3])];
        assert!(!has_stalled(&fresh));
        let circle = [page(None, "a", &[1]), page(Some("a"), "a", &[2])];
        assert!(has_stalled(&circle));
        let one_stale = [page(None, "a", &[1]), page(Some("a"), "b", &[1])];
        assert!(!has_stalled(&one_stale));
        let two_stale = [
            page(None, "a", &[1]),
            page(Some("a"), "b", &[]),
            page(Some("b"), "c", &[1]),
        ];
        assert!(has_stalled(&two_stale));
    }
}
