//! A call is over: its outcome and its cost.

use sqlx::SqliteConnection;

use super::{CallPage, Settlement};
use crate::model::Odd;
use crate::store::Result;
use crate::store::db::Statement;

const SETTLE: Statement = Statement {
    given: &[
        "call_id",
        "outcome",
        "kept",
        "kept_group",
        "charge",
        "http_status",
        "error",
        "request_id",
        "next_cursor",
        "items",
        "row_count",
        "odd_items",
        "item_hashes",
        "body_bytes",
        "body",
        "settled_at",
        "redacted_at",
    ],
    sql:
        "update calls set outcome = given.outcome, kept = given.kept, kept_group = given.kept_group,
        cost_micro_usd = given.charge, http_status = given.http_status, error = given.error,
        request_id = given.request_id, next_cursor = given.next_cursor, items = given.items,
        row_count = given.row_count, odd_items = given.odd_items, item_hashes = given.item_hashes,
        body_bytes = given.body_bytes, body = given.body, settled_at = given.settled_at,
        redacted_at = coalesce(given.redacted_at, calls.redacted_at) from given
        where calls.id = given.call_id
            and (calls.outcome = 'open' or given.kept = 1 and calls.kept = 0 and calls.outcome in ('answered', 'imported'))",
};

const ODD_ITEMS: Statement = Statement {
    given: &["call_id", "position", "place", "why"],
    sql: "insert into odd_items (call_id, position, at, why) select call_id, position, place, why from given
        where call_id is not null",
};

/// How a call ended.
struct End<'a> {
    call_id: i64,
    settlement: &'a Settlement,
    kept: Option<&'a CallPage<'a>>,
    at: f64,
}

/// Closes a call whose reply is not kept as a page.
pub(in crate::store) async fn settle(
    connection: &mut SqliteConnection,
    call_id: i64,
    settlement: &Settlement,
    now: f64,
) -> Result<()> {
    let end = End {
        call_id,
        settlement,
        kept: None,
        at: now,
    };
    write(connection, &[end]).await
}

/// Closes the calls of pages that are kept in the same transaction.
pub(in crate::store) async fn settle_kept(
    connection: &mut SqliteConnection,
    calls: &[(i64, &Settlement, CallPage<'_>)],
) -> Result<()> {
    let ends: Vec<End<'_>> = calls
        .iter()
        .map(|(call_id, settlement, kept)| End {
            call_id: *call_id,
            settlement,
            kept: Some(kept),
            at: kept.at,
        })
        .collect();
    write(connection, &ends).await?;
    let odd: Vec<_> = calls
        .iter()
        .map(|(call_id, _, kept)| (*call_id, kept.odd))
        .collect();
    note_odd(connection, &odd).await
}

/// Records what the replies of these calls contained that did not parse.
pub(super) async fn note_odd(
    connection: &mut SqliteConnection,
    calls: &[(i64, &[Odd])],
) -> Result<()> {
    let odd: Vec<(i64, usize, &Odd)> = calls
        .iter()
        .flat_map(|(call_id, odd)| {
            let odd = odd.iter().enumerate();
            odd.map(|(position, odd)| (*call_id, position, odd))
        })
        .collect();
    if odd.is_empty() {
        return Ok(());
    }
    ODD_ITEMS
        .write(connection, &odd, |row, (call_id, position, odd)| {
            row.set("call_id", *call_id)
                .set("position", *position)
                .set("place", odd.at.as_str())
                .set("why", odd.why.as_str());
        })
        .await
}

async fn write(connection: &mut SqliteConnection, ends: &[End<'_>]) -> Result<()> {
    SETTLE
        .write(connection, ends, |row, end| {
            let (settlement, kept) = (end.settlement, end.kept);
            let hashes = kept.map(|kept| kept.item_hashes);
            row.set("call_id", end.call_id)
                .set("outcome", settlement.outcome.as_str())
                .set("kept", kept.is_some())
                .set("kept_group", kept.map(|kept| kept.group.number))
                .set("charge", settlement.charge.0)
                .set("http_status", settlement.http_status)
                .set("error", settlement.error.as_deref())
                .set("request_id", settlement.request_id.as_deref())
                .set("next_cursor", kept.and_then(|kept| kept.next_cursor))
                .set("items", kept.map(|kept| kept.items))
                .set("row_count", kept.map(|kept| kept.row_count))
                .set("odd_items", kept.map(|kept| kept.odd.len()))
                .set("item_hashes", hashes.filter(|hashes| !hashes.is_empty()))
                .set("body_bytes", settlement.body_bytes)
                .set("body", settlement.body.as_deref())
                .set("settled_at", end.at)
                .set(
                    "redacted_at",
                    kept.filter(|kept| kept.is_redacted).map(|_| end.at),
                );
        })
        .await
}
