//! The raw replies and item hashes of the ledger, and the dictionaries of the replies.

use sqlx::{AssertSqlSafe, FromRow};

use crate::store::{Dictionary, ROWS_REFUSED, Result, Store};

/// A call with its raw reply.
#[derive(Debug, Clone, FromRow)]
pub struct Frame {
    pub id: i64,
    pub endpoint: String,
    pub subject: String,
    pub item_hashes: Option<Vec<u8>>,
    /// zstd
    pub body: Option<Vec<u8>>,
}

/// What replaces parts of a call; `None` leaves them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFrame {
    pub id: i64,
    pub item_hashes: Option<Vec<u8>>,
    pub body: Option<Vec<u8>>,
    /// Something was taken out of the reply; otherwise it is only packed in another way.
    pub is_redacted: bool,
}

/// Old replies, as SQL. A reply whose rows the archive refused was paid for, and is read again.
const OLD: &str =
    "body is not null and settled_at < ?1 and not (kept = 0 and coalesce(error, '') glob ?2)";
/// Replies that are removed in one transaction.
const FORGOTTEN_AT_ONCE: u32 = 500;

/// The beginning of the endpoint of a dictionary that is being replaced: nothing is packed with it any more.
const REPLACED: &str = "replaced:";

impl Store {
    /// Returns the next calls that have a raw reply or item hashes.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn frames(&self, after: i64, limit: u32) -> Result<Vec<Frame>> {
        Ok(sqlx::query_as(
            "select id, endpoint, subject, item_hashes, body from calls
             where id > ? and (body is not null or item_hashes is not null) order by id limit ?",
        )
        .bind(after)
        .bind(limit)
        .fetch_all(self.readers())
        .await?)
    }

    /// Returns the greatest number of a call.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn last_call(&self) -> Result<i64> {
        Ok(sqlx::query_scalar("select coalesce(max(id), 0) from calls")
            .fetch_one(self.readers())
            .await?)
    }

    /// Replaces parts of calls in one transaction.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn replace_frames(&self, frames: &[NewFrame], now: f64) -> Result<()> {
        if frames.is_empty() {
            return Ok(());
        }
        let mut transaction = self.begin().await?;
        for frame in frames {
            sqlx::query(
                "update calls set item_hashes = coalesce(?2, item_hashes), body = coalesce(?3, body),
                 redacted_at = iif(?4, ?5, redacted_at) where id = ?1",
            )
            .bind(frame.id)
            .bind(&frame.item_hashes)
            .bind(&frame.body)
            .bind(frame.is_redacted)
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await
    }

    /// Counts the raw replies of calls that were settled before a time, without those whose rows are still to be read.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn replies_before(&self, before: f64) -> Result<i64> {
        Ok(sqlx::query_scalar(AssertSqlSafe(format!(
            "select count(*) from calls where {OLD}"
        )))
        .bind(before)
        .bind(format!("{ROWS_REFUSED}*"))
        .fetch_one(self.readers())
        .await?)
    }

    /// Removes some raw replies of calls that were settled before a time. Returns their number; 0 if none is left.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn forget_replies(&self, before: f64, now: f64) -> Result<u64> {
        let mut transaction = self.begin().await?;
        let removed = sqlx::query(AssertSqlSafe(format!(
            "update calls set body = null, redacted_at = ?3 where id in
             (select id from calls where {OLD} order by id limit {FORGOTTEN_AT_ONCE})"
        )))
        .bind(before)
        .bind(format!("{ROWS_REFUSED}*"))
        .bind(now)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(removed.rows_affected())
    }

    /// Retires a dictionary and adds the one that replaces it, if there is one, in one transaction.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn replace_dictionary(
        &self,
        old: &Dictionary,
        new: Option<&Dictionary>,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query("update dictionaries set endpoint = ? || id || ':' || endpoint where id = ?")
            .bind(REPLACED)
            .bind(old.id)
            .execute(&mut *transaction)
            .await?;
        if let Some(new) = new {
            sqlx::query(
                "insert into dictionaries (id, endpoint, made_at, replies, checksum, dictionary)
                 values (?, ?, ?, ?, ?, ?)",
            )
            .bind(new.id)
            .bind(&new.endpoint)
            .bind(new.made_at)
            .bind(new.replies)
            .bind(new.checksum)
            .bind(&new.bytes)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await
    }

    /// Returns the retired dictionaries, with the endpoints that they were for.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn retired_dictionaries(&self) -> Result<Vec<(i64, String)>> {
        let all = self.dictionaries().await?.into_iter();
        let retired = all.filter_map(|it| {
            let rest = it.endpoint.strip_prefix(REPLACED)?;
            Some((it.id, rest.split_once(':')?.1.to_owned()))
        });
        Ok(retired.collect())
    }

    /// Removes a retired dictionary. No reply may need it.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn remove_dictionary(&self, id: i64) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query("delete from dictionaries where id = ?")
            .bind(id)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }
}
