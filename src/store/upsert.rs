//! Multi-row statements: one table's rows, many at a time.
//!
//! Row at a time through the driver costs more than SQLite itself. The rows are cut into a few fixed numbers of
//! rows, so that each statement text is prepared once and found again.

use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection};

use super::Result;

/// How many rows one statement may hold, largest first. Statements are what costs, so there are few for any number of
/// rows; but each stays prepared, and a long one takes a hundred kilobytes.
const CHUNKS: [usize; 6] = [32, 16, 8, 4, 2, 1];

pub(super) type Bound<'q> = Query<'q, Sqlite, SqliteArguments>;

/// The fixed text around the rows of an `insert` or an `update`.
pub(super) struct Statement {
    /// `insert into t (…) values`
    pub(super) head: &'static str,
    /// One row: `(?, ?, …)`
    pub(super) row: &'static str,
    /// ` on conflict …`
    pub(super) tail: &'static str,
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
    pub(super) async fn write<'r, R>(
        &self,
        connection: &mut SqliteConnection,
        rows: &'r [R],
        bind: impl Fn(Bound<'r>, &'r R) -> Bound<'r>,
    ) -> Result<()> {
        for chunk in chunks(rows) {
            self.bound(chunk, &bind).execute(&mut *connection).await?;
        }
        Ok(())
    }

    /// Writes the rows; gives what the statement returns of them, in no order.
    pub(super) async fn write_and_read<'r, R>(
        &self,
        connection: &mut SqliteConnection,
        rows: &'r [R],
        bind: impl Fn(Bound<'r>, &'r R) -> Bound<'r>,
    ) -> Result<Vec<SqliteRow>> {
        let mut returned = Vec::new();
        for chunk in chunks(rows) {
            returned.extend(self.bound(chunk, &bind).fetch_all(&mut *connection).await?);
        }
        Ok(returned)
    }

    fn bound<'r, R>(
        &self,
        chunk: &'r [R],
        bind: impl Fn(Bound<'r>, &'r R) -> Bound<'r>,
    ) -> Bound<'r> {
        let query = sqlx::query(self.text(chunk.len()));
        chunk.iter().fold(query, bind)
    }
}

/// Cuts rows into pieces whose lengths are all in `CHUNKS`.
fn chunks<R>(mut rows: &[R]) -> impl Iterator<Item = &[R]> {
    std::iter::from_fn(move || {
        let length = CHUNKS.into_iter().find(|length| *length <= rows.len())?;
        let (chunk, rest) = rows.split_at(length);
        rows = rest;
        Some(chunk)
    })
}

#[cfg(test)]
mod tests {
    use super::{CHUNKS, chunks};

    #[test]
    fn chunks_hold_every_row_once_in_lengths_that_stay_prepared() {
        for length in [0, 1, 3, 50, 64, 117, 1000] {
            let rows: Vec<usize> = (0..length).collect();
            let cut: Vec<&[usize]> = chunks(&rows).collect();
            assert!(cut.iter().all(|chunk| CHUNKS.contains(&chunk.len())));
            assert_eq!(cut.concat(), rows);
        }
    }
}
