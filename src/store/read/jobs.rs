//! Jobs as `soracrawl jobs` lists them, and what the pending ones still require.

use sqlx::sqlite::SqlitePool;
use sqlx::{AssertSqlSafe, QueryBuilder, Row, Sqlite};

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
    let rows = listed("", state, endpoint, reason, limit)
        .build()
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

/// The query of `jobs`, after an `explain`. Only given filters are in the text, so that a state can use its index.
fn listed(
    explain: &str,
    state: Option<&str>,
    endpoint: Option<&str>,
    reason: Option<&str>,
    limit: u32,
) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new(explain);
    query.push(
        "select id, endpoint, subject, state, stop_reason, note, depth, pages, items, attempts, last_error,
         last_call_id, ready_at from jobs where true",
    );
    let filters = [
        ("state", state),
        ("endpoint", endpoint),
        ("stop_reason", reason),
    ];
    for (column, value) in filters {
        if let Some(value) = value {
            query
                .push(format_args!(" and {column} = "))
                .push_bind(value.to_owned());
        }
    }
    query.push(" order by id limit ").push_bind(limit);
    query
}

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

#[cfg(test)]
mod tests {
    use sqlx::Row;

    use super::listed;
    use crate::store::Store;

    #[tokio::test]
    async fn stopped_and_failed_jobs_are_listed_without_a_look_at_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("a.db")).await.unwrap();
        for state in ["stopped", "failed"] {
            let mut query = listed("explain query plan ", Some(state), None, Some("x"), 9);
            let steps = query.build().fetch_all(store.readers()).await.unwrap();
            let steps: Vec<String> = steps.iter().map(|step| step.get("detail")).collect();
            assert!(
                steps.len() == 1 && steps[0].contains("jobs_stopped (state=?)"),
                "{state}: {steps:?}"
            );
        }
    }
}
