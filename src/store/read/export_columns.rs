//! The columns of exported tables, and the values of their rows.

use std::borrow::Cow;

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::Snapshot;
use super::export_tables::ExportTable;
use crate::store::Result;
use crate::store::archive::schema::tables;
use crate::store::archive::{Kind, Personal};

/// A column of an exported table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportColumn {
    pub name: String,
    pub kind: CellKind,
}

/// What the values of a column say about people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// Nothing.
    Nobody,
    /// They identify people or what people made, or nothing is known about them.
    Identity,
    /// Somebody wrote them.
    Words,
}

/// Columns of views with words that only the archive writes.
const OUR_WORDS: [&str; 8] = [
    "endpoint",
    "day",
    "outcome",
    "kind",
    "subject_kind",
    "state",
    "stop_reason",
    "why",
];

impl ExportColumn {
    /// Returns what the values say about people. A text that the schema does not know identifies somebody.
    #[must_use]
    pub fn about(&self) -> About {
        if self.kind != CellKind::Text || OUR_WORDS.contains(&self.name.as_str()) {
            return About::Nobody;
        }
        let columns = tables().iter().flat_map(|table| &table.columns);
        let mut known = columns.filter(|column| column.name == self.name).peekable();
        if known.peek().is_none() {
            return About::Identity;
        }
        known.fold(About::Nobody, |about, column| match column.personal {
            Some(Personal::Identity) => About::Identity,
            Some(Personal::Words) if about == About::Nobody => About::Words,
            _ => about,
        })
    }
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
    /// A list of what belongs to the row, as JSON in a text.
    List,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'r> {
    Null,
    Text(Cow<'r, str>),
    Integer(i64),
    Real(f64),
    Flag(bool),
    Time(f64),
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

impl Snapshot {
    /// Returns the columns of an exported table, in their order.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn export_columns(&mut self, table: &ExportTable) -> Result<Vec<ExportColumn>> {
        if !table.columns.is_empty() {
            let text = |name: &&str| ExportColumn {
                name: (*name).to_owned(),
                kind: CellKind::Text,
            };
            return Ok(table.columns.iter().map(text).collect());
        }
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
}

/// Where a row is in a lake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LakePlace {
    /// `YYYY-MM`; `None` for rows without a time.
    pub month: Option<String>,
    pub part: u64,
}

/// A row of an exported table.
pub struct ExportRow {
    pub(super) row: SqliteRow,
    /// The number of columns before those of the table.
    pub(super) skipped: usize,
}

impl ExportRow {
    /// Returns the values of the columns that were asked for.
    ///
    /// # Errors
    /// Returns an error if a value does not have the type of its column.
    pub fn cells(&self, columns: &[ExportColumn]) -> Result<Vec<Cell<'_>>> {
        let mut cells = Vec::with_capacity(columns.len());
        for (at, column) in columns.iter().enumerate() {
            let at = self.skipped + at;
            // The types were chosen by the columns; SQLite converts what an expression returns.
            let cell = match column.kind {
                CellKind::Text | CellKind::List => {
                    self.read(at)?.map(|it: &str| Cell::Text(it.into()))
                }
                CellKind::Integer => self.read(at)?.map(Cell::Integer),
                CellKind::Real => self.read(at)?.map(Cell::Real),
                CellKind::Time => self.read(at)?.map(Cell::Time),
                CellKind::Flag => self.read(at)?.map(|flag: i64| Cell::Flag(flag != 0)),
            };
            cells.push(cell.unwrap_or(Cell::Null));
        }
        Ok(cells)
    }

    /// Returns where the row is in a lake. Only rows that were asked for with a split have a place.
    ///
    /// # Errors
    /// Returns an error if the row has no place.
    pub fn place(&self) -> Result<LakePlace> {
        let part: i64 = self.row.try_get_unchecked(1)?;
        Ok(LakePlace {
            month: self.read(0)?,
            part: u64::try_from(part).unwrap_or(0),
        })
    }

    fn read<'r, T>(&'r self, at: usize) -> Result<Option<T>>
    where
        T: sqlx::Decode<'r, sqlx::Sqlite>,
    {
        Ok(self.row.try_get_unchecked(at)?)
    }
}
