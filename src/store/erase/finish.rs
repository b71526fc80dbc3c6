//! The end of an erasure: nothing that was deleted may stay in the file or in its log.

use crate::store::archive::fts_exists;
use crate::store::{Result, Store};

/// What keeps the log from being emptied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    Nothing,
    /// Another process reads or writes the archive.
    InUse,
}

impl Store {
    /// From now on this connection overwrites with zeros what it deletes.
    ///
    /// # Errors
    /// Returns an error of SQLite.
    pub async fn overwrite_deleted(&self) -> Result<()> {
        let mut connection = self.writing().await;
        sqlx::query("pragma secure_delete = on")
            .execute(&mut **connection)
            .await?;
        Ok(())
    }

    /// Removes the samples of keys that SQLite keeps for its planner. The daemon takes new ones.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn forget_samples(&self) -> Result<()> {
        let mut transaction = self.begin().await?;
        if fts_exists(&mut transaction, "sqlite_stat4").await? {
            sqlx::query("delete from sqlite_stat4")
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await
    }

    /// Moves the write-ahead log into the file, and empties it if no other process uses the archive.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn empty_log(&self) -> Result<Left> {
        let mut connection = self.writing().await;
        let (is_busy, ..): (i64, i64, i64) = sqlx::query_as("pragma wal_checkpoint(truncate)")
            .fetch_one(&mut **connection)
            .await?;
        Ok(if is_busy == 0 {
            Left::Nothing
        } else {
            Left::InUse
        })
    }

    /// Writes the file again without what earlier versions deleted and did not overwrite. Needs as much space again.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written, or another process uses it.
    pub async fn write_file_again(&self) -> Result<()> {
        let mut connection = self.writing().await;
        sqlx::query("vacuum").execute(&mut **connection).await?;
        Ok(())
    }
}
