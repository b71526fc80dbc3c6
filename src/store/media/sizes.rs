//! The sizes of files, as the replies that showed them state them.

use sqlx::FromRow;

use crate::store::{Result, Store};

/// A kept reply that shows files whose sizes were not looked for yet.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ShowingReply {
    pub call_id: i64,
    /// zstd; `None` if it was removed.
    pub body: Option<Vec<u8>>,
}

impl Store {
    /// Returns some replies that show files whose sizes were not looked for yet.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn replies_with_sizes(&self, limit: u32) -> Result<Vec<ShowingReply>> {
        Ok(sqlx::query_as(
            "select id as call_id, body from calls where id in (
                 select distinct a.last_call_id from media m
                 join attachment_media am on am.media_id = m.id join attachments a on a.id = am.attachment_id
                 where m.stated_bytes is null limit ?)",
        )
        .bind(limit)
        .fetch_all(self.readers())
        .await?)
    }

    /// Notes which sizes a reply states, by address. Those that it does not state count as looked for.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn state_sizes(&self, call_id: i64, sizes: &[(String, i64)]) -> Result<()> {
        let mut transaction = self.begin().await?;
        for (url_path, bytes) in sizes {
            sqlx::query(
                "update media set stated_bytes = ? where url_path = ? and stated_bytes is null",
            )
            .bind(bytes)
            .bind(url_path)
            .execute(&mut *transaction)
            .await?;
        }
        sqlx::query(
            "update media set stated_bytes = 0 where stated_bytes is null and id in (
                 select am.media_id from attachments a join attachment_media am on am.attachment_id = a.id
                 where a.last_call_id = ?)",
        )
        .bind(call_id)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }
}
