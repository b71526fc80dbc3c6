//! The replies of an archive by what they answer, for a replay. Every query uses an index and reads one body at most, apart from the
//! list of calls by hand, which reads no body.

use sqlx::FromRow;
use sqlx::sqlite::{SqliteConnection, SqlitePool};

use crate::store::Result;

/// Statuses of answers about a subject: private, gone, or withheld.
const REFUSALS: &str = "(403, 404, 410, 451)";
/// Calls by hand per read.
const CALLS: u32 = 1_000;

/// A job and its passes.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplayJob {
    pub id: i64,
    /// The newest first.
    pub passes: Vec<ReplayPass>,
}

/// One pass of a job: its calls, and how it ended.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct ReplayPass {
    pub first_call_id: i64,
    pub last_call_id: i64,
    /// The cursor after its last page, or after the span that it met.
    pub tail_cursor: Option<String>,
    /// The call of a later pass that met it and went on after it.
    pub joined_by_call_id: Option<i64>,
    /// It saw the end of its list, or the remote refused its subject.
    pub is_complete: bool,
    /// `None` while it goes on.
    pub ended_at: Option<f64>,
}

/// A page without its body.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct ReplayPage {
    pub id: i64,
    pub next_cursor: Option<String>,
    pub item_hashes: Option<Vec<u8>>,
}

/// A stored reply.
#[derive(Debug, Clone, FromRow)]
pub struct StoredReply {
    pub endpoint: String,
    pub subject: String,
    pub http_status: Option<u16>,
    /// zstd; `None` if it was removed.
    pub body: Option<Vec<u8>>,
}

/// A call that no job made: all its parameters are its subject, as JSON.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct CallByHand {
    pub id: i64,
    pub endpoint: String,
    pub subject: String,
}

/// Returns the job of a subject with its passes.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn replay_job(
    pool: &SqlitePool,
    endpoint: &str,
    subject: &str,
) -> Result<Option<ReplayJob>> {
    let mut reader = pool.begin().await?;
    let job: Option<(i64, i64, Option<String>, Option<f64>)> = sqlx::query_as(
        "select id, pass_call_id, stop_reason, ended_at from jobs where endpoint = ? and subject = ?",
    )
    .bind(endpoint)
    .bind(subject)
    .fetch_optional(&mut *reader)
    .await?;
    let Some((id, pass_call_id, stop_reason, ended_at)) = job else {
        return Ok(None);
    };
    let spans: Vec<ReplayPass> = sqlx::query_as(
        "select first_call_id, last_call_id, tail_cursor, iif(state = 'met', joined_by_call_id, null) as joined_by_call_id,
             reached_end as is_complete, (select settled_at from calls where calls.id = last_call_id) as ended_at
         from spans where job_id = ? order by id desc",
    )
    .bind(id)
    .fetch_all(&mut *reader)
    .await?;
    let ended = stop_reason.as_deref();
    let mut passes = vec![ReplayPass {
        first_call_id: pass_call_id + 1,
        last_call_id: i64::MAX,
        tail_cursor: None,
        joined_by_call_id: None,
        is_complete: matches!(ended, Some("complete" | "gone" | "denied")),
        ended_at,
    }];
    passes.extend(spans);
    passes.extend(before_spans(&mut reader, id, pass_call_id, &passes).await?);
    Ok(Some(ReplayJob { id, passes }))
}

/// Returns the pages of a job that an archive kept before it had spans. Nothing tells whether they are complete.
async fn before_spans(
    reader: &mut SqliteConnection,
    job_id: i64,
    pass_call_id: i64,
    passes: &[ReplayPass],
) -> Result<Option<ReplayPass>> {
    let first = passes.iter().map(|pass| pass.first_call_id).min();
    let last_call_id = first.unwrap_or(0).min(pass_call_id + 1) - 1;
    let ended_at: Option<Option<f64>> = sqlx::query_scalar(
        "select settled_at from calls where job_id = ? and id <= ? and kept = 1 order by id desc limit 1",
    )
    .bind(job_id)
    .bind(last_call_id)
    .fetch_optional(reader)
    .await?;
    Ok(ended_at.map(|ended_at| ReplayPass {
        first_call_id: 0,
        last_call_id,
        tail_cursor: None,
        joined_by_call_id: None,
        is_complete: false,
        ended_at,
    }))
}

