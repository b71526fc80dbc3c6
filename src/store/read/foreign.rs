//! Another archive, whose replies are to be merged into this one. It is not trusted.

use std::path::Path;

use sqlx::{Connection, FromRow, SqliteConnection};

use crate::store::db::identity;
use crate::store::ledger::Dictionary;
use crate::store::{Error, Result};

/// Replies per read. Limits the memory of their bodies.
const REPLIES: u32 = 64;

/// A kept reply of another archive.
#[derive(Debug, Clone, FromRow)]
pub struct ForeignReply {
    pub id: i64,
    pub kept_group: i64,
    pub endpoint: String,
    /// For a call by hand, all its parameters as JSON.
    pub subject: String,
    pub cursor: Option<String>,
    pub settled_at: f64,
    pub request_id: Option<String>,
    /// zstd; `None` if it was removed.
    pub body: Option<Vec<u8>>,
    pub is_redacted: bool,
}

/// Another archive, open for reading.
pub struct Foreign {
    connection: SqliteConnection,
    has_redacted: bool,
}

impl Foreign {
    /// Opens an archive of this or an earlier version read-only. Its views and triggers cannot call anything.
    ///
    /// # Errors
    /// Returns an error if the file is no archive, is one of a newer version, or lacks what is read.
    pub async fn open(path: &Path) -> Result<Self> {
        let options = super::options(path).await?.pragma("trusted_schema", "off");
        let mut connection = SqliteConnection::connect_with(&options)
            .await
            .map_err(|error| Error::opening(path, &error))?;
        identity::check(&mut connection, path).await?;
        let columns: Vec<String> = sqlx::query_scalar(
            "select c.name from sqlite_schema t join pragma_table_info(t.name) c
             where t.type = 'table' and t.name in ('calls', 'dictionaries')",
        )
        .fetch_all(&mut connection)
        .await?;
        const NEEDED: [&str; 10] = [
            "kept_group",
            "endpoint",
            "subject",
            "cursor",
            "settled_at",
            "request_id",
            "body",
            "kept",
            "checksum",
            "dictionary",
        ];
        let has = |name: &str| columns.iter().any(|column| column == name);
        if let Some(missing) = NEEDED.iter().find(|name| !has(name)) {
            return Err(Error::Damaged(format!(
                "{}: the column {missing} is missing",
                path.display()
            )));
        }
        let has_redacted = has("redacted_at");
        sqlx::query("begin").execute(&mut connection).await?;
        Ok(Self {
            connection,
            has_redacted,
        })
    }

    /// Returns the number of kept replies.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn count(&mut self) -> Result<u64> {
        let count: i64 = sqlx::query_scalar("select count(*) from calls where kept = 1")
            .fetch_one(&mut self.connection)
            .await?;
        Ok(count.unsigned_abs())
    }

    /// Returns its dictionaries.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn dictionaries(&mut self) -> Result<Vec<Dictionary>> {
        crate::store::ledger::dictionaries_of(&mut self.connection).await
    }

    /// Returns the next kept replies after `after`, oldest first. A reply with more than `most` bytes has no body.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn replies(
        &mut self,
        after: Option<&ForeignReply>,
        most: usize,
    ) -> Result<Vec<ForeignReply>> {
        let redacted = match self.has_redacted {
            true => "redacted_at is not null",
            false => "0",
        };
        let text = format!(
            "select id, kept_group, endpoint, subject, cursor, settled_at, request_id,
                 iif(length(body) <= ?, body, null) as body, {redacted} as is_redacted
             from calls where kept = 1 and (kept_group, id) > (?, ?) order by kept_group, id limit ?"
        );
        // The text is made from constants.
        Ok(sqlx::query_as(sqlx::AssertSqlSafe(text))
            .bind(i64::try_from(most).unwrap_or(i64::MAX))
            .bind(after.map_or(i64::MIN, |reply| reply.kept_group))
            .bind(after.map_or(i64::MIN, |reply| reply.id))
            .bind(REPLIES)
            .fetch_all(&mut self.connection)
            .await?)
    }
}
