//! Many jobs at once: due jobs, expired leases, jobs that stop together.

use super::end::{cool_down, end};
use super::{Cooling, ended_state};
use crate::model::{OpenJobs, StopReason};
use crate::store::{Result, Store};

/// The number of jobs ended in one transaction. Paid replies wait for the writer meanwhile.
const AT_ONCE: i64 = 5000;
/// The longest wait that a stored time can mean: one week, as of an answer that asks for a wait.
const LONGEST_WAIT_SECONDS: f64 = 7.0 * 24.0 * 3600.0;

impl Store {
    /// Corrects stored waits if the clock was set back since the latest call, and ends those that no answer can have asked
    /// for. Returns by how many seconds it was set back; 0 if it was not.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn correct_waits(&self, now: f64) -> Result<f64> {
        let mut transaction = self.begin().await?;
        let latest: Option<f64> =
            sqlx::query_scalar("select opened_at from calls order by id desc limit 1")
                .fetch_optional(&mut *transaction)
                .await?;
        let back = latest.map_or(0.0, |latest| (latest - now).max(0.0));
        for text in [
            "update jobs set ready_at = min(ready_at - ?1, ?2 + ?3) where state = 'waiting' and ready_at > ?2",
            "update cooldowns set until = min(until - ?1, ?2 + ?3) where until > ?2",
        ] {
            sqlx::query(text)
                .bind(back)
                .bind(now)
                .bind(LONGEST_WAIT_SECONDS)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(back)
    }

