//! A call is over: what came of it, and what it cost.

use sqlx::SqliteConnection;

use super::{CallPage, Settlement};
use crate::store::Result;
use crate::store::db::Statement;

const SETTLE: Statement = Statement {
    head: "update calls set outcome = column2, kept = column3, kept_group = column4, cost_micro_usd = column5,
        http_status = column6, error = column7, request_id = column8, next_cursor = column9, items = column10,
        row_count = column11, odd_items = column12, item_hashes = column13, body_bytes = column14, body = column15,
        settled_at = column16 from (values",
    row: "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    tail: ") where calls.id = column1 and calls.outcome = 'open'",
};

/// A call's end.
struct End<'a> {
    call_id: i64,
    settlement: &'a Settlement,
    kept: Option<&'a CallPage<'a>>,
    at: f64,
}

/// Closes a call whose reply is not a page of the archive.
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

/// Closes calls whose pages are kept in the same transaction.
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
            at: kept.group.kept_at,
        })
        .collect();
    write(connection, &ends).await
}

async fn write(connection: &mut SqliteConnection, ends: &[End<'_>]) -> Result<()> {
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    SETTLE
        .write(connection, ends, |query, end| {
            let (settlement, kept) = (end.settlement, end.kept);
            let hashes = kept.map(|kept| kept.item_hashes);
            query
                .bind(end.call_id)
                .bind(settlement.outcome.as_str())
                .bind(kept.is_some())
                .bind(kept.map(|kept| kept.group.number))
                .bind(settlement.charge.0)
                .bind(settlement.http_status)
                .bind(settlement.error.as_deref())
                .bind(settlement.request_id.as_deref())
                .bind(kept.and_then(|kept| kept.next_cursor))
                .bind(kept.map(|kept| count(kept.items)))
                .bind(kept.map(|kept| count(kept.row_count)))
                .bind(kept.map(|kept| count(kept.odd_items)))
                .bind(hashes.filter(|hashes| !hashes.is_empty()))
                .bind(settlement.body_bytes.map(count))
                .bind(settlement.body.as_deref())
                .bind(end.at)
        })
        .await
}
