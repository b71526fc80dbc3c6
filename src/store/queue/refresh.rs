//! Refreshes: ended jobs that are bought again to stay fresh, and why.

use sqlx::AssertSqlSafe;

use super::spans::close_pass;
use crate::model::{MicroUsd, Stale};
use crate::store::{Result, Store};

/// A job to buy again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRefresh {
    pub job_id: i64,
    /// What is expected, in words.
    pub why: String,
    /// What its pages are expected to cost.
    pub expected: MicroUsd,
}

/// The jobs among `?1`, a JSON array of `[id, why, expected]`, that have ended and can be walked again.
const ENDED: &str =
    "select jobs.id from json_each(?1) given join jobs on jobs.id = given.value ->> 0
    where jobs.state in ('done', 'stopped', 'failed') and jobs.subject not glob 'erased:*'";

impl Store {
    /// Begins refreshes: each job starts at its head, within the budget of refreshes. A job that is open leaves its refresh out.
    /// `newest_first` are the endpoints whose passes a later one may meet. Returns the number of refreshes.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn begin_refreshes(
        &self,
        refreshes: &[NewRefresh],
        newest_first: &[&'static str],
        now: f64,
    ) -> Result<u64> {
        let given: Vec<(i64, &str, i64)> = refreshes
            .iter()
            .map(|refresh| (refresh.job_id, &*refresh.why, refresh.expected.0))
            .collect();
        let given = serde_json::json!(given).to_string();
        let mut transaction = self.begin().await?;
        let closed = close_pass(ENDED, "j.endpoint in (select value from json_each(?2))");
        sqlx::query(AssertSqlSafe(closed))
            .bind(&given)
            .bind(serde_json::json!(newest_first).to_string())
            .execute(&mut *transaction)
            .await?;
        sqlx::query(AssertSqlSafe(format!(
            "insert into refreshes (job_id, begun_at, after_call_id, why, expected_micro_usd)
             select value ->> 0, ?2, coalesce((select max(id) from calls), 0), value ->> 1, value ->> 2
             from json_each(?1) where value ->> 0 in ({ENDED})"
        )))
        .bind(&given)
        .bind(now)
        .execute(&mut *transaction)
        .await?;
        let begun = sqlx::query(AssertSqlSafe(format!(
            "update jobs set state = 'ready', stop_reason = null, ended_at = null, attempts = 0, restarts = 0,
                 stale_pages = 0, repeated_pages = 0, note = null, pages = 0, items = 0, cursor = null, refreshes = 1,
                 pass_call_id = coalesce((select max(id) from calls), 0)
             where id in ({ENDED})"
        )))
        .bind(&given)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(begun.rows_affected())
    }

    /// Makes the refreshes ready that stopped when the money of a day was spent. Returns their number.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn resume_refreshes(&self) -> Result<u64> {
        let mut transaction = self.begin().await?;
        let resumed = sqlx::query(
            "update jobs set state = 'ready', stop_reason = null, note = null, ended_at = null
             where refreshes = 1 and state = 'stopped' and stop_reason = 'budget'",
        )
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        transaction.commit().await?;
        Ok(resumed)
    }

    /// Notes how stale the archive is.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn note_staleness(&self, stale: &Stale) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "insert into settings values ('staleness', ?) on conflict do update set value = excluded.value",
        )
        .bind(serde_json::to_string(stale).unwrap_or_default())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }
}
