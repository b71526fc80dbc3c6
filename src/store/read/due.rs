//! Queries of upkeep: what is due, and whether any job is left.

use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqlitePool;

use crate::store::queue::unless_paused;
use crate::store::{Cooling, Result};

/// The latest cooldown of each endpoint, also if it is over.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn cooldowns(pool: &SqlitePool) -> Result<Vec<Cooling>> {
    let rows: Vec<(String, f64, String, String)> =
        sqlx::query_as("select endpoint, until, cause, why from cooldowns order by endpoint")
            .fetch_all(pool)
            .await?;
    let cooling = |(endpoint, until, cause, why)| Cooling {
        endpoint,
        until,
        cause,
        why,
    };
    Ok(rows.into_iter().map(cooling).collect())
}

/// Returns whether one of these endpoints has a ready job at this depth or less, of a seed that is not paused.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn has_ready(
    pool: &SqlitePool,
    endpoints: &[&'static str],
    max_depth: u32,
    paused_seeds: &[i64],
) -> Result<bool> {
    let text = format!(
        "select 1 from jobs where state = 'ready' and endpoint = ? and depth <= ?{} limit 1",
        unless_paused(paused_seeds)
    );
    for endpoint in endpoints {
        let found: Option<i64> = sqlx::query_scalar(AssertSqlSafe(text.clone()))
            .bind(*endpoint)
            .bind(max_depth)
            .fetch_optional(pool)
            .await?;
        if found.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns when the next waiting job is due, in Unix seconds; `None` if no job waits for a time.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn next_due(pool: &SqlitePool) -> Result<Option<f64>> {
    Ok(sqlx::query_scalar(
        "select min(ready_at) from jobs where state = 'waiting' and ready_at is not null",
    )
    .fetch_one(pool)
    .await?)
}

/// Returns whether a job of one of these endpoints, of a seed that is not paused, waits for a time.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn has_due(
    pool: &SqlitePool,
    endpoints: &[&'static str],
    paused_seeds: &[i64],
) -> Result<bool> {
    // If none of them has a job that waits, the jobs of the others need not be searched.
    let waiting: Vec<String> = sqlx::query_scalar(
        "select distinct endpoint from job_counts where state = 'waiting' and jobs > 0",
    )
    .fetch_all(pool)
    .await?;
    if !waiting
        .iter()
        .any(|endpoint| endpoints.contains(&endpoint.as_str()))
    {
        return Ok(false);
    }
    // Without statistics SQLite would search all jobs of these endpoints.
    let found: Option<i64> = sqlx::query_scalar(AssertSqlSafe(format!(
        "select 1 from jobs indexed by jobs_due where state = 'waiting' and ready_at is not null
         and endpoint in (select value from json_each(?)){} limit 1",
        unless_paused(paused_seeds)
    )))
    .bind(serde_json::json!(endpoints).to_string())
    .fetch_optional(pool)
    .await?;
    Ok(found.is_some())
}

/// Returns when the first lease expires, in Unix seconds; `None` without leases.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn next_expiry(pool: &SqlitePool) -> Result<Option<f64>> {
    Ok(
        sqlx::query_scalar("select min(lease_until) from jobs where state = 'leased'")
            .fetch_one(pool)
            .await?,
    )
}
