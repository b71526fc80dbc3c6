//! Kept replies, read again at no cost: after a change of the plan, and to recall the earlier pages of a walk.

use sqlx::Row;

use super::add::{enqueue, total_jobs};
use super::origin::Origin;
use super::refusals::note_refusals;
use crate::model::{NewJob, Refusals};
use crate::store::{Result, Store};

/// A kept reply of a job that must be planned again.
#[derive(Debug, Clone)]
pub struct KeptReply {
    /// zstd
    pub body: Vec<u8>,
}

/// A job whose kept replies must be planned again.
#[derive(Debug, Clone)]
pub struct Replanned {
    pub job_id: i64,
    pub endpoint: String,
    pub subject: String,
    pub depth: u32,
    pub seed_id: i64,
    pub resolves_name: bool,
}

/// The pages of a walk since it last started at its head.
#[derive(Debug, Clone, Default)]
pub struct StoredSeen {
    /// The walk began at the head of its list, not after a page that came inside another reply.
    pub has_head: bool,
    pub cursors: Vec<String>,
    /// The hashes of the items of each page, as the ledger keeps them.
    pub item_hashes: Vec<Vec<u8>>,
}

impl Store {
    /// The plan of the previous run; `None` before the first.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn followed_plan(&self) -> Result<Option<String>> {
        Ok(
            sqlx::query_scalar("select value from settings where name = 'plan'")
                .fetch_optional(self.readers())
                .await?,
        )
    }

    /// Stores the plan of this run and marks every kept reply to be planned again, which costs nothing. This is the
    /// last step of a plan change: if the process dies earlier, the next one repeats all steps.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
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

    /// The next job that must be planned again.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn next_replan(&self) -> Result<Option<Replanned>> {
        let row = sqlx::query(
            "select id, endpoint, subject, depth, seed_id, resolves_name from jobs where replan = 1
             and state <> 'leased' order by id limit 1",
        )
        .fetch_optional(self.readers())
        .await?;
        row.map(|row| {
            Ok(Replanned {
                job_id: row.try_get(0)?,
                endpoint: row.try_get(1)?,
                subject: row.try_get(2)?,
                depth: row.try_get(3)?,
                seed_id: row.try_get(4)?,
                resolves_name: row.try_get(5)?,
            })
        })
        .transpose()
    }

    /// The next few kept replies of a job after the call `after`, oldest first, with their call ids.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn kept_replies(&self, job_id: i64, after: i64) -> Result<Vec<(i64, KeptReply)>> {
        let rows = sqlx::query(
            "select id, body from calls where job_id = ? and id > ? and kept = 1 and body is not null order by id limit 16",
        )
        .bind(job_id)
        .bind(after)
        .fetch_all(self.readers())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok((
                    row.try_get(0)?,
                    KeptReply {
                        body: row.try_get(1)?,
                    },
                ))
            })
            .collect()
    }

    /// Forgets what the plan did not follow from the replies of a job, because they are planned again.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn forget_refusals(&self, job: &Replanned) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query("delete from refusals where job_id = ?")
            .bind(job.job_id)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    /// Enqueues the jobs that the plan admits from some kept replies of a job, and counts what it refuses. Returns the number of new jobs.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn plan_again(
        &self,
        job: &Replanned,
        jobs: &[NewJob],
        refused: &Refusals,
        now: f64,
    ) -> Result<u64> {
        let mut transaction = self.begin().await?;
        let origin = Origin::Job {
            job_id: job.job_id,
            seed_id: job.seed_id,
        };
        let jobs: Vec<(Origin<'_>, &NewJob)> = jobs.iter().map(|job| (origin, job)).collect();
        let before = total_jobs(&mut transaction).await?;
        enqueue(&mut transaction, &jobs, now).await?;
        note_refusals(&mut transaction, &[(job.job_id, refused)]).await?;
        let added = total_jobs(&mut transaction).await? - before;
        transaction.commit().await?;
        Ok(added)
    }

    /// Records that all kept replies of a job were planned again, at this depth.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn planned(&self, job: &Replanned, led_to: u32) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "update jobs set replan = 0, led_to = ? where id = ? and depth = ? and resolves_name = ? and state <> 'leased'",
        )
        .bind(led_to)
        .bind(job.job_id)
        .bind(job.depth)
        .bind(job.resolves_name)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }

    /// The earlier pages of a walk, to recognize a repeated cursor or page.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn seen(&self, job_id: i64) -> Result<StoredSeen> {
        let rows = sqlx::query(
            "select c.cursor, c.item_hashes from calls c join jobs j on j.id = c.job_id
             where c.job_id = ? and c.id > j.pass_call_id and c.kept = 1",
        )
        .bind(job_id)
        .fetch_all(self.readers())
        .await?;
        let mut seen = StoredSeen::default();
        for row in rows {
            let cursor: Option<String> = row.try_get(0)?;
            seen.has_head |= cursor.is_none();
            seen.cursors.extend(cursor);
            seen.item_hashes
                .extend(row.try_get::<Option<Vec<u8>>, _>(1)?);
        }
        Ok(seen)
    }
}
