//! Rows that only lost replies showed: removed after a time, unreadable, or without people who are erased.
//!
//! What such a reply said is known from the row alone. So a row is copied if a lost call may have shown it, and its values
//! are kept where no reply states others.

use sqlx::SqliteConnection;

use super::histories;
use super::keys::{NEW, OLD, is_same, value};
use super::loss::{has, may_be_lost, missing};
use super::rows::run;
use crate::store::Result;
use crate::store::archive::schema::tables;
use crate::store::archive::{ColumnOutline, Kind, Outline};

/// Calls whose replies are not whole.
#[derive(Default)]
pub(super) struct Lost {
    calls: Vec<(i64, bool)>,
}

impl Lost {
    pub(super) fn note(&mut self, call_id: i64, is_gone: bool) {
        self.calls.push((call_id, is_gone));
    }

    /// Copies rows and values that only lost replies showed. Returns the number of rows.
    pub(super) async fn copy_rows(&self, connection: &mut SqliteConnection) -> Result<u64> {
        if self.calls.is_empty() {
            return Ok(0);
        }
        let given = serde_json::json!(self.calls).to_string();
        sqlx::query(
            "create temp table lost (call_id integer primary key, at real, is_gone integer not null)",
        )
        .execute(&mut *connection)
        .await?;
        sqlx::query(
            "insert into temp.lost select value ->> 0, settled_at, value ->> 1
             from json_each(?) join main.calls on calls.id = value ->> 0",
        )
        .bind(given)
        .execute(&mut *connection)
        .await?;
        run(
            connection,
            "create index temp.lost_at on lost (at)".to_owned(),
        )
        .await?;
        let rows = tables().iter().filter(|table| table.history_of.is_none());
        let mut copied = 0;
        for table in rows.clone() {
            copied += run(connection, missing(table, &may_be_lost(table))).await?;
        }
        for table in rows.filter(|table| has(table, "first_call_id")) {
            run(connection, merged(table)).await?;
        }
        for history in tables() {
            copied += histories::copy(connection, history).await?;
        }
        Ok(copied)
    }
}

/// The statement that keeps the values of old rows that no reply states any more.
fn merged(table: &Outline) -> String {
    let changes = table.columns.iter().filter(|column| !column.is_key);
    let changes: Vec<String> = changes
        .map(|column| format!("{} = {}", column.name, merged_value(table, column)))
        .collect();
    format!(
        "update main.{of} as n set {} from old.{of} o where {} and {}",
        changes.join(", "),
        is_same(table, OLD, NEW),
        may_be_lost(table),
        of = table.name
    )
}

fn merged_value(table: &Outline, column: &ColumnOutline) -> String {
    let name = column.name;
    let newest = match (name, column.kind) {
        // The lost call itself: only then the row is changed here.
        ("first_call_id", _) if !has(table, "last_call_id") => return format!("o.{name}"),
        ("first_call_id", _) => return earlier_or_later(name, "min", "asc"),
        ("last_call_id", _) => return earlier_or_later(name, "max", "desc"),
        ("counted_at" | "counted_call_id", _) | (_, Kind::Count) => "counted_call_id",
        _ if has(table, "last_call_id") => "last_call_id",
        _ => "first_call_id",
    };
    let old = value(column, OLD, NEW);
    format!(
        "iif(exists (select 1 from temp.lost where is_gone and call_id = o.{newest}),
             coalesce({old}, n.{name}), coalesce(n.{name}, {old}))"
    )
}

/// The first or last of two calls: by their numbers, or by their times if one of them is an import.
fn earlier_or_later(name: &str, of_numbers: &str, order: &str) -> String {
    let both = format!("id in (n.{name}, o.{name})");
    format!(
        "iif(exists (select 1 from main.calls where {both} and outcome = 'imported'),
             (select id from main.calls where {both} order by settled_at {order}, id {order} limit 1),
             {of_numbers}(n.{name}, o.{name}))"
    )
}
