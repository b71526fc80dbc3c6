//! Removal of files: first the row is marked, then the file is deleted, then the row tells it or is deleted as well.

use sqlx::FromRow;

use crate::store::{Result, Store};

/// Files that are marked in one transaction.
const FILES: u32 = 1_000;

/// A file that is being removed.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct RemovedMedia {
    pub id: i64,
    pub url_path: String,
    pub sha256: Option<String>,
    pub extension: Option<String>,
    /// Another row has an equal file, which stays.
    pub is_shared: bool,
}

/// Which files are too old.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OldMedia {
    /// Unix time before which they were stored.
    pub before: f64,
}

impl Store {
    /// Marks the files that no video refers to any more. Returns their number.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn mark_orphaned_media(&self) -> Result<u64> {
        let mut transaction = self.begin().await?;
        let marked = sqlx::query(
            "update media set state = 'removing' where state <> 'removing'
             and not exists (select 1 from attachment_media am where am.media_id = media.id)",
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(marked.rows_affected())
    }

    /// Marks some files that are too old, also those that are damaged and wanted again. Returns their number.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn mark_old_media(&self, old: OldMedia) -> Result<u64> {
        let mut transaction = self.begin().await?;
        let marked = sqlx::query(
            "update media set state = 'removing', reason = 'older than retention.media_days' where id in (
                 select id from media where state in ('stored', 'wanted', 'failed', 'gone') and stored_at < ? order by id limit ?)",
        )
        .bind(old.before)
        .bind(FILES)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(marked.rows_affected())
    }

    /// Returns some files that are marked.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn media_to_remove(&self) -> Result<Vec<RemovedMedia>> {
        Ok(sqlx::query_as(
            "select id, url_path, sha256, extension, exists (
                 select 1 from media o where o.sha256 = m.sha256 and o.extension = m.extension and o.state <> 'removing')
                 as is_shared
             from media m where state = 'removing' order by id limit ?",
        )
        .bind(FILES)
        .fetch_all(self.readers())
        .await?)
    }

    /// Returns the address of a file that is not stored; `None` if there is no such row.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn media_address(&self, id: i64) -> Result<Option<String>> {
        Ok(sqlx::query_scalar(
            "select url_path from media where id = ? and state not in ('stored', 'removed')",
        )
        .bind(id)
        .fetch_optional(self.readers())
        .await?)
    }

    /// Notes that files are removed. The row of a file that no video refers to is deleted.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn removed_media(&self, ids: &[i64]) -> Result<()> {
        let ids = serde_json::json!(ids).to_string();
        let mut transaction = self.begin().await?;
        sqlx::query(
            "delete from media where state = 'removing' and id in (select value from json_each(?))
             and not exists (select 1 from attachment_media am where am.media_id = media.id)",
        )
        .bind(&ids)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "update media set state = 'removed', sha256 = null, extension = null, bytes = null, etag = null,
                 last_modified = null, total_bytes = null
             where state = 'removing' and id in (select value from json_each(?))",
        )
        .bind(&ids)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }
}
