//! New jobs. There is at most one job per endpoint and subject.

use std::collections::BTreeSet;

use sqlx::SqliteConnection;

use super::origin::Origin;
use super::remove::adopt;
use crate::model::NewJob;
use crate::store::Result;
use crate::store::db::Statement;

const JOBS: Statement = Statement {
    given: &[
        "endpoint", "subject", "depth", "seed_id", "seed_kind", "seed_subject", "parent_job_id", "cursor",
        "resolves_name", "created_at", "after_endpoint",
    ],
    // A job that is found again closer to a seed may lead further, so its replies are planned again. A leased job is
    // marked when its page is kept.
    //
    // A job waits for another one of its subject, unless that one has its first page or has ended.
    sql: "insert into jobs
            (endpoint, subject, state, depth, seed_id, parent_job_id, cursor, resolves_name, created_at, after_job_id)
        select endpoint, subject, iif(after_job_id is null, 'ready', 'waiting'), depth,
            coalesce(seed_id, (select id from seeds where kind = seed_kind and subject = seed_subject)),
            parent_job_id, cursor, resolves_name, created_at, after_job_id
        from (select given.*, (select other.id from jobs other
                where other.endpoint = after_endpoint and other.subject = given.subject and other.pages = 0
                    and other.state in ('ready', 'waiting', 'leased')) as after_job_id
            from given where endpoint is not null)
        where true
        on conflict (endpoint, subject) do update set depth = min(depth, excluded.depth),
            resolves_name = max(resolves_name, excluded.resolves_name),
            replan = max(replan, pages > 0 and (excluded.depth < depth or excluded.resolves_name > resolves_name)),
            after_job_id = iif(state = 'ready' and pages = 0, excluded.after_job_id, after_job_id),
            state = iif(state = 'ready' and pages = 0, excluded.state, state)
            where excluded.depth < depth or excluded.resolves_name > resolves_name
                or (excluded.state = 'waiting' and state = 'ready' and pages = 0)",
};

/// Adds jobs to the queue. An existing job stays unchanged except for its depth, and for what it waits for; one of a removed
/// seed goes on under the seed that leads to it now.
pub(in crate::store) async fn enqueue(
    connection: &mut SqliteConnection,
    jobs: &[(Origin<'_>, &NewJob)],
    now: f64,
) -> Result<()> {
    let mut rest: Vec<_> = jobs.iter().collect();
    while !rest.is_empty() {
        // A job must be there before another one can wait for it.
        let endpoints: BTreeSet<&str> = rest.iter().map(|(_, job)| job.endpoint).collect();
        let (mut later, mut jobs): (Vec<_>, Vec<_>) = rest
            .into_iter()
            .partition(|(_, job)| job.after.is_some_and(|after| endpoints.contains(after)));
        if jobs.is_empty() {
            // They wait for each other.
            std::mem::swap(&mut later, &mut jobs);
        }
        rest = later;
        JOBS.write(connection, &jobs, |row, (origin, job)| {
            row.set("endpoint", job.endpoint)
                .set("subject", job.subject.as_str())
                .set("depth", job.depth);
            match *origin {
                Origin::Job { job_id, seed_id } => {
                    row.set("seed_id", seed_id).set("parent_job_id", job_id)
                }
                Origin::Seed { kind, subject } => {
                    row.set("seed_kind", kind).set("seed_subject", subject)
                }
            }
            .set("cursor", job.cursor.as_deref())
            .set("resolves_name", job.resolves_name)
            .set("created_at", now)
            .set("after_endpoint", job.after);
        })
        .await?;
    }
    adopt(connection, jobs).await
}

/// Number of jobs in any state.
pub(in crate::store) async fn total_jobs(connection: &mut SqliteConnection) -> Result<u64> {
    let jobs: i64 = sqlx::query_scalar("select coalesce(sum(jobs), 0) from job_counts")
        .fetch_one(&mut *connection)
        .await?;
    Ok(u64::try_from(jobs).unwrap_or(0))
}
