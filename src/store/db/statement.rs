//! Statements of many rows: one statement inserts or updates many rows of a table.
//!
//! A statement costs more than a row, because each one crosses to SQLite's own thread and back. The text of a
//! statement is made for a few numbers of rows, so that each text is prepared once. Rows beyond the given ones are
//! null: every statement must skip rows whose first column is null.

use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection};

use crate::store::Result;

/// The most rows of one statement. It stays prepared, and 64 wide rows take a hundred kilobytes.
const MAX_ROWS: usize = 64;

type Bound<'q> = Query<'q, Sqlite, SqliteArguments>;

/// SQL that reads its rows from a table named `given`. Names tie the values to the SQL.
pub(in crate::store) struct Statement {
    /// The columns of `given`.
    pub(in crate::store) given: &'static [&'static str],
    /// What follows `with recursive given (…) as (values …)`.
    pub(in crate::store) sql: &'static str,
}

/// A value that is bound to a statement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::store) enum Value<'q> {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'q str),
    Blob(&'q [u8]),
}

impl<'q> Value<'q> {
    fn bind(self, query: Bound<'q>) -> Bound<'q> {
        match self {
            Self::Null => query.bind(None::<i64>),
            Self::Integer(value) => query.bind(value),
            Self::Real(value) => query.bind(value),
            Self::Text(value) => query.bind(value),
            Self::Blob(value) => query.bind(value),
        }
    }
}

impl<'q, V: Into<Value<'q>>> From<Option<V>> for Value<'q> {
    fn from(value: Option<V>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<'q> From<&'q str> for Value<'q> {
    fn from(value: &'q str) -> Self {
        Self::Text(value)
    }
}

impl<'q> From<&'q [u8]> for Value<'q> {
    fn from(value: &'q [u8]) -> Self {
        Self::Blob(value)
    }
}

impl From<f64> for Value<'_> {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl From<usize> for Value<'_> {
    fn from(value: usize) -> Self {
        Self::Integer(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

macro_rules! from_integers {
    ($($kind:ty),*) => {$(
        impl From<$kind> for Value<'_> {
            fn from(value: $kind) -> Self {
                Self::Integer(value.into())
            }
        }
    )*};
}
from_integers!(bool, i64, u32, u16);

/// The values of one row of `given`, by the names of its columns. A column that is not set is null.
pub(in crate::store) struct GivenRow<'q> {
    names: &'static [&'static str],
    values: Vec<Value<'q>>,
    next: usize,
}

impl<'q> GivenRow<'q> {
    /// Sets the value of a column.
    ///
    /// # Panics
    /// Panics if the statement has no such column, which is a mistake in this program.
    pub(in crate::store) fn set(
        &mut self,
        name: &'static str,
        value: impl Into<Value<'q>>,
    ) -> &mut Self {
        // Values usually come in the order of their columns.
        let at = match self.names.get(self.next) {
            Some(next) if *next == name => Some(self.next),
            _ => self.names.iter().position(|known| *known == name),
        };
        let at = at.unwrap_or_else(|| panic!("the statement has no column {name}"));
        self.values[at] = value.into();
        self.next = at + 1;
        self
    }
}

impl Statement {
    fn text(&self, rows: usize) -> AssertSqlSafe<String> {
        let row = format!("({})", vec!["?"; self.given.len()].join(","));
        let names = self.given.join(", ");
        let mut text =
            String::with_capacity(names.len() + rows * (row.len() + 1) + self.sql.len() + 64);
        text.push_str("with recursive given (");
        text.push_str(&names);
        text.push_str(") as (values ");
        for n in 0..rows {
            if n > 0 {
                text.push(',');
            }
            text.push_str(&row);
        }
        text.push_str(") ");
        text.push_str(self.sql);
        // Only constants of this program are in the text; every value is bound.
        AssertSqlSafe(text)
    }

    /// Writes the rows; `fill` sets the values of one.
    pub(in crate::store) async fn write<'r, R>(
        &self,
        connection: &mut SqliteConnection,
        rows: &'r [R],
        fill: impl Fn(&mut GivenRow<'r>, &'r R),
    ) -> Result<()> {
        for chunk in rows.chunks(MAX_ROWS) {
            self.bound(chunk, &fill).execute(&mut *connection).await?;
        }
        Ok(())
    }

    /// Writes the rows and returns what the statement returns of them, in no order.
    pub(in crate::store) async fn write_and_read<'r, R>(
        &self,
        connection: &mut SqliteConnection,
        rows: &'r [R],
        fill: impl Fn(&mut GivenRow<'r>, &'r R),
    ) -> Result<Vec<SqliteRow>> {
        let mut returned = Vec::new();
        for chunk in rows.chunks(MAX_ROWS) {
            returned.extend(self.bound(chunk, &fill).fetch_all(&mut *connection).await?);
        }
        Ok(returned)
    }

    fn bound<'r, R>(&self, chunk: &'r [R], fill: impl Fn(&mut GivenRow<'r>, &'r R)) -> Bound<'r> {
        let mut query = sqlx::query(self.text(prepared(chunk.len())));
        let mut row = GivenRow {
            names: self.given,
            values: Vec::with_capacity(self.given.len()),
            next: 0,
        };
        for of in chunk {
            row.values.clear();
            row.values.resize(self.given.len(), Value::Null);
            row.next = 0;
            fill(&mut row, of);
            query = row
                .values
                .iter()
                .fold(query, |query, value| value.bind(query));
        }
        query
    }
}

/// The number of rows for which a statement is prepared. What is not bound is null.
fn prepared(rows: usize) -> usize {
    rows.next_power_of_two()
}

#[cfg(test)]
mod tests {
    use super::{GivenRow, MAX_ROWS, Statement, Value, prepared};
    use crate::store::Store;

    const NUMBERS: Statement = Statement {
        given: &["n", "twice"],
        sql: "insert into numbers select n, twice from given where n is not null returning n",
    };

    #[tokio::test]
    async fn every_row_is_written_once_by_few_statements() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("a.db")).await.unwrap();
        let mut transaction = store.begin().await.unwrap();
        sqlx::query("create temp table numbers (n integer, twice integer)")
            .execute(&mut *transaction)
            .await
            .unwrap();
        for length in [0, 1, 3, 50, MAX_ROWS, 117, 1000] {
            let rows: Vec<u32> = (0..length.try_into().unwrap()).collect();
            // The order in which values are set does not matter.
            let returned = NUMBERS
                .write_and_read(&mut transaction, &rows, |row, n| {
                    row.set("twice", n * 2).set("n", *n);
                })
                .await
                .unwrap();
            assert_eq!(returned.len(), length);
            let written: Vec<(u32, u32)> = sqlx::query_as("delete from numbers returning n, twice")
                .fetch_all(&mut *transaction)
                .await
                .unwrap();
            assert_eq!(
                written,
                rows.iter().map(|n| (*n, n * 2)).collect::<Vec<_>>()
            );
        }
        let lengths: std::collections::BTreeSet<usize> = (1..=MAX_ROWS).map(prepared).collect();
        assert!(lengths.len() < 8 && lengths.last() == Some(&MAX_ROWS));
    }

    #[test]
    #[should_panic(expected = "the statement has no column half")]
    fn a_value_for_a_column_that_does_not_exist_is_a_mistake() {
        let mut row = GivenRow {
            names: NUMBERS.given,
            values: vec![Value::Null; 2],
            next: 0,
        };
        row.set("half", 3_u32);
    }
}
