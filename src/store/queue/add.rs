//! New jobs. There is at most one job per endpoint and subject.

use std::collections::BTreeMap;

use sqlx::SqliteConnection;

use crate::model::NewJob;
use crate::store::Result;
use crate::store::db::Statement;

const JOBS: Statement = Statement {
    given: &[
        "endpoint", "subject", "depth", "seed_id", "seed_kind", "seed_subject", "parent_job_id", "cursor",
        "resolves_name", "created_at",
    ],
    // A job that is found again closer to a seed may lead further, so its replies are planned again. A leased job is
    // marked when its page is kept.
    sql: "insert into jobs
            (endpoint, subject, state, depth, seed_id, parent_job_id, cursor, resolves_name, created_at)
        select endpoint, subject, 'ready', depth,
            coalesce(seed_id, (select id from seeds where kind = seed_kind and subject = seed_subject)),
            parent_job_id, cursor, resolves_name, created_at
        from given where endpoint is not null
        on conflict (endpoint, subject) do update set depth = min(depth, excluded.depth),
            resolves_name = max(resolves_name, excluded.resolves_name), replan = max(replan, pages > 0)
            where excluded.depth < depth or excluded.resolves_name > resolves_name",
};

/// The origin of new jobs.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) enum Origin<'a> {
    /// A reply of this job, under the job's seed.
    Job { job_id: i64, seed_id: i64 },
    /// A seed, given by kind and subject.
    Seed {
        kind: &'static str,
        subject: &'a str,
    },
}

/// Adds jobs to the queue. An existing job stays unchanged except for its depth.
pub(in crate::store) async fn enqueue(
    connection: &mut SqliteConnection,
    jobs: &[(Origin<'_>, &NewJob)],
    now: f64,
) -> Result<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    JOBS.write(connection, jobs, |row, (origin, job)| {
        row.set("endpoint", job.endpoint)
            .set("subject", job.subject.as_str())
            .set("depth", job.depth)
            .set("cursor", job.cursor.as_deref())
            .set("resolves_name", job.resolves_name)
            .set("created_at", now);
        match *origin {
            Origin::Job { job_id, seed_id } => {
                row.set("seed_id", seed_id).set("parent_job_id", job_id)
            }
            Origin::Seed { kind, subject } => {
                row.set("seed_kind", kind).set("seed_subject", subject)
            }
        };
    })
    .await?;
    let mut waiting: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for (_, job) in jobs {
        if let Some(after) = job.after {
            waiting
                .entry((job.endpoint, after))
                .or_default()
                .push(&job.subject);
        }
    }
    for ((endpoint, after), subjects) in waiting {
        wait_for(connection, endpoint, after, &subjects).await?;
    }
    Ok(())
}

/// New jobs wait for another job of their subject, unless that job has its first page or has ended.
async fn wait_for(
    connection: &mut SqliteConnection,
    endpoint: &str,
    after: &str,
    subjects: &[&str],
) -> Result<()> {
    sqlx::query(
        "update jobs set state = 'waiting', after_job_id = other.id from jobs other
         where jobs.endpoint = ? and jobs.subject in (select value from json_each(?))
           and jobs.state = 'ready' and jobs.pages = 0
           and other.endpoint = ? and other.subject = jobs.subject and other.pages = 0
           and other.state in ('ready', 'waiting', 'leased')",
    )
    .bind(endpoint)
    .bind(serde_json::json!(subjects).to_string())
    .bind(after)
    .execute(&mut *connection)
    .await?;
    Ok(())
}

/// Number of jobs in any state.
pub(in crate::store) async fn total_jobs(connection: &mut SqliteConnection) -> Result<u64> {
    let jobs: i64 = sqlx::query_scalar("select coalesce(sum(jobs), 0) from job_counts")
        .fetch_one(&mut *connection)
        .await?;
    Ok(u64::try_from(jobs).unwrap_or(0))
}
