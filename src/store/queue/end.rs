//! How a leased job goes on when it is not kept: back into the queue, or to its end, for a stated reason.

use sqlx::SqliteConnection;

use super::{Failure, Retry};
use crate::model::{NewJob, StopReason};
use crate::store::{Error, Result, ledger};

/// True where the lease still holds.
async fn holds(connection: &mut SqliteConnection, job_id: i64, fence: i64) -> Result<bool> {
    let found: Option<i64> =
        sqlx::query_scalar("select 1 from jobs where id = ? and fence = ? and state = 'leased'")
            .bind(job_id)
            .bind(fence)
            .fetch_optional(&mut *connection)
            .await?;
    Ok(found.is_some())
}

/// Ends a job and lets those go on that waited for it.
pub(in crate::store) async fn end(
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
pub(in crate::store) fn ended_state(reason: StopReason) -> &'static str {
    match reason {
        StopReason::Complete | StopReason::Gone => "done",
        StopReason::Failed => "failed",
        StopReason::Stalled | StopReason::Truncated | StopReason::Capped | StopReason::Budget => {
            "stopped"
        }
    }
}

/// Jobs that waited for this one's first page, or for its end, are ready now.
pub(in crate::store) async fn release_dependents(
    connection: &mut SqliteConnection,
    job_id: i64,
) -> Result<()> {
    sqlx::query("update jobs set state = 'ready', after_job_id = null where after_job_id = ? and state = 'waiting'")
        .bind(job_id)
        .execute(&mut *connection)
        .await?;
    Ok(())
}

/// The first page of a job that has not begun came inside another reply: it goes on from there, or has ended.
pub(in crate::store) async fn apply_nested(
    connection: &mut SqliteConnection,
    rest: &NewJob,
    now: f64,
) -> Result<()> {
    let untouched: Option<i64> = sqlx::query_scalar(
        "select id from jobs where endpoint = ? and subject = ? and pages = 0 and cursor is null
         and state in ('ready', 'waiting')",
    )
    .bind(rest.endpoint)
    .bind(&rest.subject)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(job_id) = untouched else {
        return Ok(());
    };
    if rest.cursor.is_none() {
        let note = "nothing to fetch: it came inside a reply that was bought before";
        return end(connection, job_id, StopReason::Complete, note, now).await;
    }
    sqlx::query("update jobs set cursor = ? where id = ?")
        .bind(&rest.cursor)
        .bind(job_id)
        .execute(&mut *connection)
        .await?;
    Ok(())
}

/// Writes down what became of a job whose call failed. The call is settled even where the lease is lost.
pub(in crate::store) async fn fail(
    connection: &mut SqliteConnection,
    failure: &Failure,
) -> Result<()> {
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
        Retry::At(time) | Retry::Later(time) => {
            sqlx::query(
                "update jobs set state = 'waiting', lease_until = null, ready_at = ?, attempts = attempts + ?,
                 note = ? where id = ?",
            )
            .bind(time)
            .bind(matches!(failure.retry, Retry::At(_)))
            .bind(&failure.error)
            .bind(failure.job_id)
            .execute(&mut *connection)
            .await?;
        }
        Retry::Restart => {
            sqlx::query(
                "update jobs set state = 'ready', lease_until = null, cursor = null, restarts = restarts + 1,
                 pages = 0, items = 0, stale_pages = 0, attempts = 0, pass_call_id = coalesce((select max(id) from calls), 0),
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
