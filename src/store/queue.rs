//! The queue: jobs in, leases out.
//!
//! A lease is one statement, and carries a fence: whoever was given the job before can no longer write to it. An
//! expired lease makes the job leasable again.

use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use super::ledger::{self, Settlement};
use super::upsert::Statement;
use super::{Error, Result, Store};
use crate::model::{Lease, NewJob, StopReason};

/// What a worker asks for: the best job of these endpoints.
#[derive(Debug, Clone)]
pub struct LeaseRequest {
    /// Endpoints that may be called now, cheapest rows first.
    pub endpoints: Vec<&'static str>,
    /// Endpoints that are to be bought even where a list gave the object already.
    pub buy_known: Vec<&'static str>,
    pub max_depth: u32,
    pub now: f64,
    pub until: f64,
}

/// The answer to a `LeaseRequest`.
#[derive(Debug, Clone, PartialEq)]
pub enum Leased {
    Job(Box<Lease>),
    /// Nothing of these endpoints is ready. `settled` jobs were found to be needless on the way.
    Nothing {
        settled: u32,
    },
}

/// What becomes of a job whose call failed, or was not sent.
#[derive(Debug, Clone, PartialEq)]
pub enum Retry {
    /// Ready again at once; nothing was tried.
    Release,
    /// Tried and failed; ready again at this time.
    At(f64),
    /// The cursor was refused: back to the head of the walk.
    Restart,
    /// Over, for this reason.
    End(StopReason, String),
}

/// A failure of a leased job, with the settlement of its call where one was opened.
#[derive(Debug, Clone)]
pub struct Failure {
    pub job_id: i64,
    pub fence: i64,
    pub call: Option<(i64, Settlement)>,
    pub retry: Retry,
    /// The remote wants no calls of this endpoint before this time; remembered for the next run.
    pub rest: Option<(&'static str, f64)>,
    pub error: String,
    pub now: f64,
}

/// What a call of `enqueue` did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Enqueued {
    pub added: u64,
}

/// Which ended jobs are to be tried again.
#[derive(Debug, Clone, Default)]
pub struct Requeue {
    /// `failed`, `stopped` or `done`.
    pub state: String,
    pub endpoint: Option<String>,
    pub subject: Option<String>,
    pub reason: Option<String>,
    pub id: Option<i64>,
}

/// What is left to fetch of a subject, where the archive knows: 0 makes the job needless.
const KNOWN_REST: [(&str, &str); 9] = [
    (
        "get_user_posts",
        "select post_count from users where user_id = ?",
    ),
    (
        "get_user_followers",
        "select follower_count from users where user_id = ?",
    ),
    (
        "get_user_following",
        "select following_count from users where user_id = ?",
    ),
    (
        "get_user_cameo_appearances",
        "select cameo_count from users where user_id = ?",
    ),
    (
        "get_user_profile",
        "select 0 from users where user_id = ? and username is not null",
    ),
    (
        "get_post_detail",
        "select 0 from posts where post_id = ? and counted_at is not null",
    ),
    (
        "get_post_comments",
        "select reply_count from posts where post_id = ?",
    ),
    (
        "get_post_remix_list",
        "select remix_count from posts where post_id = ?",
    ),
    (
        "get_comment_replies",
        "select reply_count from comments where comment_id = ?",
    ),
];

/// Gives the best ready job. A job that the archive makes needless is ended on the way, without a call.
pub(super) async fn lease(
    connection: &mut SqliteConnection,
    request: &LeaseRequest,
) -> Result<Leased> {
    let mut settled = 0;
    while let Some(lease) = lease_next(connection, request).await? {
        let at_head = lease.pages == 0 && lease.cursor.is_none() && lease.restarts == 0;
        if at_head
            && !request.buy_known.contains(&lease.endpoint)
            && is_needless(connection, &lease).await?
        {
            let note = "nothing to fetch: a reply that was bought before says so".to_owned();
            end(
                connection,
                lease.job_id,
                StopReason::Complete,
                &note,
                request.now,
            )
            .await?;
            settled += 1;
            continue;
        }
        return Ok(Leased::Job(Box::new(lease)));
    }
    Ok(Leased::Nothing { settled })
}

