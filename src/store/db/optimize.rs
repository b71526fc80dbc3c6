//! The statistics by which SQLite chooses indexes.

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use crate::store::{BUSY_TIMEOUT, Result, Store};

/// Entries of an index that SQLite looks at. Without a limit it reads all of them, which takes a second per 2 GB.
const SAMPLE: u32 = 1_000;
/// Calls from which on an archive gets statistics. Those of a nearly empty table would tell SQLite for a day that reading all of
/// it is the best plan, while it grows; without any, SQLite assumes large tables.
const GROWN: i64 = 10_000;

impl Store {
    /// Updates the statistics of tables that have none, or whose size has changed much, and removes those of a young archive.
    /// Uses a connection of its own, so the writer waits only for what is written.
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
        let done = optimize(&mut connection).await;
        connection.close().await?;
        done
    }
}

async fn optimize(connection: &mut SqliteConnection) -> Result<()> {
    let calls: i64 = sqlx::query_scalar("select count(*) from (select 1 from calls limit ?)")
        .bind(GROWN)
        .fetch_one(&mut *connection)
        .await?;
    if calls >= GROWN {
        // All tables (0x10000), also those that this connection has not read; analyze where that is useful (0x2).
        sqlx::query("pragma optimize = 0x10002")
            .execute(connection)
            .await?;
        return Ok(());
    }
    let has_any: Option<i64> =
        sqlx::query_scalar("select 1 from sqlite_schema where name = 'sqlite_stat1'")
            .fetch_optional(&mut *connection)
            .await?;
    if has_any.is_some() {
        sqlx::query("delete from sqlite_stat1")
            .execute(connection)
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::store::Store;

    #[tokio::test]
    async fn a_table_that_has_grown_gets_statistics() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("a.db")).await.unwrap();
        let known = "select count(*) from sqlite_stat1 where tbl = 'seeds'";
        let write = async |sql: &'static str| {
            let mut writing = store.writing().await;
            sqlx::raw_sql(sql).execute(&mut **writing).await.unwrap();
        };
        let found = async || -> i64 {
            let found = sqlx::query_scalar(known).fetch_one(store.readers()).await;
            found.unwrap_or(0)
        };
        // What an earlier version wrote about an empty archive is removed.
        write("insert into seeds (kind, subject, added_at) values ('user', 'first', 0); analyze")
            .await;
        assert!(found().await > 0);
        store.optimize().await.unwrap();
        assert_eq!(found().await, 0);
        write(
            "insert into runs (id, kind, pid, version, started_at) values (1, 'run', 1, '', 0);
             with recursive n as (select 1 as n union all select n + 1 from n where n < 10000)
             insert into calls (run_id, endpoint, subject, day, outcome, cost_micro_usd, opened_at)
             select 1, 'get_feed', '', '2026-01-01', 'open', 0, 0 from n",
        )
        .await;
        store.optimize().await.unwrap();
        assert!(found().await > 0);
    }
}
