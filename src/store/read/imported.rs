//! What an import looks up: whether the archive has a reply, and imported replies that a job may use.

use sqlx::Row;
use sqlx::sqlite::SqlitePool;

use crate::model::MicroUsd;
use crate::store::ledger::dictionaries_of;
use crate::store::{Dictionary, Outcome, Result, Settlement};

/// The request of a reply.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub endpoint: &'a str,
    pub subject: &'a str,
    pub cursor: Option<&'a str>,
}

/// An imported reply that answers a job.
#[derive(Debug, Clone)]
pub struct UsableReply {
    pub call_id: i64,
    /// When the remote answered, Unix seconds.
    pub at: f64,
    pub settlement: Settlement,
    /// zstd
    pub body: Vec<u8>,
    pub is_redacted: bool,
}

/// Returns whether this reply was imported before, as an answer to the same request.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn was_imported(pool: &SqlitePool, wanted: Wanted<'_>, sha256: &[u8]) -> Result<bool> {
    let found = sqlx::query_scalar(
        "select exists (select 1 from imports i join calls c on c.id = i.call_id
         where i.sha256 = ? and c.endpoint = ? and ltrim(c.subject) = ltrim(?) and c.cursor is ?)",
    );
    let found = found
        .bind(sha256)
        .bind(wanted.endpoint)
        .bind(wanted.subject)
        .bind(wanted.cursor);
    Ok(found.fetch_one(pool).await?)
}

/// A kept reply to some request.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Kept {
    /// When the remote answered, Unix seconds.
    pub settled_at: f64,
    /// zstd
    pub body: Vec<u8>,
}

/// Returns the kept replies of the remote to the same request. `parameters` is the request as a call by hand states it.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn answers_to(
    pool: &SqlitePool,
    wanted: Wanted<'_>,
    parameters: &str,
) -> Result<Vec<Kept>> {
    Ok(sqlx::query_as(
        "select c.settled_at, c.body from calls c
         where c.job_id = (select id from jobs where endpoint = ?1 and subject = ?2) and c.cursor is ?3 and c.kept = 1
             and c.body is not null
         union all
         select settled_at, body from calls where endpoint = ?1 and subject = ?4 and cursor is ?3 and job_id is null
             and kept = 1 and body is not null",
    )
    .bind(wanted.endpoint)
    .bind(wanted.subject)
    .bind(wanted.cursor)
    .bind(parameters)
    .fetch_all(pool)
    .await?)
}

/// How many of the newest imported replies to a request are looked at, and how many of these are returned.
const NEWEST: u32 = 1_024;
const MOST: u32 = 8;

/// Returns the newest imported replies to the same request that no job has: those of this time, or of any. A file may have any
/// number of them, so older ones are not looked at.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn imported_before(
    pool: &SqlitePool,
    wanted: Wanted<'_>,
    at: Option<f64>,
) -> Result<Vec<Kept>> {
    Ok(sqlx::query_as(
        "select c.settled_at, c.body from (
             select id from calls where endpoint = ?1 and subject = iif(?2 like '{%', ' ' || ?2, ?2) and cursor is ?3
                 and job_id is null order by id desc limit ?5
         ) newest join calls c on c.id = newest.id
         where c.outcome = 'imported' and c.kept = 1 and c.body is not null
             and (?4 is null or c.settled_at between ?4 - 0.001 and ?4 + 0.001)
         limit ?6",
    )
    .bind(wanted.endpoint)
    .bind(wanted.subject)
    .bind(wanted.cursor)
    .bind(at)
    .bind(NEWEST)
    .bind(MOST)
    .fetch_all(pool)
    .await?)
}

/// Returns whether there are imported replies that no job asked for.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn has_imported(pool: &SqlitePool) -> Result<bool> {
    Ok(sqlx::query_scalar(
        "select exists (select 1 from imports i join calls c on c.id = i.call_id where c.job_id is null)",
    )
    .fetch_one(pool)
    .await?)
}

/// Returns the newest imported reply to this request.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn imported_reply(pool: &SqlitePool, wanted: Wanted<'_>) -> Result<Option<UsableReply>> {
    let row = sqlx::query(
        "select id, settled_at, http_status, request_id, body_bytes, body, redacted_at is not null from calls
         where endpoint = ? and subject = ? and cursor is ? and job_id is null and outcome = 'imported' and kept = 1
             and body is not null
         order by settled_at desc, id desc limit 1",
    )
    .bind(wanted.endpoint)
    .bind(wanted.subject)
    .bind(wanted.cursor)
    .fetch_optional(pool)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let body: Vec<u8> = row.try_get(5)?;
    let body_bytes: Option<i64> = row.try_get(4)?;
    Ok(Some(UsableReply {
        call_id: row.try_get(0)?,
        at: row.try_get(1)?,
        settlement: Settlement {
            outcome: Outcome::Imported,
            charge: MicroUsd(0),
            http_status: row.try_get(2)?,
            error: None,
            request_id: row.try_get(3)?,
            body_bytes: body_bytes.and_then(|bytes| usize::try_from(bytes).ok()),
            body: Some(body.clone()),
        },
        body,
        is_redacted: row.try_get(6)?,
    }))
}

/// Returns all dictionaries.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn dictionaries(pool: &SqlitePool) -> Result<Vec<Dictionary>> {
    dictionaries_of(&mut *pool.acquire().await?).await
}

/// Returns whether there are imported replies, and whether there are kept replies of the remote.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn has_replies(pool: &SqlitePool) -> Result<(bool, bool)> {
    Ok(sqlx::query_as(
        "select exists (select 1 from imports), exists (select 1 from call_totals where answered > 0)",
    )
    .fetch_one(pool)
    .await?)
}
