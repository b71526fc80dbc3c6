//! Imported replies: calls that nobody made, settled from the beginning.

use sqlx::SqliteConnection;

use super::{CallPage, Settlement};
use crate::store::Result;
use crate::store::db::Statement;

const CALLS: Statement = Statement {
    given: &[
        "call_id",
        "run_id",
        "endpoint",
        "subject",
        "cursor",
        "next_cursor",
        "day",
        "kept_group",
        "http_status",
        "request_id",
        "at",
        "items",
        "row_count",
        "odd_items",
        "item_hashes",
        "body_bytes",
        "body",
        "redacted_at",
    ],
    sql: "insert into calls (id, run_id, endpoint, subject, cursor, next_cursor, day, outcome, kept, kept_group,
            cost_micro_usd, http_status, request_id, opened_at, settled_at, items, row_count, odd_items, item_hashes,
            body_bytes, body, redacted_at)
        select call_id, run_id, endpoint, subject, cursor, next_cursor, day, 'imported', 1, kept_group, 0, http_status,
            request_id, at, at, items, row_count, odd_items, item_hashes, body_bytes, body, redacted_at
        from given where call_id is not null order by call_id",
};

const IMPORTS: Statement = Statement {
    given: &["call_id", "source_id", "entry", "sha256"],
    sql: "insert into imports (call_id, source_id, entry, sha256)
        select call_id, source_id, entry, sha256 from given where call_id is not null",
};

const SOURCES: Statement = Statement {
    given: &["call_id", "from_id"],
    sql: "insert into imports (call_id, source_id, entry, sha256)
        select given.call_id, i.source_id, i.entry, i.sha256 from given join imports i on i.call_id = given.from_id",
};

/// Notes that these calls have the same sources as imported ones: pairs of both ids.
pub(super) async fn copy_sources(
    connection: &mut SqliteConnection,
    calls: &[(i64, i64)],
) -> Result<()> {
    if calls.is_empty() {
        return Ok(());
    }
    let write = SOURCES.write(connection, calls, |row, (call_id, from_id)| {
        row.set("call_id", *call_id).set("from_id", *from_id);
    });
    write.await
}

/// An imported call, and where its reply came from.
#[derive(Debug, Clone)]
pub(in crate::store) struct ImportedCall<'a> {
    pub(in crate::store) call_id: i64,
    pub(in crate::store) run_id: i64,
    pub(in crate::store) endpoint: &'a str,
    pub(in crate::store) subject: &'a str,
    pub(in crate::store) cursor: Option<&'a str>,
    /// The UTC day of the reply, YYYY-MM-DD.
    pub(in crate::store) day: &'a str,
    pub(in crate::store) settlement: &'a Settlement,
    pub(in crate::store) page: CallPage<'a>,
    /// When it was imported, Unix seconds.
    pub(in crate::store) imported_at: f64,
    pub(in crate::store) source_id: i64,
    pub(in crate::store) entry: &'a str,
    pub(in crate::store) sha256: &'a [u8],
}

/// Returns the id of the next call.
pub(in crate::store) async fn next_call_id(connection: &mut SqliteConnection) -> Result<i64> {
    let last: Option<i64> = sqlx::query_scalar("select max(id) from calls")
        .fetch_one(connection)
        .await?;
    Ok(last.unwrap_or(0) + 1)
}

/// Returns when the newest call was settled, Unix seconds; negative infinity if there is none.
pub(in crate::store) async fn newest_at(connection: &mut SqliteConnection) -> Result<f64> {
    let newest: Option<f64> = sqlx::query_scalar("select max(settled_at) from calls")
        .fetch_one(connection)
        .await?;
    Ok(newest.unwrap_or(f64::NEG_INFINITY))
}

/// Records imported calls with their replies.
pub(in crate::store) async fn import_calls(
    connection: &mut SqliteConnection,
    calls: &[ImportedCall<'_>],
) -> Result<()> {
    CALLS
        .write(connection, calls, |row, call| {
            let (settlement, page) = (call.settlement, &call.page);
            let hashes = Some(page.item_hashes).filter(|hashes| !hashes.is_empty());
            row.set("call_id", call.call_id)
                .set("run_id", call.run_id)
                .set("endpoint", call.endpoint)
                .set("subject", call.subject)
                .set("cursor", call.cursor)
                .set("next_cursor", page.next_cursor)
                .set("day", call.day)
                .set("kept_group", page.group.number)
                .set("http_status", settlement.http_status)
                .set("request_id", settlement.request_id.as_deref())
                .set("at", page.at)
                .set("items", page.items)
                .set("row_count", page.row_count)
                .set("odd_items", page.odd.len())
                .set("item_hashes", hashes)
                .set("body_bytes", settlement.body_bytes)
                .set("body", settlement.body.as_deref())
                .set("redacted_at", page.is_redacted.then_some(call.imported_at));
        })
        .await?;
    IMPORTS
        .write(connection, calls, |row, call| {
            row.set("call_id", call.call_id)
                .set("source_id", call.source_id)
                .set("entry", call.entry)
                .set("sha256", call.sha256);
        })
        .await?;
    let odd: Vec<_> = calls
        .iter()
        .map(|call| (call.call_id, call.page.odd))
        .collect();
    super::settle::note_odd(connection, &odd).await
}
