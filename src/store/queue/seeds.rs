//! Seeds: what a person asked for, and the jobs that start there.

use sqlx::SqliteConnection;

use super::add::{enqueue, total_jobs};
use super::origin::Origin;
use super::remove::restore;
use crate::model::{NewJob, Seed, SeedKind};
use crate::store::db::Statement;
use crate::store::{Result, Store};

/// The result of adding seeds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seeded {
    pub new_seeds: u64,
    pub known_seeds: u64,
    pub new_jobs: u64,
    /// Jobs that another seed's budget had stopped, or the removal of this seed.
    pub resumed_jobs: u64,
}

impl std::ops::AddAssign for Seeded {
    fn add_assign(&mut self, other: Self) {
        self.new_seeds += other.new_seeds;
        self.known_seeds += other.known_seeds;
        self.new_jobs += other.new_jobs;
        self.resumed_jobs += other.resumed_jobs;
    }
}

/// A user whose latest reply showed a certain name.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Named {
    pub user_id: String,
    /// Unix time of the first reply that showed the user, perhaps under another name.
    pub first_seen_at: f64,
    /// Unix time of the latest reply that showed the user.
    pub last_seen_at: f64,
}

const SEEDS: Statement = Statement {
    given: &["kind", "subject", "added_at"],
    sql: "insert into seeds (kind, subject, added_at) select kind, subject, added_at from given
        where kind is not null on conflict (kind, subject) do nothing",
};

async fn last_id(connection: &mut SqliteConnection) -> Result<u64> {
    let id: i64 = sqlx::query_scalar("select coalesce(max(id), 0) from seeds")
        .fetch_one(&mut *connection)
        .await?;
    Ok(u64::try_from(id).unwrap_or(0))
}

fn origin(seed: &Seed) -> Origin<'_> {
    Origin::Seed {
        kind: seed.kind.as_str(),
        subject: &seed.subject,
    }
}

/// Moves open jobs of another seed, and jobs that its budget stopped, to these seeds.
async fn take_over(
    connection: &mut SqliteConnection,
    seeds: &[(Seed, Vec<NewJob>)],
) -> Result<u64> {
    let jobs: Vec<[&str; 4]> = seeds
        .iter()
        .flat_map(|(seed, jobs)| {
            jobs.iter().map(|job| {
                [
                    job.endpoint,
                    &job.subject,
                    seed.kind.as_str(),
                    &seed.subject,
                ]
            })
        })
        .collect();
    let jobs = serde_json::json!(jobs).to_string();
    let resumed = sqlx::query(
        "update jobs set state = 'ready', stop_reason = null, note = null, ended_at = null, after_job_id = null
         from (select j.id as job_id from json_each(?) as asked
               join seeds s on s.kind = asked.value ->> 2 and s.subject = asked.value ->> 3
               join jobs j on j.endpoint = asked.value ->> 0 and j.subject = asked.value ->> 1
               where j.seed_id <> s.id and j.stop_reason = 'budget')
         where jobs.id = job_id",
    )
    .bind(&jobs)
    .execute(&mut *connection)
    .await?
    .rows_affected();
    sqlx::query(
        "update jobs set seed_id = new_seed_id
         from (select j.id as job_id, s.id as new_seed_id from json_each(?) as asked
               join seeds s on s.kind = asked.value ->> 2 and s.subject = asked.value ->> 3
               join jobs j on j.endpoint = asked.value ->> 0 and j.subject = asked.value ->> 1
               where j.seed_id <> s.id and j.parent_job_id is not null and j.stop_reason is null)
         where jobs.id = job_id",
    )
    .bind(&jobs)
    .execute(&mut *connection)
    .await?;
    Ok(resumed)
}

impl Store {
    /// Adds seeds with the jobs that start at each, in one transaction. Existing rows stay unchanged, except that a job
    /// that waits under another seed, or was stopped by its budget, moves to the seed that names it.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn plant(&self, seeds: &[(Seed, Vec<NewJob>)], now: f64) -> Result<Seeded> {
        let mut transaction = self.begin().await?;
        let before = total_jobs(&mut transaction).await?;
        let last = last_id(&mut transaction).await?;
        SEEDS
            .write(&mut transaction, seeds, |row, (seed, _)| {
                row.set("kind", seed.kind.as_str())
                    .set("subject", seed.subject.as_str())
                    .set("added_at", now);
            })
            .await?;
        let named: Vec<(&str, &str)> = seeds
            .iter()
            .map(|(seed, _)| (seed.kind.as_str(), &*seed.subject))
            .collect();
        let restored = restore(&mut transaction, &named).await?;
        // Ids are assigned in order and never reused, so the new seeds can be counted by id.
        let new_seeds = last_id(&mut transaction).await? - last;
        let jobs: Vec<(Origin<'_>, &NewJob)> = seeds
            .iter()
            .flat_map(|(seed, jobs)| jobs.iter().map(move |job| (origin(seed), job)))
            .collect();
        enqueue(&mut transaction, &jobs, now).await?;
        let new_jobs = total_jobs(&mut transaction).await? - before;
        let resumed_jobs = match new_jobs < jobs.len() as u64 {
            true => take_over(&mut transaction, seeds).await?,
            false => 0,
        };
        transaction.commit().await?;
        Ok(Seeded {
            new_seeds,
            known_seeds: seeds.len() as u64 - new_seeds,
            new_jobs,
            resumed_jobs: resumed_jobs + restored,
        })
    }

    /// Returns all seeds, oldest first.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn seeds(&self) -> Result<Vec<Seed>> {
        let rows: Vec<(String, String)> =
            sqlx::query_as("select kind, subject from seeds where removed_at is null order by id")
                .fetch_all(self.readers())
                .await?;
        Ok(rows
            .into_iter()
            .filter_map(|(kind, subject)| {
                let kind = SeedKind::ALL
                    .into_iter()
                    .find(|known| known.as_str() == kind)?;
                Some(Seed { kind, subject })
            })
            .collect())
    }

    /// Returns the users that replies have shown under exactly this name, ignoring case, the latest first.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn users_named(&self, name: &str) -> Result<Vec<Named>> {
        Ok(sqlx::query_as(
            "select u.user_id, coalesce(first.settled_at, 0.0) as first_seen_at,
                 coalesce(last.settled_at, 0.0) as last_seen_at
             from users u join calls first on first.id = u.first_call_id join calls last on last.id = u.last_call_id
             where u.username = ? collate nocase order by u.last_call_id desc, u.id desc",
        )
        .bind(name)
        .fetch_all(self.readers())
        .await?)
    }
}
