//! Seeds that an operator removes: what they led to stays, and what other seeds lead to goes on under those.

use sqlx::SqliteConnection;

use super::origin::Origin;
use crate::model::{NewJob, OpenJobs};
use crate::store::{Result, Store};

/// The note of the jobs of a removed seed.
const SEED_REMOVED: &str = "the seed was removed";

/// A seed, as `soracrawl seed list` shows it.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow, serde::Serialize)]
pub struct SeedLine {
    pub id: i64,
    pub kind: String,
    pub subject: String,
    /// Unix time.
    pub added_at: f64,
    /// What is charged to the seed's budget, in micro-dollars.
    pub charged_micro_usd: i64,
}

impl Store {
    /// Marks a seed as removed and cancels its open jobs. The kept replies of other seeds are planned again, so that what
    /// they lead to goes on under them. No call may be in flight. Returns the number of cancelled jobs.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written. Repeating it continues.
    pub async fn remove_seed(&self, seed_id: i64, now: f64) -> Result<u64> {
        let mut transaction = self.begin().await?;
        sqlx::query("update seeds set removed_at = coalesce(removed_at, ?) where id = ?")
            .bind(now)
            .bind(seed_id)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        let jobs = OpenJobs {
            seed_id: Some(seed_id),
            ..OpenJobs::default()
        };
        let cancelled = self.cancel(&jobs, SEED_REMOVED, now).await?;
        let mut transaction = self.begin().await?;
        sqlx::query("update jobs set replan = 1, led_to = 0 where pages > 0 and seed_id <> ?")
            .bind(seed_id)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(cancelled)
    }

    /// Returns a seed, also a removed one; `None` if there never was one with this id.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn seed_ever(&self, seed_id: i64) -> Result<Option<(String, String)>> {
        Ok(
            sqlx::query_as("select kind, subject from seeds where id = ?")
                .bind(seed_id)
                .fetch_optional(self.readers())
                .await?,
        )
    }

    /// Returns the seeds that are not removed, oldest first, with the id `after` which they begin.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn seed_lines(
        readers: &sqlx::SqlitePool,
        after: i64,
        limit: u32,
    ) -> Result<Vec<SeedLine>> {
        Ok(sqlx::query_as(
            "select seeds.id, kind, subject, added_at, coalesce(micro_usd, 0) as charged_micro_usd
             from seeds left join spend on scope = 'seed' and name = cast(seeds.id as text)
             where removed_at is null and seeds.id > ? order by seeds.id limit ?",
        )
        .bind(after)
        .bind(limit)
        .fetch_all(readers)
        .await?)
    }

    /// Returns the seed with this kind and subject, or with this id as its subject and an empty kind.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn seed_named(
        readers: &sqlx::SqlitePool,
        kind: &str,
        subject: &str,
    ) -> Result<Option<i64>> {
        Ok(sqlx::query_scalar(
            "select id from seeds where removed_at is null
             and iif(?1 = '', cast(id as text) = ?2, kind = ?1 and subject = ?2)",
        )
        .bind(kind)
        .bind(subject)
        .fetch_optional(readers)
        .await?)
    }
}

/// Continues jobs of removed seeds that other seeds lead to, under those.
pub(super) async fn adopt(
    connection: &mut SqliteConnection,
    jobs: &[(Origin<'_>, &NewJob)],
) -> Result<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    let removed: Option<i64> =
        sqlx::query_scalar("select 1 from seeds where removed_at is not null limit 1")
            .fetch_optional(&mut *connection)
            .await?;
    if removed.is_none() {
        return Ok(());
    }
    let named: Vec<serde_json::Value> = jobs
        .iter()
        .map(|(origin, job)| {
            let (parent, seed, kind, subject) = match *origin {
                Origin::Job { job_id, seed_id } => (Some(job_id), Some(seed_id), None, None),
                Origin::Seed { kind, subject } => (None, None, Some(kind), Some(subject)),
            };
            serde_json::json!([
                job.endpoint,
                job.subject,
                job.depth,
                parent,
                seed,
                kind,
                subject
            ])
        })
        .collect();
    sqlx::query(
        "update jobs set state = 'ready', stop_reason = null, note = null, ended_at = null, seed_id = new_seed_id,
             parent_job_id = new_parent_id, depth = new_depth
         from (select j.id as adopted_id, asked.value ->> 2 as new_depth, asked.value ->> 3 as new_parent_id,
                   coalesce(asked.value ->> 4, s.id) as new_seed_id
               from json_each(?1) asked
               join jobs j on j.endpoint = asked.value ->> 0 and j.subject = asked.value ->> 1
               left join seeds s on s.kind = asked.value ->> 5 and s.subject = asked.value ->> 6
               where j.stop_reason = 'cancelled' and j.note = ?2)
         where jobs.id = adopted_id and new_seed_id in (select id from seeds where removed_at is null)",
    )
    .bind(serde_json::json!(named).to_string())
    .bind(SEED_REMOVED)
    .execute(&mut *connection)
    .await?;
    Ok(())
}

/// Takes back the removal of seeds that are added again, with the jobs that it cancelled.
pub(super) async fn restore(
    connection: &mut SqliteConnection,
    seeds: &[(&str, &str)],
) -> Result<u64> {
    let named = serde_json::json!(seeds).to_string();
    let restored: Vec<i64> = sqlx::query_scalar(
        "update seeds set removed_at = null where removed_at is not null and (kind, subject) in
             (select value ->> 0, value ->> 1 from json_each(?)) returning id",
    )
    .bind(named)
    .fetch_all(&mut *connection)
    .await?;
    if restored.is_empty() {
        return Ok(0);
    }
    let ready = sqlx::query(
        "update jobs set state = 'ready', stop_reason = null, note = null, ended_at = null
         where state = 'stopped' and stop_reason = 'cancelled' and note = ?
             and seed_id in (select value from json_each(?))",
    )
    .bind(SEED_REMOVED)
    .bind(serde_json::json!(restored).to_string())
    .execute(&mut *connection)
    .await?;
    Ok(ready.rows_affected())
}
