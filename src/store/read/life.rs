//! Signs of life of a daemon: its run, its latest page and error, and whether it has jobs to do.

use sqlx::Row;
use sqlx::sqlite::SqlitePool;

use super::due::{has_due, has_ready};
use crate::store::{Cooling, Pauses, Result};

/// The newest calls that are searched for an error. Older errors are no news.
const NEWEST: i64 = 1_000;

/// The newest run of the daemon.
#[derive(Debug, Clone, Default, PartialEq, sqlx::FromRow)]
pub struct LastRun {
    pub id: i64,
    pub started_at: f64,
    pub ended_at: Option<f64>,
    pub end_reason: Option<String>,
    /// Why it ended in words, where the reason does not say it.
    pub end_note: Option<String>,
    /// When the daemon last showed that it works; `None` until it starts to crawl.
    pub heartbeat_at: Option<f64>,
    /// Since when the daemon has jobs to do.
    pub work_since: Option<f64>,
}

/// Returns the newest run of the daemon; `None` before the first.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn last_run(pool: &SqlitePool) -> Result<Option<LastRun>> {
    Ok(sqlx::query_as(
        "select id, started_at, ended_at, end_reason, end_note, heartbeat_at, work_since
         from runs where kind = 'run' order by id desc limit 1",
    )
    .fetch_optional(pool)
    .await?)
}

/// Returns when the newest page was kept, in Unix seconds; `None` before the first.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn last_kept_at(pool: &SqlitePool) -> Result<Option<f64>> {
    Ok(sqlx::query_scalar(
        "select settled_at from calls where kept_group is not null order by kept_group desc limit 1",
    )
    .fetch_optional(pool)
    .await?
    .flatten())
}

/// A call that failed.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct LastError {
    pub endpoint: String,
    /// Unix time.
    pub at: f64,
    pub error: String,
}

/// Returns the latest failed call among the newest ones. A call that was not sent is no failure.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn last_errors(pool: &SqlitePool, limit: u32) -> Result<Vec<LastError>> {
    let rows = sqlx::query(
        "select endpoint, settled_at, error from calls
         where id > (select coalesce(max(id), 0) from calls) - ? and error is not null and outcome <> 'never_sent'
             and settled_at is not null
         order by id desc limit ?",
    )
    .bind(NEWEST)
    .bind(limit)
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(LastError {
                endpoint: row.try_get(0)?,
                at: row.try_get(1)?,
                error: row.try_get(2)?,
            })
        })
        .collect()
}

/// The jobs that a daemon could do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Work {
    /// A job is ready.
    pub is_ready: bool,
    /// A job is ready whose endpoint is not in cooldown.
    pub is_callable: bool,
    /// A call is in flight.
    pub is_leased: bool,
    /// A job waits for its next attempt.
    pub is_due: bool,
}

impl Work {
    #[must_use]
    pub fn is_some(self) -> bool {
        self.is_ready || self.is_leased || self.is_due
    }
}

/// Returns which jobs of these endpoints there are that are not paused. `cooling` are the cooldowns that are not over.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn work(
    pool: &SqlitePool,
    endpoints: &[&'static str],
    max_depth: u32,
    pauses: &Pauses,
    cooling: &[Cooling],
) -> Result<Work> {
    let mut open = endpoints.to_vec();
    open.retain(|endpoint| !pauses.covers_endpoint(endpoint));
    let seeds = pauses.seeds();
    let leased: Option<i64> =
        sqlx::query_scalar("select 1 from job_counts where state = 'leased' and jobs > 0 limit 1")
            .fetch_optional(pool)
            .await?;
    let is_ready = has_ready(pool, &open, max_depth, &seeds).await?;
    let is_due = has_due(pool, &open, &seeds).await?;
    open.retain(|endpoint| cooling.iter().all(|of| !of.covers(endpoint)));
    Ok(Work {
        is_ready,
        is_callable: is_ready && has_ready(pool, &open, max_depth, &seeds).await?,
        is_leased: leased.is_some(),
        is_due,
    })
}
