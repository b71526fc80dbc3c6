//! The statistics by which SQLite chooses indexes.

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use crate::store::{BUSY_TIMEOUT, Result, Store};

/// Entries of an index that SQLite looks at. Without a limit it reads all of them, which takes a second per 2 GB.
const SAMPLE: u32 = 1_000;

impl Store {
    /// Updates the statistics of tables that have none, or whose size has changed much. Uses a connection of its own, so the
    /// writer waits only for what is written.
    ///
    /// # Errors
    /// Returns an error if the archive is gone or cannot be written.
    pub async fn optimize(&self) -> Result<()> {
        self.check_place()?;
        let options = SqliteConnectOptions::new()
            .filename(self.path())
            .busy_timeout(BUSY_TIMEOUT)
            .analysis_limit(SAMPLE)
            .disable_statement_logging();
        let mut connection = SqliteConnection::connect_with(&options).await?;
        // All tables (0x10000), also those that this connection has not read; analyze where that is useful (0x2).
        let done = sqlx::query("pragma optimize = 0x10002")
            .execute(&mut connection)
            .await;
        connection.close().await?;
        done?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::store::Store;

    #[tokio::test]
    async fn a_table_that_has_grown_gets_statistics() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("a.db")).await.unwrap();
        let known = "select count(*) from sqlite_stat1 where tbl = 'seeds'";
        store.optimize().await.unwrap();
        sqlx::query(
            "with recursive n as (select 1 as n union all select n + 1 from n where n < 5000)
             insert into seeds (kind, subject, added_at) select 'user', n, 0 from n",
        )
        .execute(&mut **store.writing().await)
        .await
        .unwrap();
        store.optimize().await.unwrap();
        let found: i64 = sqlx::query_scalar(known)
            .fetch_one(store.readers())
            .await
            .unwrap();
        assert!(found > 0);
    }
}
