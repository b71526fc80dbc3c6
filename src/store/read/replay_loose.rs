//! Replies without a job, by what they answer: imported ones, whose subject is that of a job, and calls by hand, whose subject is all
//! their parameters as JSON. Every query uses the index of calls without a job.

use sqlx::FromRow;
use sqlx::sqlite::SqlitePool;

use super::imported::Wanted;
use super::replay::REFUSALS;
use crate::store::Result;

/// An imported page without its body.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct ImportedPage {
    pub id: i64,
    pub next_cursor: Option<String>,
}

/// A reply that was removed, and not the call that got it.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct RemovedReply {
    pub id: i64,
    /// When it was bought, or the time of an imported one, in Unix seconds.
    pub at: f64,
    pub is_imported: bool,
}

/// The condition for imported pages of endpoint `?1` and subject `?2` that were known at `?3`. The subject of one that looks like
/// parameters has a space before it.
const IMPORTED: &str = "endpoint = ?1 and subject = iif(?2 glob '{*', ' ' || ?2, ?2) and job_id is null and outcome = 'imported'
     and kept = 1 and body is not null and (?3 is null or settled_at <= ?3)";

/// Returns up to `most` imported pages that answer a request, the newest first.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn replay_imported(
    pool: &SqlitePool,
    wanted: Wanted<'_>,
    at: Option<f64>,
    most: u32,
) -> Result<Vec<ImportedPage>> {
    let sql = format!(
        "select id, next_cursor from calls where {IMPORTED} and cursor is ?4 order by settled_at desc, id desc limit ?5"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(wanted.endpoint)
        .bind(wanted.subject)
        .bind(at)
        .bind(wanted.cursor)
        .bind(most)
        .fetch_all(pool)
        .await?)
}

/// Returns the cursors of the imported pages of a subject.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn replay_imported_cursors(
    pool: &SqlitePool,
    endpoint: &str,
    subject: &str,
    at: Option<f64>,
) -> Result<Vec<Option<String>>> {
    let sql = format!("select cursor from calls where {IMPORTED} group by cursor order by min(id)");
    Ok(sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(endpoint)
        .bind(subject)
        .bind(at)
        .fetch_all(pool)
        .await?)
}

/// Returns the newest call by hand with these parameters, as JSON, and with a reply that was known at `at`.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn replay_by_hand(
    pool: &SqlitePool,
    endpoint: &str,
    parameters: &str,
    at: Option<f64>,
) -> Result<Option<i64>> {
    let sql = format!(
        "select id from calls where endpoint = ?1 and subject = ?2 and job_id is null and outcome <> 'imported'
             and body is not null and (kept = 1 or http_status in {REFUSALS}) and (?3 is null or settled_at <= ?3)
         order by id desc limit 1"
    );
    Ok(sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(endpoint)
        .bind(parameters)
        .bind(at)
        .fetch_optional(pool)
        .await?)
}

/// Returns how many calls by hand of an endpoint have a kept reply that was known at `at`.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn replay_calls_by_hand(
    pool: &SqlitePool,
    endpoint: &str,
    at: Option<f64>,
) -> Result<i64> {
    Ok(sqlx::query_scalar(
        "select count(*) from calls where endpoint = ?1 and job_id is null and outcome <> 'imported' and body is not null
             and kept = 1 and (?2 is null or settled_at <= ?2)",
    )
    .bind(endpoint)
    .bind(at)
    .fetch_one(pool)
    .await?)
}

/// Returns whether a reply is stored that was known at `at`.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn replay_has_any(pool: &SqlitePool, at: Option<f64>) -> Result<bool> {
    let sql = "select exists (select 1 from calls where body is not null and (?1 is null or settled_at <= ?1))";
    Ok(sqlx::query_scalar(sql).bind(at).fetch_one(pool).await?)
}

/// Returns when the first stored reply came, in Unix seconds; `None` if there is none.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn replay_first_at(pool: &SqlitePool) -> Result<Option<f64>> {
    let sql = "select min(settled_at) from calls where body is not null";
    Ok(sqlx::query_scalar(sql).fetch_one(pool).await?)
}

/// Returns the newest call that got the answer to a request, and whose reply was removed since. `parameters` is the request as
/// a call by hand states it.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn replay_removed(
    pool: &SqlitePool,
    wanted: Wanted<'_>,
    parameters: &str,
    at: Option<f64>,
) -> Result<Option<RemovedReply>> {
    let is_removed = format!(
        "body is null and redacted_at is not null and (kept = 1 or http_status in {REFUSALS})
             and (?5 is null or settled_at <= ?5)"
    );
    let found = "select id, settled_at as at, outcome = 'imported' as is_imported from calls";
    let sql = format!(
        "{found} where job_id = (select id from jobs where endpoint = ?1 and subject = ?2) and cursor is ?3 and {is_removed}
         union all
         {found} where endpoint = ?1 and subject = iif(?2 glob '{{*', ' ' || ?2, ?2) and job_id is null
             and outcome = 'imported' and cursor is ?3 and {is_removed}
         union all
         {found} where endpoint = ?1 and subject = ?4 and job_id is null and outcome <> 'imported' and {is_removed}
         order by at desc, id desc limit 1"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(wanted.endpoint)
        .bind(wanted.subject)
        .bind(wanted.cursor)
        .bind(parameters)
        .bind(at)
        .fetch_optional(pool)
        .await?)
}

/// Returns a call if its reply was removed.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn removed_reply(pool: &SqlitePool, call_id: i64) -> Result<Option<RemovedReply>> {
    Ok(sqlx::query_as(
        "select id, settled_at as at, outcome = 'imported' as is_imported from calls
         where id = ? and body is null and redacted_at is not null",
    )
    .bind(call_id)
    .fetch_optional(pool)
    .await?)
}
