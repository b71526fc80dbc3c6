//! Ended jobs become ready again: a larger budget, a higher cap, another plan, or a command.

use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, Sqlite};

use super::spans::{close_pass, joined_pages};
use super::{ROWS_REFUSED, Requeue};
use crate::store::{Result, Store};

/// Which jobs a [`Requeue`] means. Its values are bound in the order of its fields.
pub(in crate::store) const MATCHES: &str =
    "(?1 is null or state = ?1) and state in ('failed', 'stopped', 'done') and subject not glob 'erased:*'
     and (?2 is null or endpoint = ?2) and (?3 is null or subject = ?3)
     and (?4 is null or stop_reason = ?4) and (?5 is null or id = ?5)";
/// Whether such a job starts at the head of its list.
pub(in crate::store) const FROM_HEAD: &str =
    "(?6 or state = 'done' or (pages > 0 and cursor is null))";

impl Store {
    /// Makes jobs ready that stopped for a spent budget. Returns their number.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn resume_budget_stops(&self) -> Result<u64> {
        let mut transaction = self.begin().await?;
        let resumed = sqlx::query(
            "update jobs set state = iif(waits, 'waiting', 'ready'), after_job_id = iif(waits, after_job_id, null),
                 stop_reason = null, note = null, ended_at = null
             from (select j.id as stopped_id, other.id is not null as waits
                   from jobs j left join jobs other on other.id = j.after_job_id and other.pages = 0
                       and (other.state in ('ready', 'waiting', 'leased') or other.stop_reason = 'budget')
                   where j.state = 'stopped' and j.stop_reason = 'budget')
             where jobs.id = stopped_id",
        )
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        transaction.commit().await?;
        Ok(resumed)
    }

    /// Releases jobs that wait for a job that this plan does not fetch. Returns their number.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn wait_only_for(&self, endpoints: &[&'static str]) -> Result<u64> {
        // Skips the scan of all jobs if every endpoint that a job can wait for is called.
        let others: i64 = sqlx::query_scalar(
            "select count(*) from job_counts where jobs > 0 and endpoint not in (select value from json_each(?))",
        )
        .bind(serde_json::json!(endpoints).to_string())
        .fetch_one(self.readers())
        .await?;
        if others == 0 {
            return Ok(0);
        }
        let mut transaction = self.begin().await?;
        let freed = sqlx::query(
            "update jobs set state = 'ready', after_job_id = null where state = 'waiting' and ready_at is null
             and after_job_id is not null
             and (select endpoint from jobs other where other.id = jobs.after_job_id)
                 not in (select value from json_each(?))",
        )
        .bind(serde_json::json!(endpoints).to_string())
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        transaction.commit().await?;
        Ok(freed)
    }

    /// Makes jobs ready that ended as unneeded because an earlier reply contained their object. The new plan requires
    /// them. Returns their number.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn want_known(&self, endpoint: &str) -> Result<u64> {
        let mut transaction = self.begin().await?;
        let wanted = sqlx::query(
            "update jobs set state = 'ready', stop_reason = null, note = null, ended_at = null
             where state = 'done' and stop_reason = 'complete' and pages = 0 and endpoint = ?
             and subject not glob 'erased:*'",
        )
        .bind(endpoint)
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        transaction.commit().await?;
        Ok(wanted)
    }

    /// Makes walks ready that reached their cap, if the cap is now higher or removed. Returns their number.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn lift_cap(&self, endpoint: &str, max_pages: Option<u32>) -> Result<u64> {
        let mut transaction = self.begin().await?;
        let joined = joined_pages("jobs");
        let lifted = sqlx::query(AssertSqlSafe(format!(
            "update jobs set state = 'ready', stop_reason = null, note = null, ended_at = null
             where state = 'stopped' and stop_reason = 'capped' and endpoint = ?
               and (?2 is null or ?2 > pages + {joined})"
        )))
        .bind(endpoint)
        .bind(max_pages)
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        transaction.commit().await?;
        Ok(lifted)
    }

    /// Tries ended jobs again: a failed or stopped job from its cursor; a done job, or one without a cursor, from its
    /// head. What the pass before a new head saw becomes a span. Returns their number.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn requeue(&self, which: &Requeue) -> Result<u64> {
        let mut transaction = self.begin().await?;
        let restarted = format!("select id from jobs where {FROM_HEAD} and {MATCHES}");
        let closed = close_pass(
            &restarted,
            "j.endpoint in (select value from json_each(?7))",
        );
        bind(sqlx::query(AssertSqlSafe(closed)), which)
            .bind(serde_json::json!(which.newest_first).to_string())
            .execute(&mut *transaction)
            .await?;
        if which.is_whole {
            let forgotten = format!(
                "update spans set state = 'closed' where state = 'open' and job_id in ({restarted})"
            );
            bind(sqlx::query(AssertSqlSafe(forgotten)), which)
                .execute(&mut *transaction)
                .await?;
        }
        let text = format!(
            "update jobs set state = 'ready', stop_reason = null, ended_at = null, ready_at = null,
             after_job_id = null, attempts = 0, restarts = 0, stale_pages = 0, repeated_pages = 0, note = null,
             refreshes = 0, pages = iif(from_head, 0, pages), items = iif(from_head, 0, items), cursor = iif(from_head, null, cursor),
             -- The stored reply of a first page whose rows were refused is a part of the new pass.
             pass_call_id = case when not from_head then pass_call_id
                 when last_error glob '{ROWS_REFUSED}*' and cursor is null then last_call_id - 1
                 else coalesce((select max(id) from calls), 0) end
             from (select id as ended_id, {FROM_HEAD} as from_head from jobs where {MATCHES})
             where jobs.id = ended_id"
        );
        let done = bind(sqlx::query(AssertSqlSafe(text)), which)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(done.rows_affected())
    }
}

/// Binds the values of [`MATCHES`] and [`FROM_HEAD`].
fn bind<'q>(
    query: Query<'q, Sqlite, SqliteArguments>,
    which: &'q Requeue,
) -> Query<'q, Sqlite, SqliteArguments> {
    query
        .bind(&which.state)
        .bind(&which.endpoint)
        .bind(&which.subject)
        .bind(&which.reason)
        .bind(which.id)
        .bind(which.from_head)
}
