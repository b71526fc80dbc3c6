//! What upkeep noticed about the shape of the replies.

use sqlx::SqlitePool;

use crate::store::Result;

/// A path that changed.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow, serde::Serialize)]
pub struct ChangedPath {
    pub endpoint: String,
    pub path: String,
    /// `new`, `vanished` or `retyped`.
    pub mark: String,
    /// When it was noticed, in Unix seconds.
    pub marked_at: f64,
}

/// Returns the paths whose change was noticed after a Unix time, the newest first.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn changed_paths(readers: &SqlitePool, since: f64) -> Result<Vec<ChangedPath>> {
    Ok(sqlx::query_as(
        "select endpoint, path, mark, marked_at from paths where marked_at >= ?
         order by marked_at desc, endpoint, length(path), path",
    )
    .bind(since)
    .fetch_all(readers)
    .await?)
}
