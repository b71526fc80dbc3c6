//! Multi-row statements: one table's rows, many at a time.
//!
//! Statements are what costs, more than rows: each is carried to SQLite's own thread and back. So the rows are written by
//! as few statements as can be. Their texts are made for a few numbers of rows, so that each is prepared once and found
//! again; rows that are not there are null, and every text leaves out rows whose first column is.

use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection};

use crate::store::Result;

/// How many rows one statement may hold at most. It stays prepared, and 64 wide rows take a hundred kilobytes.
const MOST: usize = 64;

pub(in crate::store) type Bound<'q> = Query<'q, Sqlite, SqliteArguments>;

/// The fixed text around the rows of an `insert` or an `update`. It leaves out rows whose first column is null.
pub(in crate::store) struct Statement {
    /// `insert into t (…) select … from (values`
    pub(in crate::store) head: &'static str,
    /// One row: `(?, ?, …)`
    pub(in crate::store) row: &'static str,
    /// `) where column1 is not null on conflict …`
    pub(in crate::store) tail: &'static str,
}

impl Statement {
    fn text(&self, rows: usize) -> AssertSqlSafe<String> {
        let mut text = String::with_capacity(
            self.head.len() + rows * (self.row.len() + 1) + self.tail.len() + 2,
        );
        text.push_str(self.head);
        for n in 0..rows {
            text.push(if n == 0 { ' ' } else { ',' });
            text.push_str(self.row);
        }
        text.push(' ');
        text.push_str(self.tail);
        // Only the constants above and their repetition are in the text; every value is bound.
        AssertSqlSafe(text)
    }

    /// Writes the rows.
    pub(in crate::store) async fn write<'r, R>(
        &self,
        connection: &mut SqliteConnection,
        rows: &'r [R],
        bind: impl Fn(Bound<'r>, &'r R) -> Bound<'r>,
    ) -> Result<()> {
        for chunk in rows.chunks(MOST) {
            self.bound(chunk, &bind).execute(&mut *connection).await?;
        }
        Ok(())
    }

    /// Writes the rows; gives what the statement returns of them, in no order.
    pub(in crate::store) async fn write_and_read<'r, R>(
        &self,
        connection: &mut SqliteConnection,
        rows: &'r [R],
        bind: impl Fn(Bound<'r>, &'r R) -> Bound<'r>,
    ) -> Result<Vec<SqliteRow>> {
        let mut returned = Vec::new();
        for chunk in rows.chunks(MOST) {
            returned.extend(self.bound(chunk, &bind).fetch_all(&mut *connection).await?);
        }
        Ok(returned)
    }

    fn bound<'r, R>(
        &self,
        chunk: &'r [R],
        bind: impl Fn(Bound<'r>, &'r R) -> Bound<'r>,
    ) -> Bound<'r> {
        let query = sqlx::query(self.text(prepared(chunk.len())));
        chunk.iter().fold(query, bind)
    }
}

/// The number of rows for which a statement is prepared. What is not bound is null.
fn prepared(rows: usize) -> usize {
    rows.next_power_of_two()
}

#[cfg(test)]
mod tests {
    use super::{MOST, Statement, prepared};
    use crate::store::Store;

    const NUMBERS: Statement = Statement {
        head: "insert into numbers select * from (values",
        row: "(?)",
        tail: ") where column1 is not null returning n",
    };

    #[tokio::test]
    async fn every_row_is_written_once_by_few_statements() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("a.db")).await.unwrap();
        let mut transaction = store.begin().await.unwrap();
        sqlx::query("create temp table numbers (n integer)")
            .execute(&mut *transaction)
            .await
            .unwrap();
        for length in [0, 1, 3, 50, MOST, 117, 1000] {
            let rows: Vec<u32> = (0..length.try_into().unwrap()).collect();
            let returned = NUMBERS
                .write_and_read(&mut transaction, &rows, |query, n| query.bind(n))
                .await
                .unwrap();
            assert_eq!(returned.len(), length);
            let written: Vec<u32> = sqlx::query_scalar("delete from numbers returning n")
                .fetch_all(&mut *transaction)
                .await
                .unwrap();
            assert_eq!(written, rows);
        }
        let lengths: std::collections::BTreeSet<usize> = (1..=MOST).map(prepared).collect();
        assert!(lengths.len() < 8 && lengths.last() == Some(&MOST));
    }
}
