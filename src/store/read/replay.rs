//! The replies of jobs by what they answer, for a replay. Every query uses an index and reads one body at most.

use sqlx::FromRow;
use sqlx::sqlite::{SqliteConnection, SqlitePool};

use crate::store::Result;

/// Statuses of answers about a subject: private, gone, or withheld.
pub(super) const REFUSALS: &str = "(403, 404, 410, 451)";

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
    /// A reply of it is stored. Old ones may have been removed.
    #[sqlx(default)]
    pub is_stored: bool,
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
        is_stored: false,
    }];
    passes.extend(spans);
    passes.extend(before_spans(&mut reader, id, pass_call_id, &passes).await?);
    for pass in &mut passes {
        pass.is_stored = is_stored(&mut reader, id, pass).await?;
    }
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
        is_stored: false,
    }))
}

async fn is_stored(reader: &mut SqliteConnection, job_id: i64, pass: &ReplayPass) -> Result<bool> {
    let sql = format!(
        "select exists (select 1 from calls where job_id = ? and id between ? and ? and body is not null
             and (kept = 1 or http_status in {REFUSALS}))"
    );
    Ok(sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(job_id)
        .bind(pass.first_call_id)
        .bind(pass.last_call_id)
        .fetch_one(reader)
        .await?)
}

/// Returns the newest call of a pass that sent a cursor and whose page is stored.
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
        "select id from calls where job_id = ? and id between ? and ? and kept = 1 and body is not null and cursor is ?
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

/// Returns how many subjects of an endpoint have a stored page that was known at `at`, without those of calls by hand.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn replay_subjects(pool: &SqlitePool, endpoint: &str, at: Option<f64>) -> Result<i64> {
    let is_stored = "kept = 1 and body is not null and (?2 is null or settled_at <= ?2)";
    let sql = format!(
        "select count(*) from (
             select subject from jobs where endpoint = ?1
                 and exists (select 1 from calls where calls.job_id = jobs.id and {is_stored})
             union
             select iif(subject glob ' {{*', ltrim(subject), subject) from calls
             where endpoint = ?1 and job_id is null and outcome = 'imported' and {is_stored})"
    );
    Ok(sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(endpoint)
        .bind(at)
        .fetch_one(pool)
        .await?)
}

/// Returns the cursors of the stored pages of a pass, oldest first.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn replay_cursors(
    pool: &SqlitePool,
    job_id: i64,
    pass: &ReplayPass,
) -> Result<Vec<Option<String>>> {
    Ok(sqlx::query_scalar(
        "select cursor from calls where job_id = ? and id between ? and ? and kept = 1 and body is not null
         group by cursor order by min(id)",
    )
    .bind(job_id)
    .bind(pass.first_call_id)
    .bind(pass.last_call_id)
    .fetch_all(pool)
    .await?)
}

/// Where a walk began that did not begin at the head of its list.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct NestedBeginning {
    /// The cursor of its first page.
    pub cursor: String,
    /// The job whose reply led to it.
    pub endpoint: Option<String>,
    pub subject: Option<String>,
}

/// Returns where a pass began; `None` if it began at the head of its list.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn replay_beginning(
    pool: &SqlitePool,
    job_id: i64,
    pass: &ReplayPass,
) -> Result<Option<NestedBeginning>> {
    Ok(sqlx::query_as(
        "select first.cursor, parent.endpoint, parent.subject
         from (select cursor from calls where job_id = ?1 and id between ?2 and ?3 and kept = 1 order by id limit 1) first
         left join jobs parent on parent.id = (select parent_job_id from jobs where id = ?1)
         where first.cursor is not null",
    )
    .bind(job_id)
    .bind(pass.first_call_id)
    .bind(pass.last_call_id)
    .fetch_optional(pool)
    .await?)
}
