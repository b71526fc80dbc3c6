//! Rows that only lost replies showed: removed after a time, unreadable, or without people who are erased.
//!
//! What such a reply said is known from the row alone. So a row is copied if a lost call may have shown it, and its values
//! are kept where no reply states others.

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::keys::{NEW, OLD, is_same, value};
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
            "create temp table lost (call_id integer primary key, is_gone integer not null)",
        )
        .execute(&mut *connection)
        .await?;
        sqlx::query("insert into temp.lost select value ->> 0, value ->> 1 from json_each(?)")
            .bind(given)
            .execute(&mut *connection)
            .await?;
        let mut copied = 0;
        for table in tables() {
            copied += run(connection, missing(table)).await?;
        }
        for table in tables().iter().filter(|table| is_merged(table)) {
            run(connection, merged(table)).await?;
        }
        for table in tables() {
            if let Some(parent) = of_counts(table) {
                run(connection, newest_entry(parent, table)).await?;
            }
        }
        Ok(copied)
    }
}

async fn run(connection: &mut SqliteConnection, text: String) -> Result<u64> {
    // Only names of the schema are in the text.
    let done = sqlx::query(AssertSqlSafe(text)).execute(connection).await?;
    Ok(done.rows_affected())
}

/// Whether a lost call may have shown the old row.
fn may_be_lost(table: &Outline) -> String {
    let calls = table
        .columns
        .iter()
        .filter(|column| column.kind == Kind::Call);
    let calls: Vec<String> = calls.map(|column| format!("o.{}", column.name)).collect();
    let (first, last) = match &calls[..] {
        [call] => (call.clone(), call.clone()),
        _ => ("o.first_call_id".to_owned(), "o.last_call_id".to_owned()),
    };
    format!("exists (select 1 from temp.lost where call_id between {first} and {last})")
}

/// The statement that copies old rows that the new file lacks.
fn missing(table: &Outline) -> String {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    let values: Vec<String> = table
        .columns
        .iter()
        .map(|column| value(column, OLD, NEW))
        .collect();
    format!(
        "insert into main.{of} ({}) select {} from old.{of} o
         where {} and not exists (select 1 from main.{of} n where {}) on conflict do nothing",
        names.join(", "),
        values.join(", "),
        may_be_lost(table),
        is_same(table, OLD, NEW),
        of = table.name
    )
}

/// Whether later observations change the rows of a table.
fn is_merged(table: &Outline) -> bool {
    table.history_of.is_none() && has(table, "last_call_id")
}

fn has(table: &Outline, name: &str) -> bool {
    table.columns.iter().any(|column| column.name == name)
}

/// The statement that keeps the values of old rows that no reply states any more.
fn merged(table: &Outline) -> String {
    let changes = table.columns.iter().filter(|column| !column.is_key);
    let changes: Vec<String> = changes
        .map(|column| format!("{} = {}", column.name, merged_value(column)))
        .collect();
    format!(
        "update main.{of} as n set {} from old.{of} o where {} and {}",
        changes.join(", "),
        is_same(table, OLD, NEW),
        may_be_lost(table),
        of = table.name
    )
}

fn merged_value(column: &ColumnOutline) -> String {
    let name = column.name;
    let newest = match (name, column.kind) {
        ("first_call_id", _) => return format!("min(n.{name}, o.{name})"),
        ("last_call_id", _) => return format!("max(n.{name}, o.{name})"),
        ("counted_at" | "counted_call_id", _) | (_, Kind::Count) => "counted_call_id",
        _ => "last_call_id",
    };
    let old = value(column, OLD, NEW);
    format!(
        "iif(exists (select 1 from temp.lost where is_gone and call_id = o.{newest}),
             coalesce({old}, n.{name}), coalesce(n.{name}, {old}))"
    )
}

/// Returns the table whose counts a history has.
fn of_counts(history: &Outline) -> Option<&'static Outline> {
    let parent = history.history_of?;
    let has_counts = counts(history).next().is_some();
    tables()
        .iter()
        .find(|table| table.name == parent && has_counts)
}

fn counts(table: &Outline) -> impl Iterator<Item = &'static str> {
    let counts = table
        .columns
        .iter()
        .filter(|column| column.kind == Kind::Count);
    counts.map(|column| column.name)
}

/// The statement after which the newest entry of a history has the counts of its row. A lost reply may have stated some of them.
fn newest_entry(parent: &Outline, history: &Outline) -> String {
    let key = history.columns[0].name;
    let changes: Vec<String> = counts(parent)
        .map(|name| format!("{name} = n.{name}"))
        .collect();
    format!(
        "update main.{entries} as h set {}
         from main.{of} n join old.{of} o on {}
         where {} and h.{key} = n.id
             and h.observed_at = (select max(observed_at) from main.{entries} where {key} = n.id)",
        changes.join(", "),
        is_same(parent, NEW, OLD),
        may_be_lost(parent),
        entries = history.name,
        of = parent.name
    )
}
