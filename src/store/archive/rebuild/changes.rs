//! What is different in a new file: rows that are new, gone or changed.

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::keys::{NEW, OLD, Side, is_same, name, shown};
use crate::store::Result;
use crate::store::archive::Outline;
use crate::store::archive::schema::tables;

/// Rows of each kind that are named.
const EXAMPLES: u32 = 3;

/// What a table has that the archive had not.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct TableChange {
    pub table: &'static str,
    /// Rows of the new file.
    pub rows: u64,
    pub new: u64,
    pub gone: u64,
    pub changed: u64,
    /// What some of them are, in words.
    pub examples: Vec<String>,
}

impl TableChange {
    /// Returns whether the table has other rows than before.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.new + self.gone + self.changed > 0
    }
}

/// Compares all tables that are made of replies.
pub(super) async fn all(connection: &mut SqliteConnection) -> Result<Vec<TableChange>> {
    let mut all = Vec::new();
    for table in tables() {
        all.push(of_table(connection, table).await?);
    }
    Ok(all)
}

async fn of_table(connection: &mut SqliteConnection, table: &Outline) -> Result<TableChange> {
    let mut change = TableChange {
        table: table.name,
        rows: count(
            connection,
            &format!("select count(*) from main.{}", table.name),
        )
        .await?,
        ..TableChange::default()
    };
    let (new, gone) = (only_in(table, NEW, OLD), only_in(table, OLD, NEW));
    let changed = Difference {
        from: format!(
            "main.{of} n join old.{of} o on {} where {}",
            is_same(table, NEW, OLD),
            differs(table),
            of = table.name
        ),
        name: name(table, NEW),
    };
    let examples = &mut change.examples;
    change.new = changed_rows(connection, &new, "new", examples).await?;
    change.gone = changed_rows(connection, &gone, "gone", examples).await?;
    change.changed = changed_rows(connection, &changed, "changed", examples).await?;
    Ok(change)
}

/// A query of rows that differ.
struct Difference {
    from: String,
    /// What tells a row from others.
    name: String,
}

fn only_in(table: &Outline, here: Side, there: Side) -> Difference {
    Difference {
        from: format!(
            "{}.{of} {} where not exists (select 1 from {}.{of} {} where {})",
            here.file,
            here.row,
            there.file,
            there.row,
            is_same(table, here, there),
            of = table.name
        ),
        name: name(table, here),
    }
}

/// Whether two rows with one key differ in another column.
fn differs(table: &Outline) -> String {
    let others = table.columns.iter().filter(|column| !column.is_key);
    let differ =
        others.map(|column| format!("{} is not {}", shown(column, NEW), shown(column, OLD)));
    let differ: Vec<String> = differ.collect();
    match differ.is_empty() {
        true => "false".to_owned(),
        false => format!("({})", differ.join(" or ")),
    }
}

async fn changed_rows(
    connection: &mut SqliteConnection,
    of: &Difference,
    word: &str,
    examples: &mut Vec<String>,
) -> Result<u64> {
    let rows = count(connection, &format!("select count(*) from {}", of.from)).await?;
    if rows > 0 {
        let text = format!("select {} from {} limit {EXAMPLES}", of.name, of.from);
        let names: Vec<String> = sqlx::query_scalar(AssertSqlSafe(text))
            .fetch_all(connection)
            .await?;
        examples.extend(names.into_iter().map(|name| format!("{word}: {name}")));
    }
    Ok(rows)
}

async fn count(connection: &mut SqliteConnection, text: &str) -> Result<u64> {
    // Only names of the schema are in the text.
    let count: i64 = sqlx::query_scalar(AssertSqlSafe(text.to_owned()))
        .fetch_one(connection)
        .await?;
    Ok(u64::try_from(count).unwrap_or(0))
}