async fn lease_next(
    connection: &mut SqliteConnection,
    request: &LeaseRequest,
) -> Result<Option<Lease>> {
    if request.endpoints.is_empty() {
        return Ok(None);
    }
    // One seek for each endpoint; then the least depth, and among those the endpoint that was named first.
    let mut text = String::from(
        "update jobs set state = 'leased', fence = fence + 1, lease_until = ?, ready_at = null where id = (select id from (",
    );
    for (rank, _) in request.endpoints.iter().enumerate() {
        if rank > 0 {
            text.push_str(" union all ");
        }
        text.push_str(&format!(
            "select * from (select id, depth, {rank} as rank from jobs where state = 'ready' and endpoint = ? \
             and depth <= ? order by depth, id limit 1)"
        ));
    }
    text.push_str(
        ") order by depth, rank limit 1) returning id, fence, endpoint, subject, depth, seed_id, cursor, pages, \
         items, attempts, restarts, stale_pages, resolves_name, led_to",
    );
    let mut query = sqlx::query(AssertSqlSafe(text)).bind(request.until);
    for endpoint in &request.endpoints {
        query = query.bind(*endpoint).bind(request.max_depth);
    }
    let Some(row) = query.fetch_optional(&mut *connection).await? else {
        return Ok(None);
    };
    let name: &str = row.try_get(2)?;
    let Some(endpoint) = request.endpoints.iter().find(|endpoint| **endpoint == name) else {
        return Err(Error::Database(sqlx::Error::RowNotFound));
    };
    Ok(Some(Lease {
        job_id: row.try_get(0)?,
        fence: row.try_get(1)?,
        endpoint,
        subject: row.try_get(3)?,
        depth: row.try_get(4)?,
        seed_id: row.try_get(5)?,
        cursor: row.try_get(6)?,
        pages: row.try_get(7)?,
        items: row.try_get(8)?,
        attempts: row.try_get(9)?,
        restarts: row.try_get(10)?,
        stale_pages: row.try_get(11)?,
        resolves_name: row.try_get(12)?,
        led_to: row.try_get(13)?,
    }))
}

/// The question how much is left of a subject's list, where the archive can know.
pub(super) fn known_rest(endpoint: &str) -> Option<&'static str> {
    KNOWN_REST
        .iter()
        .find(|(name, _)| *name == endpoint)
        .map(|(_, sql)| *sql)
}

async fn is_needless(connection: &mut SqliteConnection, lease: &Lease) -> Result<bool> {
    let Some(sql) = known_rest(lease.endpoint) else {
        return Ok(false);
    };
    let rest: Option<Option<i64>> = sqlx::query_scalar(sql)
        .bind(&lease.subject)
        .fetch_optional(&mut *connection)
        .await?;
    Ok(rest.flatten() == Some(0))
}

/// True where the lease still holds.
pub(super) async fn holds(
    connection: &mut SqliteConnection,
    job_id: i64,
    fence: i64,
) -> Result<bool> {
    let found: Option<i64> =
        sqlx::query_scalar("select 1 from jobs where id = ? and fence = ? and state = 'leased'")
            .bind(job_id)
            .bind(fence)
            .fetch_optional(&mut *connection)
            .await?;
    Ok(found.is_some())
}

/// Ends a job and lets those go on that waited for it.
pub(super) async fn end(
    connection: &mut SqliteConnection,
    job_id: i64,
    reason: StopReason,
    note: &str,
    now: f64,
) -> Result<()> {
    sqlx::query(
        "update jobs set state = ?, stop_reason = ?, note = nullif(?, ''), ended_at = ?, lease_until = null,
         ready_at = null, after_job_id = null where id = ?",
    )
    .bind(ended_state(reason))
    .bind(reason.as_str())
    .bind(note)
    .bind(now)
    .bind(job_id)
    .execute(&mut *connection)
    .await?;
    release_dependents(connection, job_id).await
}

