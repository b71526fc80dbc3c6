//! New jobs. There is never a second one of the same endpoint and subject.

use sqlx::SqliteConnection;

use crate::model::NewJob;
use crate::store::Result;
use crate::store::upsert::Statement;

const JOBS: Statement = Statement {
    head: "insert into jobs (endpoint, subject, state, depth, seed_id, parent_job_id, cursor, after_job_id,
        resolves_name, created_at) values",
    row: "(?, ?, 'ready', ?, ?, ?, ?, null, ?, ?)",
    // A job that is found again nearer to a seed leads further: what it gave is then planned again.
    tail: "on conflict (endpoint, subject) do update set depth = min(depth, excluded.depth),
        resolves_name = max(resolves_name, excluded.resolves_name), replan = max(replan, pages > 0)
        where excluded.depth < depth or excluded.resolves_name > resolves_name",
};

/// Who asks for new jobs.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Origin {
    pub(in crate::store) seed_id: i64,
    pub(in crate::store) parent_job_id: Option<i64>,
    pub(in crate::store) resolves_name: bool,
    pub(in crate::store) now: f64,
}

/// Puts jobs into the queue; one that is there already is left as it is, but for its depth.
pub(in crate::store) async fn enqueue(
    connection: &mut SqliteConnection,
    jobs: &[NewJob],
    origin: Origin,
) -> Result<()> {
    JOBS.write(connection, jobs, |query, job| {
        query
            .bind(job.endpoint)
            .bind(&job.subject)
            .bind(job.depth)
            .bind(origin.seed_id)
            .bind(origin.parent_job_id)
            .bind(&job.cursor)
            .bind(origin.resolves_name)
            .bind(origin.now)
    })
    .await?;
    for job in jobs {
        if let Some((endpoint, subject)) = &job.after {
            wait_for(connection, job, endpoint, subject).await?;
        }
    }
    Ok(())
}

/// How many jobs there are, in whatever state.
pub(in crate::store) async fn total_jobs(connection: &mut SqliteConnection) -> Result<u64> {
    let jobs: i64 = sqlx::query_scalar("select coalesce(sum(jobs), 0) from job_counts")
        .fetch_one(&mut *connection)
        .await?;
    Ok(u64::try_from(jobs).unwrap_or(0))
}

/// A fresh job waits for another one, unless that one has brought its first page or has ended.
async fn wait_for(
    connection: &mut SqliteConnection,
    job: &NewJob,
    endpoint: &str,
    subject: &str,
) -> Result<()> {
    sqlx::query(
        "update jobs set state = 'waiting', after_job_id = other.id
         from (select id from jobs where endpoint = ? and subject = ? and pages = 0
               and state in ('ready', 'waiting', 'leased')) as other
         where jobs.endpoint = ? and jobs.subject = ? and jobs.state = 'ready' and jobs.pages = 0
           and jobs.id <> other.id",
    )
    .bind(endpoint)
    .bind(subject)
    .bind(job.endpoint)
    .bind(&job.subject)
    .execute(&mut *connection)
    .await?;
    Ok(())
}
