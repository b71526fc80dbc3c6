//! Jobs as `soracrawl jobs` lists them, and what the pending ones still require.

use sqlx::sqlite::SqlitePool;
use sqlx::{AssertSqlSafe, Row};

use crate::model::{LeftOf, NewJob};
use crate::store::Result;
use crate::store::queue::{self, FROM_HEAD, MATCHES, Requeue};

/// Returns how much is left to fetch of a subject, as far as the archive knows.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn known_left(pool: &SqlitePool, of: LeftOf, subject: &str) -> Result<Option<i64>> {
    let Some(sql) = queue::known_left(of, "?", "0") else {
        return Ok(None);
    };
    let left: Option<Option<i64>> = sqlx::query_scalar(AssertSqlSafe(sql))
        .bind(subject)
        .fetch_optional(pool)
        .await?;
    Ok(left.flatten())
}

/// One line of `soracrawl jobs`.
#[derive(Debug, Clone, serde::Serialize, sqlx::FromRow)]
pub struct JobLine {
    pub id: i64,
    pub endpoint: String,
    pub subject: String,
    pub state: String,
    pub stop_reason: Option<String>,
    pub note: Option<String>,
    pub depth: i64,
    pub pages: i64,
    pub items: i64,
    pub attempts: i64,
    pub last_error: Option<String>,
    pub last_call_id: Option<i64>,
    pub ready_at: Option<f64>,
}

/// What a requeue buys again, by endpoint.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct BoughtAgain {
    pub endpoint: String,
    pub jobs: i64,
    /// Pages in the archive that are bought a second time, at most.
    pub pages: i64,
}

/// Returns what a requeue of these jobs buys again.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn bought_again(pool: &SqlitePool, which: &Requeue) -> Result<Vec<BoughtAgain>> {
    let joined = queue::joined_pages("jobs");
    Ok(sqlx::query_as(AssertSqlSafe(format!(
        "select endpoint, count(*) as jobs, sum(iif({FROM_HEAD}, pages + {joined}, 0)) as pages
         from jobs where {MATCHES} group by endpoint order by endpoint"
    )))
    .bind(&which.state)
    .bind(&which.endpoint)
    .bind(&which.subject)
    .bind(&which.reason)
    .bind(which.id)
    .bind(which.from_head)
    .fetch_all(pool)
    .await?)
}

/// Returns the jobs that match all given filters, at most `limit`.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn jobs(
    pool: &SqlitePool,
    state: Option<&str>,
    endpoint: Option<&str>,
    reason: Option<&str>,
    limit: u32,
) -> Result<Vec<JobLine>> {
    let rows = sqlx::query(
        "select id, endpoint, subject, state, stop_reason, note, depth, pages, items, attempts, last_error,
         last_call_id, ready_at from jobs
         where (?1 is null or state = ?1) and (?2 is null or endpoint = ?2) and (?3 is null or stop_reason = ?3)
         order by id limit ?4",
    )
    .bind(state)
    .bind(endpoint)
    .bind(reason)
    .bind(limit)
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(JobLine {
                id: row.try_get(0)?,
                endpoint: row.try_get(1)?,
                subject: row.try_get(2)?,
                state: row.try_get(3)?,
                stop_reason: row.try_get(4)?,
                note: row.try_get(5)?,
                depth: row.try_get(6)?,
                pages: row.try_get(7)?,
                items: row.try_get(8)?,
                attempts: row.try_get(9)?,
                last_error: row.try_get(10)?,
                last_call_id: row.try_get(11)?,
                ready_at: row.try_get(12)?,
            })
        })
        .collect()
}

/// Number of jobs per index that are read. The others are assumed to be like them.
const SAMPLE: i64 = 100_000;

/// SQL for the pages that a walk has met, or is expected to meet, in earlier passes.
const SPANNED_PAGES: &str = "(select coalesce(sum(s.pages), 0) from spans s where s.job_id = j.id
    and (s.state = 'open' or s.state = 'met' and s.joined_by_call_id > j.pass_call_id))";

