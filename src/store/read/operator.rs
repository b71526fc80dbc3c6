//! Questions of the operator's pages. Each reads a bounded number of rows, however large the archive is.

use sqlx::sqlite::SqlitePool;

use super::JobLine;
use crate::store::queue::SeedLine;
use crate::store::{Result, Store};

/// The jobs of one endpoint in one state, with one reason.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct JobCount {
    pub endpoint: String,
    pub state: String,
    /// Empty until the jobs end.
    pub stop_reason: String,
    pub jobs: i64,
}

/// Counts the jobs by endpoint, state and reason.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn job_counts(pool: &SqlitePool) -> Result<Vec<JobCount>> {
    Ok(
        sqlx::query_as(
            "select endpoint, state, stop_reason, jobs from job_counts order by 1, 2, 3",
        )
        .fetch_all(pool)
        .await?,
    )
}

/// The settled calls of one hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Hour {
    /// Its beginning in Unix seconds.
    pub hour: i64,
    pub answered: i64,
    pub kept: i64,
    pub cost_micro_usd: i64,
}

/// Returns the hours with calls since a time in Unix seconds, oldest first.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn hours(pool: &SqlitePool, since: i64) -> Result<Vec<Hour>> {
    Ok(sqlx::query_as(
        "select hour, sum(answered) as answered, sum(kept) as kept, sum(cost_micro_usd) as cost_micro_usd
         from call_hours where hour >= ? group by hour order by hour",
    )
    .bind(since)
    .fetch_all(pool)
    .await?)
}

/// Which jobs to show.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    pub state: Option<String>,
    pub endpoint: Option<String>,
    pub reason: Option<String>,
    /// Only jobs with a lower id.
    pub before: Option<i64>,
}

/// The jobs that one search found.
#[derive(Debug, Clone)]
pub struct FoundJobs {
    /// By descending id.
    pub jobs: Vec<JobLine>,
    /// The lowest id that the search could reach; `None` if there is no older job.
    pub reached: Option<i64>,
}

/// The newest jobs that are searched for those of a filter.
const SEARCHED: i64 = 20_000;

const JOB: &str =
    "id, endpoint, subject, state, stop_reason, note, depth, pages, items, attempts, last_error,
    last_call_id, ready_at";

/// Returns the newest jobs of a filter. Searches the newest 20,000 jobs before `before`, so that a filter with few matches
/// does not read the whole queue.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn newest_jobs(pool: &SqlitePool, filter: &JobFilter, limit: u32) -> Result<FoundJobs> {
    let before = filter.before.unwrap_or(i64::MAX);
    let older: Option<i64> =
        sqlx::query_scalar("select id from jobs where id < ? order by id desc limit 1 offset ?")
            .bind(before)
            .bind(SEARCHED)
            .fetch_optional(pool)
            .await?;
    let jobs = sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "select {JOB} from jobs where id < ?1 and id > ?2 and (?3 is null or state = ?3)
         and (?4 is null or endpoint = ?4) and (?5 is null or stop_reason = ?5) order by id desc limit ?6"
    )))
    .bind(before)
    .bind(older.unwrap_or(i64::MIN))
    .bind(&filter.state)
    .bind(&filter.endpoint)
    .bind(&filter.reason)
    .bind(limit)
    .fetch_all(pool)
    .await?;
    Ok(FoundJobs {
        jobs,
        reached: older.map(|id| id + 1),
    })
}

/// Returns the seeds that are not removed, oldest first, with the id `after` which they begin.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn seed_lines(pool: &SqlitePool, after: i64, limit: u32) -> Result<Vec<SeedLine>> {
    Store::seed_lines(pool, after, limit).await
}

/// What operators did so far. It changes with each new seed and with each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Marks {
    pub newest_seed: i64,
    pub newest_request: i64,
    pub waiting_requests: i64,
}

/// Returns what operators did so far.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn marks(pool: &SqlitePool) -> Result<Marks> {
    Ok(sqlx::query_as(
        "select (select coalesce(max(id), 0) from seeds) as newest_seed,
             (select coalesce(max(id), 0) from controls) as newest_request,
             (select count(*) from controls where done_at is null) as waiting_requests",
    )
    .fetch_one(pool)
    .await?)
}

/// One call of a job.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct CallLine {
    pub id: i64,
    pub opened_at: f64,
    pub outcome: String,
    pub kept: bool,
    pub http_status: Option<i64>,
    pub items: Option<i64>,
    pub cost_micro_usd: i64,
    pub cursor: Option<String>,
    pub error: Option<String>,
}

/// Returns a job and its newest calls; `None` if there is no such job.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn job_with_calls(
    pool: &SqlitePool,
    id: i64,
    limit: u32,
) -> Result<Option<(JobLine, Vec<CallLine>)>> {
    let job: Option<JobLine> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "select {JOB} from jobs where id = ?"
    )))
    .bind(id)
    .fetch_optional(pool)
    .await?;
    let Some(job) = job else {
        return Ok(None);
    };
    let calls = sqlx::query_as(
        "select id, opened_at, outcome, kept, http_status, items, cost_micro_usd, cursor, error
         from calls where job_id = ? order by id desc limit ?",
    )
    .bind(id)
    .bind(limit)
    .fetch_all(pool)
    .await?;
    Ok(Some((job, calls)))
}

/// What a day or a seed was charged.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct SpendLine {
    /// The day, or the seed's id.
    pub name: String,
    pub micro_usd: i64,
    pub kind: Option<String>,
    pub subject: Option<String>,
}

/// Returns the newest days and the most expensive seeds.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn spend(
    pool: &SqlitePool,
    days: u32,
    seeds: u32,
) -> Result<(Vec<SpendLine>, Vec<SpendLine>)> {
    let days = sqlx::query_as(
        "select name, micro_usd, null as kind, null as subject from spend where scope = 'day'
         order by name desc limit ?",
    )
    .bind(days)
    .fetch_all(pool)
    .await?;
    let seeds = sqlx::query_as(
        "select name, micro_usd, kind, subject from spend left join seeds on seeds.id = cast(name as integer)
         where scope = 'seed' order by micro_usd desc limit ?",
    )
    .bind(seeds)
    .fetch_all(pool)
    .await?;
    Ok((days, seeds))
}
