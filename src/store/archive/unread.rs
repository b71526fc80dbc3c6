//! Kept replies whose texts an earlier version did not read: they fill the newer tables, without a call.

use sqlx::{FromRow, SqliteConnection};

use super::ScratchPage;
use super::scratch::page_rows;
use crate::store::read::Snapshot;
use crate::store::{Result, Store};

/// The name of the setting with the last group of pages that has been read. Without it, all are read.
const AFTER_GROUP: &str = "entities_after_group";
/// About how many replies are read at once. Limits the memory of their bodies.
const REPLIES: u32 = 64;

/// A kept reply whose texts are not read yet.
#[derive(Debug, Clone, FromRow)]
pub struct UnreadReply {
    pub call_id: i64,
    pub kept_group: i64,
    pub job_id: Option<i64>,
    pub endpoint: String,
    /// For a manual call, all its parameters as JSON.
    pub subject: String,
    /// zstd
    pub body: Option<Vec<u8>>,
}

async fn unread(connection: &mut SqliteConnection) -> Result<u64> {
    let unread: i64 = sqlx::query_scalar(
        "select count(*) from calls
         where kept_group > (select cast(value as integer) from settings where name = ?)",
    )
    .bind(AFTER_GROUP)
    .fetch_one(connection)
    .await?;
    Ok(u64::try_from(unread).unwrap_or(0))
}

impl Snapshot {
    /// Returns how many kept replies have texts that are not read yet.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn unread_replies(&mut self) -> Result<u64> {
        unread(self.connection()).await
    }
}

impl Store {
    /// Returns how many kept replies have texts that are not read yet: none in an archive of this version.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn unread_replies(&self) -> Result<u64> {
        unread(&mut *self.readers().acquire().await?).await
    }

    /// Returns the next unread replies: whole groups, in the order in which their pages were kept.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn next_unread(&self) -> Result<Vec<UnreadReply>> {
        Ok(sqlx::query_as(
            "with after (n) as (select cast(value as integer) from settings where name = ?),
                 next (n) as (select max(kept_group) from
                     (select kept_group from calls, after where kept_group > after.n order by kept_group limit ?))
             select id as call_id, kept_group, job_id, endpoint, subject, body from calls, after, next
             where kept_group > after.n and kept_group <= next.n order by kept_group, id",
        )
        .bind(AFTER_GROUP)
        .bind(REPLIES)
        .fetch_all(self.readers())
        .await?)
    }

    /// Writes what was read of the groups up to `group`.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written. Nothing is written then.
    pub async fn keep_unread(&self, pages: &[ScratchPage], group: i64) -> Result<()> {
        let mut transaction = self.begin().await?;
        super::write(&mut transaction, &page_rows(pages), super::Known::default()).await?;
        sqlx::query("update settings set value = ? where name = ?")
            .bind(group)
            .bind(AFTER_GROUP)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    /// Notes that every kept reply has been read.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn all_read(&self) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query("delete from settings where name = ?")
            .bind(AFTER_GROUP)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }
}
