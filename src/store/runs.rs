//! Runs: which process sends calls, and what is put right when the one before died.

use sqlx::SqliteConnection;

use super::{Result, Store};

/// What a process sends calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunKind {
    /// The daemon.
    Run,
    /// One call by hand.
    Call,
}

/// A run that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    pub id: i64,
    /// It goes on where a run that died left off, and with that run's budget.
    pub continued: bool,
    /// Calls that were open when the run before died: perhaps billed, and counted as such.
    pub unknown_calls: u64,
    /// Jobs whose lease was taken back from the run that died.
    pub reclaimed_jobs: u64,
}

/// Open calls become `unknown`, perhaps billed and counted as such; leased jobs are ready again. Gives how many.
async fn take_back(connection: &mut SqliteConnection, why: &str, now: f64) -> Result<(u64, u64)> {
    let unknown = sqlx::query(
        "update calls set outcome = 'unknown', settled_at = ?, error = ? where outcome = 'open'",
    )
    .bind(now)
    .bind(why)
    .execute(&mut *connection)
    .await?;
    let reclaimed =
        sqlx::query("update jobs set state = 'ready', lease_until = null where state = 'leased'")
            .execute(&mut *connection)
            .await?;
    Ok((unknown.rows_affected(), reclaimed.rows_affected()))
}

impl Store {
    /// Begins a run. The caller holds the archive's lock, so whatever is open or leased belongs to the dead: open
    /// calls become `unknown`, leases are taken back at once, and a daemon that died is continued under its own id,
    /// because its budget is not spent a second time.
    ///
    /// # Errors
    /// Where the archive cannot be written.
    pub async fn start_run(&self, kind: RunKind, pid: u32, now: f64) -> Result<Run> {
        let mut transaction = self.begin().await?;
        let (unknown_calls, reclaimed_jobs) = take_back(
            &mut transaction,
            "the process died before an answer was kept",
            now,
        )
        .await?;
        let dead: Option<i64> = match kind {
            RunKind::Run => {
                sqlx::query_scalar(
                    "select max(id) from runs where kind = 'run' and ended_at is null",
                )
                .fetch_one(&mut *transaction)
                .await?
            }
            RunKind::Call => None,
        };
        let id = match dead {
            Some(id) => {
                sqlx::query("update runs set pid = ?, version = ? where id = ?")
                    .bind(pid)
                    .bind(env!("CARGO_PKG_VERSION"))
                    .bind(id)
                    .execute(&mut *transaction)
                    .await?;
                id
            }
            None => {
                sqlx::query_scalar("insert into runs (kind, started_at, pid, version) values (?, ?, ?, ?) returning id")
                    .bind(match kind {
                        RunKind::Run => "run",
                        RunKind::Call => "call",
                    })
                    .bind(now)
                    .bind(pid)
                    .bind(env!("CARGO_PKG_VERSION"))
                    .fetch_one(&mut *transaction)
                    .await?
            }
        };
        transaction.commit().await?;
        Ok(Run {
            id,
            continued: dead.is_some(),
            unknown_calls,
            reclaimed_jobs,
        })
    }

    /// Ends a run, for a reason in one word. A call that nobody waits for any more is in doubt from now on.
    ///
    /// # Errors
    /// Where the archive cannot be written.
    pub async fn end_run(&self, id: i64, reason: &str, now: f64) -> Result<()> {
        let mut transaction = self.begin().await?;
        take_back(&mut transaction, "the run ended before an answer came", now).await?;
        sqlx::query("update runs set ended_at = ?, end_reason = ? where id = ?")
            .bind(now)
            .bind(reason)
            .bind(id)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    /// Jobs that a spent budget had stopped are ready again. Gives how many.
    ///
    /// # Errors
    /// Where the archive cannot be written.
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

    /// The plan of the run before; `None` before the first.
    ///
    /// # Errors
    /// Where the archive cannot be read.
    pub async fn followed_plan(&self) -> Result<Option<String>> {
        Ok(
            sqlx::query_scalar("select value from settings where name = 'plan'")
                .fetch_optional(self.readers())
                .await?,
        )
    }

    /// Remembers the plan of this run, and marks every kept reply to be planned again, which costs nothing. Comes
    /// last of what a change of the plan brings about: a process that dies before it begins with all of it anew.
    ///
    /// # Errors
    /// Where the archive cannot be written.
    pub async fn follow_plan(&self, plan: &str) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query("insert into settings values ('plan', ?) on conflict do update set value = excluded.value")
            .bind(plan)
            .execute(&mut *transaction)
            .await?;
        sqlx::query("update jobs set replan = 1, led_to = 0 where pages > 0")
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    /// Jobs that wait for one which this plan does not fetch wait no longer. Gives how many.
    ///
    /// # Errors
    /// Where the archive cannot be written.
    pub async fn wait_only_for(&self, endpoints: &[&'static str]) -> Result<u64> {
        // Whom a job waits for is counted here; so where all endpoints are called, millions of jobs need not be looked at.
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

    /// Jobs that were ended as needless, because a reply bought before had shown their object, are wanted all the
    /// same under the new plan. Gives how many.
    ///
    /// # Errors
    /// Where the archive cannot be written.
    pub async fn want_known(&self, endpoint: &str) -> Result<u64> {
        let mut transaction = self.begin().await?;
        let wanted = sqlx::query(
            "update jobs set state = 'ready', stop_reason = null, note = null, ended_at = null
             where state = 'done' and stop_reason = 'complete' and pages = 0 and endpoint = ?",
        )
        .bind(endpoint)
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        transaction.commit().await?;
        Ok(wanted)
    }

    /// Walks that had reached their cap go on where the cap is higher now, or gone.
    ///
    /// # Errors
    /// Where the archive cannot be written.
    pub async fn lift_cap(&self, endpoint: &str, max_pages: Option<u32>) -> Result<u64> {
        let mut transaction = self.begin().await?;
        let lifted = sqlx::query(
            "update jobs set state = 'ready', stop_reason = null, note = null, ended_at = null
             where state = 'stopped' and stop_reason = 'capped' and endpoint = ? and (?2 is null or pages < ?2)",
        )
        .bind(endpoint)
        .bind(max_pages)
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        transaction.commit().await?;
        Ok(lifted)
    }
}