/// The state that a job ends in: `done` where nothing is missing.
pub(super) fn ended_state(reason: StopReason) -> &'static str {
    match reason {
        StopReason::Complete | StopReason::Gone => "done",
        StopReason::Failed => "failed",
        StopReason::Stalled | StopReason::Truncated | StopReason::Capped | StopReason::Budget => {
            "stopped"
        }
    }
}

/// Jobs that waited for this one's first page, or for its end, are ready now.
pub(super) async fn release_dependents(
    connection: &mut SqliteConnection,
    job_id: i64,
) -> Result<()> {
    sqlx::query("update jobs set state = 'ready', after_job_id = null where after_job_id = ? and state = 'waiting'")
        .bind(job_id)
        .execute(&mut *connection)
        .await?;
    Ok(())
}

/// Writes down what became of a job whose call failed. The call is settled even where the lease is lost.
pub(super) async fn fail(connection: &mut SqliteConnection, failure: &Failure) -> Result<()> {
    if let Some((call_id, settlement)) = &failure.call {
        ledger::settle(connection, *call_id, settlement, failure.now).await?;
        sqlx::query("update jobs set last_call_id = ?, last_error = ? where id = ?")
            .bind(call_id)
            .bind(&failure.error)
            .bind(failure.job_id)
            .execute(&mut *connection)
            .await?;
    }
    if let Some((endpoint, until)) = failure.rest {
        sqlx::query("insert into rests values (?, ?) on conflict do update set until = max(until, excluded.until)")
            .bind(endpoint)
            .bind(until)
            .execute(&mut *connection)
            .await?;
    }
    if !holds(connection, failure.job_id, failure.fence).await? {
        return Err(Error::LeaseLost);
    }
    match &failure.retry {
        Retry::Release => {
            sqlx::query("update jobs set state = 'ready', lease_until = null where id = ?")
                .bind(failure.job_id)
                .execute(&mut *connection)
                .await?;
        }
        Retry::At(time) => {
            sqlx::query(
                "update jobs set state = 'waiting', lease_until = null, ready_at = ?, attempts = attempts + 1,
                 note = ? where id = ?",
            )
            .bind(time)
            .bind(&failure.error)
            .bind(failure.job_id)
            .execute(&mut *connection)
            .await?;
        }
        Retry::Restart => {
            sqlx::query(
                "update jobs set state = 'ready', lease_until = null, cursor = null, restarts = restarts + 1,
                 stale_pages = 0, attempts = 0, pass_call_id = coalesce((select max(id) from calls), 0),
                 note = ? where id = ?",
            )
            .bind(&failure.error)
            .bind(failure.job_id)
            .execute(&mut *connection)
            .await?;
        }
        Retry::End(reason, note) => {
            sqlx::query("update jobs set attempts = attempts + 1 where id = ?")
                .bind(failure.job_id)
                .execute(&mut *connection)
                .await?;
            end(connection, failure.job_id, *reason, note, failure.now).await?;
        }
    }
    Ok(())
}

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
pub(super) struct Origin {
    pub(super) seed_id: i64,
    pub(super) parent_job_id: Option<i64>,
    pub(super) resolves_name: bool,
    pub(super) now: f64,
}

/// Puts jobs into the queue; one that is there already is left as it is, but for its depth.
pub(super) async fn enqueue(
    connection: &mut SqliteConnection,
    jobs: &[NewJob],
    origin: Origin,
) -> Result<Enqueued> {
    let before: i64 = total_jobs(connection).await?;
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
    let added = total_jobs(connection).await? - before;
    Ok(Enqueued {
        added: u64::try_from(added).unwrap_or(0),
    })
}

