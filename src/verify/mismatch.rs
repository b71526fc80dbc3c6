//! Compares a reply with its ledger entry.

use crate::model::{Harvest, ItemHash};
use crate::store::read::KeptCall;

/// Describes the first difference between a reply and its ledger entry.
pub(super) fn mismatch(call: &KeptCall, harvest: &Harvest, item_hash: &ItemHash) -> Option<String> {
    if call.is_redacted {
        let differs = call.next_cursor != harvest.cursor;
        return differs
            .then(|| "the next cursor in the raw reply differs from the ledger".to_owned());
    }
    let counts = [
        ("items", call.items, harvest.items.len()),
        ("rows", call.row_count, harvest.row_count()),
        ("odd items", call.odd_items, harvest.odd.len()),
    ];
    for (name, told, found) in counts {
        if told != i64::try_from(found).ok() {
            let told = told.map_or_else(|| "none".to_owned(), |told| told.to_string());
            return Some(format!(
                "{name}: {found} in the raw reply, {told} in the ledger"
            ));
        }
    }
    let odd: Vec<[&str; 2]> = harvest
        .odd
        .iter()
        .map(|odd| [&*odd.at, &*odd.why])
        .collect();
    let odd = serde_json::json!(odd).to_string();
    if call.odd.as_ref().is_some_and(|told| *told != odd) {
        return Some("the odd items in the raw reply differ from those in the archive".to_owned());
    }
    if call.next_cursor != harvest.cursor {
        return Some("the next cursor in the raw reply differs from the ledger".to_owned());
    }
    // A call by hand has no hashes.
    let items: &[String] = match call.job_id.is_some() || call.is_imported {
        true => &harvest.items,
        false => &[],
    };
    let stored = call.item_hashes.as_deref().unwrap_or_default();
    (item_hash.matches(stored, items) == Some(false))
        .then(|| "the items in the raw reply differ from the ledger".to_owned())
}
