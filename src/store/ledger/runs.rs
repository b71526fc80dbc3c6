//! Runs: which process sends calls, and the recovery after a process that died.

use sqlx::SqliteConnection;

use crate::store::{Result, Store};

/// Why a process sends calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunKind {
    /// The daemon.
    Run,
    /// One call by hand.
    Call,
    /// Replies are read from files.
    Import,
}

/// A started run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    pub id: i64,
    /// It resumes a run that died, with that run's budget.
    pub continued: bool,
    /// Calls that were open when the previous run died. They may have been billed, so they are charged.
    pub unknown_calls: u64,
    /// Jobs whose lease was taken back from the dead run.
    pub reclaimed_jobs: u64,
}

/// Marks open calls as `unknown`, which charges them, and makes leased jobs ready. Returns both counts.
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
    /// Starts a run. The caller holds the archive's lock, so every open call and every lease belongs to a dead process:
    /// open calls become `unknown` and leases are taken back. A daemon that died is continued under its own id, so that
    /// its budget is not granted a second time.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn start_run(&self, kind: RunKind, pid: u32, now: f64) -> Result<Run> {
        let mut transaction = self.begin().await?;
        let (unknown_calls, reclaimed_jobs) = take_back(
            &mut transaction,
            "the process died before it stored the reply",
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
            RunKind::Call | RunKind::Import => None,
        };
        let id = match dead {
            Some(id) => {
                sqlx::query("update runs set pid = ?, version = ?, heartbeat_at = null, work_since = null where id = ?")
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
                        RunKind::Import => "import",
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

    /// Notes with which plan a run crawls: the section `[crawl]`, as JSON.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn note_plan(&self, id: i64, plan: &str) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query("update runs set plan = ? where id = ?")
            .bind(plan)
            .bind(id)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    /// Notes that the daemon works, and since when it has jobs to do.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn heartbeat(&self, id: i64, work_since: Option<f64>, now: f64) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query("update runs set heartbeat_at = ?, work_since = ? where id = ?")
            .bind(now)
            .bind(work_since)
            .bind(id)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    /// Ends a run with a one-word reason, and perhaps a note that explains it. Calls that are still open become `unknown`.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn end_run(&self, id: i64, reason: &str, note: Option<&str>, now: f64) -> Result<()> {
        let mut transaction = self.begin().await?;
        take_back(
            &mut transaction,
            "the run ended before a reply arrived",
            now,
        )
        .await?;
        sqlx::query("update runs set ended_at = ?, end_reason = ?, end_note = ? where id = ?")
            .bind(now)
            .bind(reason)
            .bind(note)
            .bind(id)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }
}
