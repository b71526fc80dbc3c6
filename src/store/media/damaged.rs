//! Files that were stored and are missing or damaged now. The row keeps the hash of the file until another one is whole.

use sqlx::FromRow;

use crate::store::{Result, Store};

/// The place of a file that is missing or damaged.
#[derive(Debug, Clone, PartialEq, Eq, Hash, FromRow)]
pub struct DamagedMedia {
    /// As the row has it.
    pub sha256: String,
    pub extension: String,
}

impl Store {
    /// Marks stored files as wanted again, with the reason. Returns the number of rows.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn requeue_media(&self, files: &[(DamagedMedia, &str)]) -> Result<u64> {
        let mut transaction = self.begin().await?;
        let mut marked = 0;
        for (file, reason) in files {
            let rows = sqlx::query(
                "update media set state = 'wanted', reason = ?3, bytes = null, etag = null, last_modified = null,
                     total_bytes = null, content_type = null
                 where sha256 = ?1 and extension = ?2 and state = 'stored'",
            )
            .bind(&file.sha256)
            .bind(&file.extension)
            .bind(*reason)
            .execute(&mut *transaction)
            .await?;
            marked += rows.rows_affected();
        }
        transaction.commit().await?;
        Ok(marked)
    }

    /// Returns whether another row names the same place.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn is_media_shared(&self, id: i64, file: &DamagedMedia) -> Result<bool> {
        let mut connection = self.writing().await;
        Ok(sqlx::query_scalar(
            "select exists (select 1 from media where sha256 = ?1 and extension = ?2 and id <> ?3)",
        )
        .bind(&file.sha256)
        .bind(&file.extension)
        .bind(id)
        .fetch_one(&mut **connection)
        .await?)
    }
}