/// Pending jobs by the index that finds them, so that finished jobs are never read. SQLite's own choice would read every
/// job of the endpoint.
const OPEN: [(&str, &str); 5] = [
    ("jobs_ready", "j.state = 'ready'"),
    ("jobs_leased", "j.state = 'leased'"),
    ("jobs_due", "j.state = 'waiting' and j.ready_at is not null"),
    (
        "jobs_after",
        "j.after_job_id is not null and j.state = 'waiting' and j.ready_at is null",
    ),
    // The next run continues them.
    (
        "jobs_stopped",
        "j.state = 'stopped' and j.stop_reason = 'budget'",
    ),
];

/// Counts the jobs that are not in the archive, by endpoint: all, and those that wait for another one.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn missing_jobs(pool: &SqlitePool, jobs: &[NewJob]) -> Result<Vec<(String, i64, i64)>> {
    let named: Vec<(&str, &str, bool)> = jobs
        .iter()
        .map(|job| (job.endpoint, &*job.subject, job.after.is_some()))
        .collect();
    Ok(sqlx::query_as(
        "select value ->> 0, count(*), sum(value ->> 2) from json_each(?)
         where not exists (select 1 from jobs where endpoint = value ->> 0 and subject = value ->> 1) group by 1",
    )
    .bind(serde_json::json!(named).to_string())
    .fetch_all(pool)
    .await?)
}

/// What the archive knows of the pending jobs of one endpoint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    pub jobs: i64,
    /// Jobs whose list has an unknown length.
    pub unknown: i64,
    /// Those of unknown length that wait for another job's first page, which may make them unneeded.
    pub perhaps_unneeded: i64,
    /// Pages that the other jobs require at least.
    pub pages: i64,
    /// Pages kept so far, and jobs done.
    pub kept_pages: i64,
    pub finished: i64,
}

/// Returns what the archive knows of the pending jobs of one endpoint. `page_size` is in items. Large queues are sampled.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn waiting(
    pool: &SqlitePool,
    endpoint: &str,
    left: LeftOf,
    page_size: i64,
    max_depth: u32,
) -> Result<Waiting> {
    let left = match queue::known_left(left, "j.subject", "j.depth") {
        Some(question) => format!("({question})"),
        None => "null".to_owned(),
    };
    let open: Vec<String> = OPEN
        .iter()
        .map(|(index, is_open)| {
            format!(
                "select * from (select j.items, j.pages, j.after_job_id is not null as waits, {left} as rest,
                     iif(j.pass_call_id > 0, {SPANNED_PAGES}, 0) as spanned
                 from jobs j indexed by {index}
                 where {is_open} and j.endpoint = ?1 and j.depth <= ?2 limit {SAMPLE})"
            )
        })
        .collect();
    // A started walk has at least one page left. A walk without pages whose list is empty has none.
    let text = format!(
        "select count(*), coalesce(sum(rest is null), 0), coalesce(sum(rest is null and waits), 0),
             coalesce(cast(sum(case when rest is null then 0 when rest <= 0 and pages = 0 then 0
                 else max(1, (rest - items + ?3 - 1) / ?3 - spanned) end) as integer), 0),
             (select coalesce(sum(jobs), 0) from job_counts
              where endpoint = ?1 and (state in ('ready', 'leased', 'waiting') or stop_reason = 'budget'))
         from ({})",
        open.join(" union all ")
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(text))
        .bind(endpoint)
        .bind(max_depth)
        .bind(page_size)
        .fetch_one(pool)
        .await?;
    let finished: (i64, i64) = sqlx::query_as(
        "select coalesce((select sum(kept) from call_totals where endpoint = ?1), 0),
                coalesce((select sum(jobs) from job_counts where endpoint = ?1 and state = 'done'), 0)",
    )
    .bind(endpoint)
    .fetch_one(pool)
    .await?;
    let (seen, all): (i64, i64) = (row.try_get(0)?, row.try_get(4)?);
    // If the sample is the whole queue, jobs beyond the depth are not counted.
    let scale = |count: i64| {
        if seen < SAMPLE {
            count
        } else {
            count.saturating_mul(all) / seen
        }
    };
    Ok(Waiting {
        jobs: scale(seen),
        unknown: scale(row.try_get(1)?),
        perhaps_unneeded: scale(row.try_get(2)?),
        pages: scale(row.try_get(3)?),
        kept_pages: finished.0,
        finished: finished.1,
    })
}