    /// Makes jobs ready that waited until their endpoint answers. Their attempts are forgotten.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn release_doubted(&self, job_ids: &[i64]) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "update jobs set state = 'ready', ready_at = null, attempts = 0
             where id in (select value from json_each(?)) and state = 'waiting' and ready_at is not null",
        )
        .bind(serde_json::json!(job_ids).to_string())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }

    /// Stores until when endpoints are not called, and why; removes the cooldowns of `over`.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn note_cooldowns(&self, cooling: &[Cooling], over: &[&str]) -> Result<()> {
        let mut transaction = self.begin().await?;
        cool_down(&mut transaction, cooling).await?;
        sqlx::query("delete from cooldowns where endpoint in (select value from json_each(?))")
            .bind(serde_json::json!(over).to_string())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    /// Makes the jobs ready again whose rows the archive refused for this reason. Their replies are stored.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn release_refused(&self, error: &str) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "update jobs set state = 'ready', stop_reason = null, note = null, ended_at = null, attempts = 0
             where state = 'failed' and last_error = ?",
        )
        .bind(error)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }

    /// Forgets that a job's latest reply is stored without its rows, so that the page is bought again.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn forget_raw(&self, job_id: i64) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query("update jobs set last_error = null where id = ?")
            .bind(job_id)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    /// Ends some jobs as failed.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn fail_jobs(&self, job_ids: &[i64], note: &str, now: f64) -> Result<()> {
        let mut transaction = self.begin().await?;
        end(&mut transaction, job_ids, StopReason::Failed, note, now).await?;
        transaction.commit().await
    }

    /// Makes due jobs ready and takes back expired leases, except those of `held` jobs. Returns the number of jobs that
    /// became ready.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn release_due(&self, now: f64, held: &[i64]) -> Result<u64> {
        let mut transaction = self.begin().await?;
        let due = sqlx::query(
            "update jobs set state = 'ready', ready_at = null where state = 'waiting' and ready_at <= ?
             and after_job_id is null",
        )
        .bind(now)
        .execute(&mut *transaction)
        .await?;
        let expired =
            sqlx::query("update jobs set state = 'ready', lease_until = null where state = 'leased' and lease_until <= ?
                         and id not in (select value from json_each(?))")
                .bind(now)
                .bind(serde_json::json!(held).to_string())
                .execute(&mut *transaction)
                .await?;
        transaction.commit().await?;
        Ok(due.rows_affected() + expired.rows_affected())
    }

    /// Ends the open jobs of an endpoint that the remote no longer offers. Returns their number.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn retire(&self, endpoint: &str, note: &str, now: f64) -> Result<u64> {
        let jobs = OpenJobs {
            endpoint: Some(endpoint.to_owned()),
            ..OpenJobs::default()
        };
        self.end_open(&jobs, StopReason::Failed, note, now).await
    }

    /// Stops the open jobs of a seed whose budget is spent. Returns their number.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn stop_seed(&self, seed_id: i64, note: &str, now: f64) -> Result<u64> {
        let jobs = OpenJobs {
            seed_id: Some(seed_id),
            ..OpenJobs::default()
        };
        self.end_open(&jobs, StopReason::Budget, note, now).await
    }

    /// Stops all open jobs, because a budget of the whole run is spent. They resume when the budget grows. Returns
    /// their number.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn stop_all(&self, note: &str, now: f64) -> Result<u64> {
        self.end_open(&OpenJobs::default(), StopReason::Budget, note, now)
            .await
    }

    /// Cancels open jobs, also those that a worker has leased: no call may be in flight. Returns their number.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written. Jobs of earlier transactions stay cancelled.
    pub async fn cancel(&self, jobs: &OpenJobs, note: &str, now: f64) -> Result<u64> {
        self.end_open(jobs, StopReason::Cancelled, note, now).await
    }

    /// Ends open jobs. A job that stops for a budget keeps `after_job_id`. Leased jobs end only if they are cancelled.
    async fn end_open(
        &self,
        jobs: &OpenJobs,
        reason: StopReason,
        note: &str,
        now: f64,
    ) -> Result<u64> {
        let mut all = 0;
        loop {
            let mut transaction = self.begin().await?;
            let ended = sqlx::query(
                "update jobs set state = ?1, stop_reason = ?2, note = ?3, ended_at = ?4, ready_at = null, lease_until = null,
                 after_job_id = iif(?2 = 'budget', after_job_id, null), refreshes = iif(?2 = 'budget', refreshes, 0)
                 where id in (
                     select * from (select id from jobs indexed by jobs_ready where state = 'ready'
                         and (?5 is null or endpoint = ?5) and (?6 is null or seed_id = ?6)
                         and (?8 is null or subject = ?8) and (?9 is null or id = ?9) limit ?7)
                     union all
                     select * from (select id from jobs indexed by jobs_due where state = 'waiting'
                         and ready_at is not null
                         and (?5 is null or endpoint = ?5) and (?6 is null or seed_id = ?6)
                         and (?8 is null or subject = ?8) and (?9 is null or id = ?9) limit ?7)
                     union all
                     select * from (select id from jobs indexed by jobs_after where state = 'waiting'
                         and after_job_id is not null
                         and (?5 is null or endpoint = ?5) and (?6 is null or seed_id = ?6)
                         and (?8 is null or subject = ?8) and (?9 is null or id = ?9) limit ?7)
                     union all
                     select * from (select id from jobs indexed by jobs_leased where ?2 = 'cancelled'
                         and state = 'leased'
                         and (?5 is null or endpoint = ?5) and (?6 is null or seed_id = ?6)
                         and (?8 is null or subject = ?8) and (?9 is null or id = ?9) limit ?7))",
            )
            .bind(ended_state(reason))
            .bind(reason.as_str())
            .bind(note)
            .bind(now)
            .bind(&jobs.endpoint)
            .bind(jobs.seed_id)
            .bind(AT_ONCE)
            .bind(&jobs.subject)
            .bind(jobs.id)
            .execute(&mut *transaction)
            .await?
            .rows_affected();
            all += ended;
            if ended == 0 {
                // Jobs that waited for one of them become ready.
                sqlx::query(
                    "update jobs set state = 'ready', after_job_id = null where state = 'waiting' and after_job_id in
                     (select id from jobs where state = 'failed' or state = 'stopped')",
                )
                .execute(&mut *transaction)
                .await?;
                transaction.commit().await?;
                return Ok(all);
            }
            transaction.commit().await?;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{Budget, MicroUsd};
    use crate::store::{OpenCall, RunKind, Store, read};

    #[tokio::test]
    async fn a_clock_that_was_set_back_prolongs_no_stored_wait() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("a.db")).await.unwrap();
        let run = store.start_run(RunKind::Call, 1, 9_000.0).await.unwrap();
        let call = OpenCall {
            run_id: run.id,
            lease: None,
            seed_id: None,
            endpoint: "a",
            subject: String::new(),
            cursor: None,
            price: MicroUsd(0),
            budget: Budget::default(),
            day: String::new(),
            now: 9_000.0,
            imported_from: None,
        };
        store.open_call(&call).await.unwrap();
        let waiting =
            "insert into seeds (id, kind, subject, added_at) values (1, 'user', 'user-1', 1);
            insert into jobs (endpoint, subject, state, depth, seed_id, ready_at, created_at)
            values ('a', 'user-1', 'waiting', 0, 1, 9030, 1)";
        sqlx::raw_sql(waiting)
            .execute(&mut **store.writing().await)
            .await
            .unwrap();
        let text = "insert into cooldowns values ('a', 9030, 'throttled', ''), ('b', 1e9, 'blocked', ''), ('c', 5, 'failing', '')";
        sqlx::raw_sql(text)
            .execute(&mut **store.writing().await)
            .await
            .unwrap();
        // The clock is set back by 8,000 s.
        assert_eq!(store.correct_waits(1_000.0).await.unwrap(), 8_000.0);
        let until: Vec<f64> = read::cooldowns(store.readers())
            .await
            .unwrap()
            .iter()
            .map(|cooling| cooling.until)
            .collect();
        assert_eq!(until, [1_030.0, 1_000.0 + super::LONGEST_WAIT_SECONDS, 5.0]);
        assert_eq!(
            read::next_due(store.readers()).await.unwrap(),
            Some(1_030.0)
        );
        assert_eq!(store.correct_waits(9_001.0).await.unwrap(), 0.0);
    }
}