/// Returns the newest call of a pass that sent a cursor and whose page is kept.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn replay_page(
    pool: &SqlitePool,
    job_id: i64,
    pass: &ReplayPass,
    cursor: Option<&str>,
) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar(
        "select id from calls where job_id = ? and id between ? and ? and kept = 1 and cursor is ?
         order by id desc limit 1",
    )
    .bind(job_id)
    .bind(pass.first_call_id)
    .bind(pass.last_call_id)
    .bind(cursor)
    .fetch_optional(pool)
    .await?)
}

/// Returns the newest call of a pass that sent a cursor and was told that the subject is gone or withheld.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn replay_refusal(
    pool: &SqlitePool,
    job_id: i64,
    pass: &ReplayPass,
    cursor: Option<&str>,
) -> Result<Option<i64>> {
    let sql = format!(
        "select id from calls where job_id = ? and id between ? and ? and kept = 0 and outcome = 'answered'
             and body is not null and http_status in {REFUSALS} and cursor is ? order by id desc limit 1"
    );
    Ok(sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(job_id)
        .bind(pass.first_call_id)
        .bind(pass.last_call_id)
        .bind(cursor)
        .fetch_optional(pool)
        .await?)
}

/// Returns the kept pages of a pass, oldest first.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn replay_pages(
    pool: &SqlitePool,
    job_id: i64,
    pass: &ReplayPass,
) -> Result<Vec<ReplayPage>> {
    Ok(sqlx::query_as(
        "select id, next_cursor, item_hashes from calls where job_id = ? and id between ? and ? and kept = 1 order by id",
    )
    .bind(job_id)
    .bind(pass.first_call_id)
    .bind(pass.last_call_id)
    .fetch_all(pool)
    .await?)
}

/// Returns the reply of a call.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn stored_reply(pool: &SqlitePool, call_id: i64) -> Result<StoredReply> {
    Ok(
        sqlx::query_as("select endpoint, subject, http_status, body from calls where id = ?")
            .bind(call_id)
            .fetch_one(pool)
            .await?,
    )
}

/// Returns the next calls by hand with a reply after the call `after`, settled by `at` in Unix seconds.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn calls_by_hand(
    pool: &SqlitePool,
    after: i64,
    at: Option<f64>,
) -> Result<Vec<CallByHand>> {
    let sql = format!(
        "select id, endpoint, subject from calls where id > ? and job_id is null and body is not null
             and (kept = 1 or http_status in {REFUSALS}) and (?2 is null or settled_at <= ?2) order by id limit ?3"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(after)
        .bind(at)
        .bind(CALLS)
        .fetch_all(pool)
        .await?)
}

/// Returns how many subjects of an endpoint have a page.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn replay_subjects(pool: &SqlitePool, endpoint: &str) -> Result<i64> {
    Ok(sqlx::query_scalar(
        "select count(*) from jobs where endpoint = ?
             and exists (select 1 from calls where calls.job_id = jobs.id and calls.kept = 1)",
    )
    .bind(endpoint)
    .fetch_one(pool)
    .await?)
}

/// Returns up to `most` cursors of the kept pages of a pass, and the number of its pages.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn replay_cursors(
    pool: &SqlitePool,
    job_id: i64,
    pass: &ReplayPass,
    most: u32,
) -> Result<(Vec<Option<String>>, i64)> {
    let rows: Vec<(Option<String>, i64)> = sqlx::query_as(
        "select cursor, count(*) over () from calls where job_id = ? and id between ? and ? and kept = 1 order by id limit ?",
    )
    .bind(job_id)
    .bind(pass.first_call_id)
    .bind(pass.last_call_id)
    .bind(most)
    .fetch_all(pool)
    .await?;
    let count = rows.first().map_or(0, |(_, count)| *count);
    Ok((rows.into_iter().map(|(cursor, _)| cursor).collect(), count))
}
