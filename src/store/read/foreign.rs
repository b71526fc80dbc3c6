//! Another archive, whose replies are to be merged into this one. It is not trusted: each of its values may have another type,
//! or any size.

use std::path::Path;

use sqlx::sqlite::SqliteRow;
use sqlx::{Connection, Row, SqliteConnection};

use crate::store::db::identity;
use crate::store::ledger::Dictionary;
use crate::store::{Error, Result};

/// Places of replies per read.
const PLACES: u32 = 256;
/// The most bytes of a value other than a body.
const VALUE: i64 = 64 << 10;
/// The most bytes of one dictionary, and of all.
const DICTIONARY: i64 = 1 << 20;
const DICTIONARIES: usize = 32 << 20;

/// A kept reply of another archive.
#[derive(Debug, Clone)]
pub struct ForeignReply {
    pub endpoint: String,
    /// For a call by hand, all its parameters as JSON.
    pub subject: String,
    pub cursor: Option<String>,
    pub settled_at: f64,
    /// `None` if it is not stated, or no status.
    pub http_status: Option<u16>,
    pub request_id: Option<String>,
    /// zstd; `None` if it was removed.
    pub body: Option<Vec<u8>>,
    pub is_redacted: bool,
}

/// Where a kept reply is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForeignPlace {
    pub id: i64,
    /// `None` for a reply without a group. These come last.
    group: Option<i64>,
}

/// Another archive, open for reading.
pub struct Foreign {
    connection: SqliteConnection,
    has_redacted: bool,
    has_status: bool,
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
        let (has_redacted, has_status) = (has("redacted_at"), has("http_status"));
        sqlx::query("begin").execute(&mut connection).await?;
        Ok(Self {
            connection,
            has_redacted,
            has_status,
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

    /// Returns its dictionaries, and what is wrong with those that cannot be used.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn dictionaries(&mut self) -> Result<(Vec<Dictionary>, Vec<String>)> {
        let places: Vec<i64> =
            sqlx::query_scalar("select rowid from dictionaries order by rowid limit ?")
                .bind(PLACES)
                .fetch_all(&mut self.connection)
                .await?;
        let (mut all, mut wrong, mut bytes) = (Vec::new(), Vec::new(), 0);
        for place in places {
            let row = sqlx::query(
                "select id, iif(octet_length(endpoint) <= ?1, endpoint, null) as endpoint, made_at, replies, checksum,
                     iif(octet_length(dictionary) <= ?2, dictionary, null) as dictionary
                 from dictionaries where rowid = ?3",
            )
            .bind(VALUE)
            .bind(DICTIONARY)
            .bind(place)
            .fetch_one(&mut self.connection)
            .await;
            let read = row.and_then(|row| {
                Ok(Dictionary {
                    id: stated(&row, "id")?,
                    endpoint: stated(&row, "endpoint")?,
                    made_at: stated(&row, "made_at")?,
                    replies: stated(&row, "replies")?,
                    checksum: stated(&row, "checksum")?,
                    bytes: stated(&row, "dictionary")?,
                })
            });
            match read {
                Ok(dictionary) if bytes + dictionary.bytes.len() <= DICTIONARIES => {
                    bytes += dictionary.bytes.len();
                    all.push(dictionary);
                }
                Ok(_) => wrong.push(format!("dictionary {place} is one too many")),
                Err(why) => wrong.push(format!("dictionary {place} cannot be read: {why}")),
            }
        }
        Ok((all, wrong))
    }

    /// Returns where the next kept replies after `after` are, oldest first.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn places(&mut self, after: Option<ForeignPlace>) -> Result<Vec<ForeignPlace>> {
        if after.is_none_or(|after| after.group.is_some()) {
            let places: Vec<(i64, i64)> = sqlx::query_as(
                "select rowid, kept_group from calls
                 where kept = 1 and typeof(kept_group) = 'integer' and kept_group >= ?1
                     and (kept_group, rowid) > (?1, ?2)
                 order by kept_group, rowid limit ?3",
            )
            .bind(after.and_then(|it| it.group).unwrap_or(i64::MIN))
            .bind(after.map_or(i64::MIN, |it| it.id))
            .bind(PLACES)
            .fetch_all(&mut self.connection)
            .await?;
            if !places.is_empty() {
                let place = |(id, group)| ForeignPlace {
                    id,
                    group: Some(group),
                };
                return Ok(places.into_iter().map(place).collect());
            }
        }
        let last = after.filter(|after| after.group.is_none());
        let places: Vec<i64> = sqlx::query_scalar(
            "select rowid from calls
             where kept = 1 and typeof(kept_group) <> 'integer' and (?1 is null or rowid > ?1)
             order by rowid limit ?2",
        )
        .bind(last.map(|it| it.id))
        .bind(PLACES)
        .fetch_all(&mut self.connection)
        .await?;
        let place = |id| ForeignPlace { id, group: None };
        Ok(places.into_iter().map(place).collect())
    }

    /// Returns a kept reply. One with more than `most` bytes has no body.
    ///
    /// # Errors
    /// Returns an error if it cannot be read, or a value has the wrong type or is too long.
    pub async fn reply(&mut self, place: ForeignPlace, most: usize) -> Result<ForeignReply> {
        let redacted = match self.has_redacted {
            true => "redacted_at is not null",
            false => "0",
        };
        let status = match self.has_status {
            true => {
                "iif(typeof(http_status) = 'integer' and http_status between 100 and 599, http_status, null)"
            }
            false => "null",
        };
        // What is too long becomes a number, which is no text.
        let text = format!(
            "select iif(octet_length(endpoint) > ?1, 0, endpoint) as endpoint,
                 iif(octet_length(subject) > ?1, 0, subject) as subject,
                 iif(octet_length(cursor) > ?1, 0, cursor) as cursor,
                 iif(octet_length(request_id) > ?1, 0, request_id) as request_id,
                 {status} as http_status,
                 iif(octet_length(settled_at) > ?1, null, settled_at) as settled_at,
                 iif(octet_length(body) <= ?2, body, null) as body, {redacted} as is_redacted
             from calls where rowid = ?3"
        );
        // The text is made from constants.
        let row = sqlx::query(sqlx::AssertSqlSafe(text))
            .bind(VALUE)
            .bind(i64::try_from(most).unwrap_or(i64::MAX))
            .bind(place.id)
            .fetch_one(&mut self.connection)
            .await?;
        Ok(read(&row)?)
    }
}

fn read(row: &SqliteRow) -> sqlx::Result<ForeignReply> {
    Ok(ForeignReply {
        endpoint: stated(row, "endpoint")?,
        subject: stated(row, "subject")?,
        cursor: row.try_get("cursor")?,
        settled_at: stated(row, "settled_at")?,
        http_status: row.try_get("http_status")?,
        request_id: row.try_get("request_id")?,
        body: row.try_get("body")?,
        is_redacted: row.try_get("is_redacted")?,
    })
}

/// Returns a value that must not be null. The driver reads null as 0 or as nothing.
fn stated<'r, T>(row: &'r SqliteRow, column: &str) -> sqlx::Result<T>
where
    T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    let value: Option<T> = row.try_get(column)?;
    value.ok_or_else(|| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: "it is null or too long".into(),
    })
}
