//! Rows that are copied as they are, under their numbers, except that a number of a row that is made again follows it.

use sqlx::{AssertSqlSafe, FromRow, SqliteConnection};

use super::keys::{NEW, OLD, is_same, row_of};
use super::own::Own;
use crate::store::Result;
use crate::store::archive::column::{COMMENT, POST, USER};
use crate::store::archive::schema::tables;
use crate::store::archive::{Outline, Target};

/// A table that others refer to, beside users, posts and comments.
const ATTACHMENT: Target = Target {
    table: "attachments",
    id: "attachment_id",
};

/// The names that the number of a row can have (sqlite.org/rowidtable.html).
const NUMBERS: [&str; 3] = ["rowid", "_rowid_", "oid"];

/// A column, as the archive declares it.
#[derive(Debug, Clone, FromRow)]
pub(super) struct Column {
    pub(super) name: String,
    /// The table whose `id` it has.
    pub(super) of: Option<String>,
}

impl Column {
    /// The table of rows that are made again, if the column has their numbers.
    pub(super) fn target(&self) -> Option<Target> {
        let of = self.of.as_deref()?;
        [USER, POST, COMMENT, ATTACHMENT]
            .into_iter()
            .find(|target| target.table == of)
    }

    /// The value of the old row `o`, as it is in the new file.
    pub(super) fn new_value(&self) -> String {
        let old = format!("o.{}", quoted(&self.name));
        match self.target() {
            Some(target) => row_of(target, &old, OLD, NEW),
            None => old,
        }
    }
}

/// Returns the columns of a table that have values of their own.
pub(super) async fn columns(connection: &mut SqliteConnection, table: &str) -> Result<Vec<Column>> {
    Ok(sqlx::query_as(
        "select c.name, (select lower(f.\"table\") from pragma_foreign_key_list(?1, 'old') f
             where f.\"from\" = c.name collate nocase and lower(coalesce(f.\"to\", 'id')) = 'id' limit 1) as of
         from pragma_table_xinfo(?1, 'old') c where c.hidden = 0 order by c.cid",
    )
    .bind(table)
    .fetch_all(connection)
    .await?)
}

/// Copies the old rows `o` of a table that meet a condition.
pub(super) async fn copy(
    connection: &mut SqliteConnection,
    table: &str,
    columns: &[Column],
    condition: &str,
) -> Result<()> {
    let mut names: Vec<String> = columns.iter().map(|it| quoted(&it.name)).collect();
    let mut values: Vec<String> = columns.iter().map(Column::new_value).collect();
    if let Some(number) = number_of(connection, table, columns).await? {
        names.push(number.to_owned());
        values.push(format!("o.{number}"));
    }
    let text = format!(
        "insert into main.{of} ({}) select {} from old.{of} o where {condition}",
        names.join(", "),
        values.join(", "),
        of = quoted(table),
    );
    run(connection, text).await?;
    Ok(())
}

/// Returns the name of the number of a table's rows, unless a column has it.
async fn number_of(
    connection: &mut SqliteConnection,
    table: &str,
    columns: &[Column],
) -> Result<Option<&'static str>> {
    let has_numbers: bool = sqlx::query_scalar(
        "select not exists (select 1 from pragma_table_list(?1) where schema = 'old' and wr)
             and 1 <> (select count(*) filter (where upper(type) = 'INTEGER' and pk = 1) * count(*) filter (where pk > 0)
                 from pragma_table_xinfo(?1, 'old'))",
    )
    .bind(table)
    .fetch_one(connection)
    .await?;
    let is_free = |name: &&str| {
        let mut names = columns.iter().map(|it| &*it.name);
        !names.any(|it| it.eq_ignore_ascii_case(name))
    };
    Ok(NUMBERS.into_iter().find(is_free).filter(|_| has_numbers))
}

/// Copies the values of columns that people added to tables of rows.
pub(super) async fn copy_added_columns(connection: &mut SqliteConnection, own: &Own) -> Result<()> {
    for table in tables() {
        let mut added = columns(connection, table.name).await?;
        added.retain(|column| !own.has_column(table.name, &column.name));
        if !added.is_empty() {
            run(connection, added_values(table, &added)).await?;
        }
    }
    Ok(())
}

fn added_values(table: &Outline, added: &[Column]) -> String {
    let changes = added
        .iter()
        .map(|it| format!("{} = {}", quoted(&it.name), it.new_value()));
    format!(
        "update main.{of} as n set {} from old.{of} o where {}",
        changes.collect::<Vec<_>>().join(", "),
        is_same(table, OLD, NEW),
        of = table.name
    )
}

/// A name as SQL.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Runs SQL of the archive's own schema, or made of constants and quoted names. Returns the number of rows that changed.
pub(super) async fn run(connection: &mut SqliteConnection, sql: String) -> Result<u64> {
    let done = sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}
