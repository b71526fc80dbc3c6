//! The tables that are exported: views with the remote's text ids, their columns with types, and their rows.

use futures_util::stream::{BoxStream, StreamExt};
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row};

use super::Snapshot;
use super::export_tables::{ExportTable, TABLES};
use crate::store::Result;
use crate::store::archive::Kind;
use crate::store::archive::schema::tables;

/// A column of an exported table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportColumn {
    pub name: String,
    pub kind: CellKind,
}

/// The type of a column's cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellKind {
    Text,
    /// 64 bits with sign.
    Integer,
    Real,
    Flag,
    /// Unix seconds, in UTC.
    Time,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Null,
    Text(String),
    Integer(i64),
    Real(f64),
    Flag(bool),
    Time(f64),
}

/// What an export says about its source.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct SnapshotFacts {
    /// When the latest call of the archive ended: the time of the snapshot, in Unix seconds.
    pub taken_at: f64,
    pub first_call_at: f64,
    pub calls: i64,
    pub cost_micro_usd: i64,
    pub schema_version: i64,
    /// The plan of the latest run, as JSON.
    pub plan: Option<String>,
}

/// Columns that no export has: raw replies, and hashes that only the crawl reads.
const LEFT_OUT: [&str; 2] = ["body", "item_hashes"];

/// Returns the type of a column. Most are columns of the schema; the others follow the archive's naming.
fn kind_of(name: &str, declared: &str) -> CellKind {
    let mut columns = tables().iter().flat_map(|table| &table.columns);
    if let Some(column) = columns.find(|column| column.name == name) {
        return match column.kind {
            Kind::Text | Kind::Reference(_) => CellKind::Text,
            Kind::Integer | Kind::Count | Kind::Call => CellKind::Integer,
            Kind::Real => CellKind::Real,
            Kind::Flag => CellKind::Flag,
            Kind::Time => CellKind::Time,
        };
    }
    match declared {
        _ if name.ends_with("_at") || name == "at" => CellKind::Time,
        _ if name.ends_with("_count") => CellKind::Integer,
        "INTEGER" => CellKind::Integer,
        "REAL" => CellKind::Real,
        _ => CellKind::Text,
    }
}

/// Names and pictures of people are only in the table of users.
fn is_of_users(name: &str) -> bool {
    name == "display_name" || name == "username" || name.ends_with("_username")
}

impl ExportTable {
    /// Returns the table of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        TABLES.into_iter().find(|table| table.name == name)
    }

    /// The condition of a period, as SQL. Its parameters are the two times.
    fn within(&self) -> String {
        match self.time {
            Some(time) => format!("(?1 is null or {time} >= ?1) and (?2 is null or {time} < ?2)"),
            None => "(?1 is null or true) and (?2 is null or true)".to_owned(),
        }
    }
}

/// A period, in Unix seconds. The end is not part of it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Period {
    pub since: Option<f64>,
    pub until: Option<f64>,
}

impl Snapshot {
    /// Returns the columns of an exported table, in their order.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn export_columns(&mut self, table: &ExportTable) -> Result<Vec<ExportColumn>> {
        let rows: Vec<(String, String)> =
            sqlx::query_as("select name, upper(type) from pragma_table_info(?) order by cid")
                .bind(table.source)
                .fetch_all(self.connection())
                .await?;
        let kept = rows.into_iter().filter(|(name, _)| {
            !LEFT_OUT.contains(&&**name) && (table.name == "users" || !is_of_users(name))
        });
        Ok(kept
            .map(|(name, declared)| ExportColumn {
                kind: kind_of(&name, &declared),
                name,
            })
            .collect())
    }

    /// Returns the number of rows of an exported table.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn export_count(&mut self, table: &ExportTable, period: Period) -> Result<u64> {
        let text = format!(
            "select count(*) from {} where {}",
            table.source,
            table.within()
        );
        // Only names of this file are in the text.
        let rows: i64 = sqlx::query_scalar(AssertSqlSafe(text))
            .bind(period.since)
            .bind(period.until)
            .fetch_one(self.connection())
            .await?;
        Ok(u64::try_from(rows).unwrap_or(0))
    }

    /// Returns the rows of an exported table, in order.
    pub fn export_rows<'s>(
        &'s mut self,
        table: &ExportTable,
        columns: &'s [ExportColumn],
        period: Period,
    ) -> BoxStream<'s, Result<Vec<Cell>>> {
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let text = format!(
            "select {} from {} where {} order by {}",
            names.join(", "),
            table.source,
            table.within(),
            table.order
        );
        // Only names of this file and of the schema are in the text.
        sqlx::query(AssertSqlSafe(text))
            .bind(period.since)
            .bind(period.until)
            .fetch(self.connection())
            .map(|row| cells(&row?, columns))
            .boxed()
    }

    /// Returns what an export says about its source.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn export_facts(&mut self) -> Result<SnapshotFacts> {
        Ok(sqlx::query_as(
            "select coalesce(max(settled_at), 0.0) as taken_at, coalesce(min(opened_at), 0.0) as first_call_at,
                 count(*) as calls, coalesce(sum(cost_micro_usd), 0) as cost_micro_usd,
                 (select user_version from pragma_user_version) as schema_version,
                 (select plan from runs where plan is not null order by id desc limit 1) as plan
             from calls",
        )
        .fetch_one(self.connection())
        .await?)
    }
}

fn cells(row: &SqliteRow, columns: &[ExportColumn]) -> Result<Vec<Cell>> {
    let mut cells = Vec::with_capacity(columns.len());
    for (at, column) in columns.iter().enumerate() {
        // The types were chosen by the columns; SQLite converts what an expression returns.
        cells.push(match column.kind {
            CellKind::Text => row
                .try_get_unchecked::<Option<String>, _>(at)?
                .map_or(Cell::Null, Cell::Text),
            CellKind::Integer => row
                .try_get_unchecked::<Option<i64>, _>(at)?
                .map_or(Cell::Null, Cell::Integer),
            CellKind::Real => row
                .try_get_unchecked::<Option<f64>, _>(at)?
                .map_or(Cell::Null, Cell::Real),
            CellKind::Time => row
                .try_get_unchecked::<Option<f64>, _>(at)?
                .map_or(Cell::Null, Cell::Time),
            CellKind::Flag => row
                .try_get_unchecked::<Option<i64>, _>(at)?
                .map_or(Cell::Null, |flag| Cell::Flag(flag != 0)),
        });
    }
    Ok(cells)
}
