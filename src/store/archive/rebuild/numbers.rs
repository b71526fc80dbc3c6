//! What the ledger counts of a reply, as today's readers count it.

use sqlx::SqliteConnection;

use crate::model::Odd;
use crate::store::Result;
use crate::store::db::Statement;

/// What a reply has now. The ledger had other numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNumbers {
    pub call_id: i64,
    pub items: usize,
    pub rows: usize,
    pub odd: Vec<Odd>,
    /// The hashes of its items.
    pub item_hashes: Vec<u8>,
}

/// The sums of the ledger follow first, from the numbers that it has until then.
const TOTALS: Statement = Statement {
    given: &["call_id", "items", "rows", "odd"],
    sql: "update call_totals set items = call_totals.items + d.items, row_count = row_count + d.rows,
            odd_items = odd_items + d.odd
        from (select c.day, c.endpoint, sum(given.items - coalesce(c.items, 0)) as items,
                sum(given.rows - coalesce(c.row_count, 0)) as rows, sum(given.odd - coalesce(c.odd_items, 0)) as odd
            from given join calls c on c.id = given.call_id group by c.day, c.endpoint) d
        where call_totals.day = d.day and call_totals.endpoint = d.endpoint",
};
const CALLS: Statement = Statement {
    given: &["call_id", "items", "rows", "odd", "item_hashes"],
    sql: "update calls set items = given.items, row_count = given.rows, odd_items = given.odd,
            item_hashes = given.item_hashes from given
        where calls.id = given.call_id",
};
const NO_ODD: Statement = Statement {
    given: &["call_id"],
    sql: "delete from odd_items where call_id in (select call_id from given)",
};
const ODD: Statement = Statement {
    given: &["call_id", "position", "place", "why"],
    sql: "insert into odd_items (call_id, position, at, why) select call_id, position, place, why from given
        where call_id is not null",
};

pub(super) async fn correct(connection: &mut SqliteConnection, calls: &[NewNumbers]) -> Result<()> {
    TOTALS
        .write(connection, calls, |row, call| {
            row.set("call_id", call.call_id)
                .set("items", call.items)
                .set("rows", call.rows)
                .set("odd", call.odd.len());
        })
        .await?;
    CALLS
        .write(connection, calls, |row, call| {
            let hashes = Some(&*call.item_hashes);
            row.set("call_id", call.call_id)
                .set("items", call.items)
                .set("rows", call.rows)
                .set("odd", call.odd.len())
                .set("item_hashes", hashes.filter(|hashes| !hashes.is_empty()));
        })
        .await?;
    NO_ODD
        .write(connection, calls, |row, call| {
            row.set("call_id", call.call_id);
        })
        .await?;
    let odd: Vec<(i64, usize, &Odd)> = calls
        .iter()
        .flat_map(|call| {
            let odd = call.odd.iter().enumerate();
            odd.map(|(position, odd)| (call.call_id, position, odd))
        })
        .collect();
    ODD.write(connection, &odd, |row, (call_id, position, odd)| {
        row.set("call_id", *call_id)
            .set("position", *position)
            .set("place", odd.at.as_str())
            .set("why", odd.why.as_str());
    })
    .await
}