async fn total_jobs(connection: &mut SqliteConnection) -> Result<i64> {
    Ok(
        sqlx::query_scalar("select coalesce(sum(jobs), 0) from job_counts")
            .fetch_one(&mut *connection)
            .await?,
    )
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

impl Store {
    /// Upkeep: jobs whose time has come are ready; leases that ran out are taken back. Gives how many became ready.
    ///
    /// # Errors
    /// Where the archive cannot be written.
    pub async fn release_due(&self, now: f64) -> Result<u64> {
        let mut transaction = self.begin().await?;
        let due = sqlx::query(
            "update jobs set state = 'ready', ready_at = null where state = 'waiting' and ready_at <= ?
             and after_job_id is null",
        )
        .bind(now)
        .execute(&mut *transaction)
        .await?;
        let expired =
            sqlx::query("update jobs set state = 'ready', lease_until = null where state = 'leased' and lease_until <= ?")
                .bind(now)
                .execute(&mut *transaction)
                .await?;
        transaction.commit().await?;
        Ok(due.rows_affected() + expired.rows_affected())
    }

    /// The remote no longer offers an endpoint: its jobs end together. Gives how many there were.
    ///
    /// # Errors
    /// Where the archive cannot be written.
    pub async fn retire(&self, endpoint: &str, note: &str, now: f64) -> Result<u64> {
        self.end_all(
            "endpoint = ?",
            Some(endpoint),
            StopReason::Failed,
            note,
            now,
        )
        .await
    }

    /// A seed's budget is spent: its jobs stop together.
    ///
    /// # Errors
    /// Where the archive cannot be written.
    pub async fn stop_seed(&self, seed_id: i64, note: &str, now: f64) -> Result<u64> {
        self.end_all(
            "seed_id = cast(? as integer)",
            Some(&seed_id.to_string()),
            StopReason::Budget,
            note,
            now,
        )
        .await
    }

    /// A budget of the whole run is spent: everything that waits stops, to go on when there is more.
    ///
    /// # Errors
    /// Where the archive cannot be written.
    pub async fn stop_all(&self, note: &str, now: f64) -> Result<u64> {
        self.end_all("?1 is null", None, StopReason::Budget, note, now)
            .await
    }

    async fn end_all(
        &self,
        which: &'static str,
        value: Option<&str>,
        reason: StopReason,
        note: &str,
        now: f64,
    ) -> Result<u64> {
        let mut transaction = self.begin().await?;
        let text = format!(
            "update jobs set state = ?2, stop_reason = ?3, note = ?4, ended_at = ?5, ready_at = null, after_job_id = null
             where state in ('ready', 'waiting') and {}",
            which.replace("= ?", "= ?1").replace("(? ", "(?1 ")
        );
        let ended = sqlx::query(AssertSqlSafe(text))
            .bind(value)
            .bind(ended_state(reason))
            .bind(reason.as_str())
            .bind(note)
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        // Whoever waited for one of them goes on.
        sqlx::query(
            "update jobs set state = 'ready', after_job_id = null where state = 'waiting' and after_job_id in
             (select id from jobs where state in ('failed', 'stopped'))",
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(ended.rows_affected())
    }

    /// Ended jobs are tried again: a failed or stopped one from its cursor where it has a good one, any other from its
    /// head.
    ///
    /// # Errors
    /// Where the archive cannot be written.
    pub async fn requeue(&self, which: &Requeue) -> Result<u64> {
        let mut transaction = self.begin().await?;
        let done = sqlx::query(
            "update jobs set state = 'ready', stop_reason = null, ended_at = null, ready_at = null, attempts = 0,
             restarts = 0, stale_pages = 0, note = null,
             pages = iif(state = 'done' or stop_reason = 'stalled' or cursor is null, 0, pages),
             items = iif(state = 'done' or stop_reason = 'stalled' or cursor is null, 0, items),
             cursor = iif(state = 'done' or stop_reason = 'stalled', null, cursor),
             pass_call_id = iif(state = 'done' or stop_reason = 'stalled' or cursor is null,
                 coalesce((select max(id) from calls), 0), pass_call_id)
             where state = ?1 and state in ('failed', 'stopped', 'done')
               and (?2 is null or endpoint = ?2) and (?3 is null or subject = ?3)
               and (?4 is null or stop_reason = ?4) and (?5 is null or id = ?5)",
        )
        .bind(&which.state)
        .bind(&which.endpoint)
        .bind(&which.subject)
        .bind(&which.reason)
        .bind(which.id)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(done.rows_affected())
    }
}
