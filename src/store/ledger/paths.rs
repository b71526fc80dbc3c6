//! The paths of replies that upkeep has looked at, and the replies that it looks at next.

use sqlx::FromRow;

use crate::store::db::Statement;
use crate::store::read::KeptCall;
use crate::store::{Result, Store};

/// Calls that are searched for new replies. A daemon that keeps more in a minute leaves out the older ones.
const CALLS: u32 = 20_000;

const KEEP: Statement = Statement {
    given: &[
        "endpoint",
        "path",
        "types",
        "is_read",
        "times",
        "first_reply",
        "last_reply",
        "first_call_id",
        "last_call_id",
        "mark",
        "marked_at",
    ],
    sql: "insert into paths select endpoint, path, types, is_read, times, first_reply, last_reply, first_call_id,
            last_call_id, mark, marked_at
        from given where endpoint is not null
        on conflict (endpoint, path) do update set types = excluded.types, is_read = excluded.is_read,
            times = excluded.times, last_reply = excluded.last_reply, last_call_id = excluded.last_call_id,
            mark = excluded.mark, marked_at = excluded.marked_at",
};

/// A path of an endpoint's replies. The empty path is the reply itself.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct PathRow {
    pub endpoint: String,
    pub path: String,
    /// JSON: each type, with the number of the first reply that had it.
    pub types: String,
    pub is_read: bool,
    pub times: i64,
    pub first_reply: i64,
    pub last_reply: i64,
    pub first_call_id: i64,
    pub last_call_id: i64,
    pub mark: Option<String>,
    /// Unix seconds.
    pub marked_at: Option<f64>,
}

impl Store {
    /// Returns all paths that are known.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn paths(&self) -> Result<Vec<PathRow>> {
        Ok(sqlx::query_as(
            "select endpoint, path, types, is_read, times, first_reply, last_reply, first_call_id, last_call_id, mark,
                 marked_at from paths order by endpoint, path",
        )
        .fetch_all(self.readers())
        .await?)
    }

    /// Writes paths in one transaction.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn keep_paths(&self, paths: &[PathRow]) -> Result<()> {
        if paths.is_empty() {
            return Ok(());
        }
        let mut transaction = self.begin().await?;
        KEEP.write(&mut transaction, paths, |row, path| {
            row.set("endpoint", path.endpoint.as_str())
                .set("path", path.path.as_str())
                .set("types", path.types.as_str())
                .set("is_read", path.is_read)
                .set("times", path.times)
                .set("first_reply", path.first_reply)
                .set("last_reply", path.last_reply)
                .set("first_call_id", path.first_call_id)
                .set("last_call_id", path.last_call_id)
                .set("mark", path.mark.as_deref())
                .set("marked_at", path.marked_at);
        })
        .await?;
        transaction.commit().await
    }

    /// Returns the newest kept replies of each endpoint after a call, oldest first.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn newest_kept(&self, after: i64, of_each: u32) -> Result<Vec<KeptCall>> {
        Ok(sqlx::query_as(
            "select c.id, c.kept_group, c.job_id, c.endpoint, c.subject, null as cursor, null as next_cursor, c.settled_at,
                 null as items, null as row_count, null as odd_items, null as odd, null as item_hashes, c.body,
                 c.redacted_at is not null as is_redacted, 1 as has_body,
                 c.outcome = 'imported' as is_imported, coalesce(c.body_bytes, 0) as bytes, null as ended
             from (select id, row_number() over (partition by endpoint order by id desc) as number
                   from calls where id > max(?1, (select max(id) from calls) - ?3) and kept = 1 and body is not null) newest
             join calls c on c.id = newest.id where newest.number <= ?2 order by c.id",
        )
        .bind(after)
        .bind(of_each)
        .bind(CALLS)
        .fetch_all(self.readers())
        .await?)
    }
}
