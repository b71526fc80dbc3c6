//! How much of what the remote counts is archived.

use sqlx::sqlite::SqlitePool;

use super::Snapshot;
use crate::store::Result;

/// What the remote counts of one kind of list, over all subjects, and what is archived of it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, sqlx::FromRow)]
pub struct Known {
    pub kind: String,
    pub collected: i64,
    pub known: i64,
}

/// Returns the sums of each kind of list; none for an archive of an earlier version.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn known(pool: &SqlitePool) -> Result<Vec<Known>> {
    let views: i64 = sqlx::query_scalar(
        "select count(*) from sqlite_master where type = 'view' and name = 'completeness'",
    )
    .fetch_one(pool)
    .await?;
    if views == 0 {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_as(SUMS).fetch_all(pool).await?)
}

const SUMS: &str =
    "select kind, sum(collected_count) as collected, sum(known_count) as known from completeness
    where known_count is not null group by kind order by kind";

impl Snapshot {
    /// Returns the sums of each kind of list.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn completeness_totals(&mut self) -> Result<Vec<Known>> {
        Ok(sqlx::query_as(SUMS).fetch_all(self.connection()).await?)
    }
}
