//! What happens to a leased job without a kept page: back into the queue, or ended for a stated reason.

use std::collections::HashSet;

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::spans::{close_pass, leave_refused};
use super::{Cooling, Failure, Retry};
use crate::model::{LeaseToken, NewJob, StopReason};
use crate::store::archive::absences::{self, MissedBy};
use crate::store::{Error, Result, ledger};

/// Returns whether the lease is still valid.
async fn holds(connection: &mut SqliteConnection, token: LeaseToken) -> Result<bool> {
    let found: Option<i64> =
        sqlx::query_scalar("select 1 from jobs where id = ? and fence = ? and state = 'leased'")
            .bind(token.job_id)
            .bind(token.fence)
            .fetch_optional(&mut *connection)
            .await?;
    Ok(found.is_some())
}

/// Ends jobs and releases the jobs that waited for them.
pub(in crate::store) async fn end(
    connection: &mut SqliteConnection,
    job_ids: &[i64],
    reason: StopReason,
    note: &str,
    now: f64,
) -> Result<()> {
    if job_ids.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "update jobs set state = ?1, stop_reason = ?2, note = nullif(?3, ''), ended_at = ?4, lease_until = null,
         ready_at = null, after_job_id = null, refreshes = iif(?2 = 'budget', refreshes, 0)
         where id in (select value from json_each(?5))",
    )
    .bind(ended_state(reason))
    .bind(reason.as_str())
    .bind(note)
    .bind(now)
    .bind(serde_json::json!(job_ids).to_string())
    .execute(&mut *connection)
    .await?;
    release_dependents(connection, job_ids).await
}

/// The state that a job ends in: `done` if nothing is missing.
pub(in crate::store) fn ended_state(reason: StopReason) -> &'static str {
    match reason {
        StopReason::Complete | StopReason::Gone => "done",
        StopReason::Failed => "failed",
        StopReason::Stalled
        | StopReason::Truncated
        | StopReason::Capped
        | StopReason::Budget
        | StopReason::Denied
        | StopReason::Cancelled => "stopped",
    }
}

/// Releases the jobs that waited for the first page, or for the end, of one of these.
pub(in crate::store) async fn release_dependents(
    connection: &mut SqliteConnection,
    job_ids: &[i64],
) -> Result<()> {
    if job_ids.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "update jobs set state = 'ready', after_job_id = null
         where after_job_id in (select value from json_each(?)) and state = 'waiting'",
    )
    .bind(serde_json::json!(job_ids).to_string())
    .execute(&mut *connection)
    .await?;
    Ok(())
}

/// Advances unstarted jobs whose first pages came inside other replies: they continue from there, or are done.
pub(in crate::store) async fn apply_nested(
    connection: &mut SqliteConnection,
    rests: &[&NewJob],
    now: f64,
) -> Result<()> {
    if rests.is_empty() {
        return Ok(());
    }
    let named: Vec<[Option<&str>; 3]> = rests
        .iter()
        .map(|rest| {
            [
                Some(rest.endpoint),
                Some(&*rest.subject),
                rest.cursor.as_deref(),
            ]
        })
        .collect();
    let mut untouched: Vec<(i64, Option<String>)> = sqlx::query_as(
        "select jobs.id, rest.value ->> 2 from json_each(?) rest
         join jobs on jobs.endpoint = rest.value ->> 0 and jobs.subject = rest.value ->> 1
         where jobs.pages = 0 and jobs.cursor is null and jobs.state in ('ready', 'waiting')
             -- A walk that is bought again begins at its head.
             and jobs.pass_call_id = 0 order by rest.key",
    )
    .bind(serde_json::json!(named).to_string())
    .fetch_all(&mut *connection)
    .await?;
    // If two replies hold the same list, the first one is used.
    let mut seen = HashSet::new();
    untouched.retain(|(job_id, _)| seen.insert(*job_id));
    let is_whole = untouched.iter().filter(|(_, cursor)| cursor.is_none());
    let whole: Vec<i64> = is_whole.map(|(job_id, _)| *job_id).collect();
    let note = "nothing to fetch: an earlier reply contained the list";
    end(connection, &whole, StopReason::Complete, note, now).await?;
    for (job_id, cursor) in untouched.iter().filter(|(_, cursor)| cursor.is_some()) {
        sqlx::query("update jobs set cursor = ? where id = ?")
            .bind(cursor.as_deref())
            .bind(job_id)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Stores until when endpoints are not called, and why.
pub(in crate::store) async fn cool_down(
    connection: &mut SqliteConnection,
    cooling: &[Cooling],
) -> Result<()> {
    for cooling in cooling {
        sqlx::query(
            "insert into cooldowns (endpoint, until, cause, why) values (?, ?, ?, ?) on conflict do update
             set until = excluded.until, cause = excluded.cause, why = excluded.why",
        )
        .bind(&cooling.endpoint)
        .bind(cooling.until)
        .bind(&cooling.cause)
        .bind(&cooling.why)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Records the result of a job whose call failed. The call is settled even if the lease is lost.
pub(in crate::store) async fn fail(
    connection: &mut SqliteConnection,
    failure: &Failure,
) -> Result<()> {
    if let Some((call_id, settlement)) = &failure.call {
        ledger::settle(connection, *call_id, settlement, failure.now).await?;
        sqlx::query(
            "update jobs set last_call_id = ?, last_error = ? where id = ? and fence = ? and state = 'leased'",
        )
        .bind(call_id)
        .bind(&failure.error)
        .bind(failure.token.job_id)
        .bind(failure.token.fence)
            .execute(&mut *connection)
            .await?;
    }
    cool_down(connection, &failure.cooling).await?;
    if !holds(connection, failure.token).await? {
        return Err(Error::LeaseLost);
    }
    if let (Some(gone), Some((call_id, _))) = (&failure.gone, &failure.call) {
        let by = MissedBy {
            call_id: *call_id,
            at: failure.now,
        };
        absences::not_found(connection, gone, by).await?;
    }
    match &failure.retry {
        Retry::Release => {
            sqlx::query("update jobs set state = 'ready', lease_until = null where id = ?")
                .bind(failure.token.job_id)
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
            .bind(failure.token.job_id)
            .execute(&mut *connection)
            .await?;
        }
        Retry::Restart => {
            // The remote refused the cursor, so a later pass cannot go on after it.
            sqlx::query(AssertSqlSafe(close_pass("?", "false")))
                .bind(failure.token.job_id)
                .execute(&mut *connection)
                .await?;
            sqlx::query(
                "update jobs set state = 'ready', lease_until = null, cursor = null, restarts = restarts + 1,
                 pages = 0, items = 0, stale_pages = 0, repeated_pages = 0, attempts = 0, pass_call_id = coalesce((select max(id) from calls), 0),
                 note = ? where id = ?",
            )
            .bind(&failure.error)
            .bind(failure.token.job_id)
            .execute(&mut *connection)
            .await?;
        }
        Retry::Leave => {
            leave_refused(connection, failure.token.job_id, &failure.error).await?;
        }
        Retry::End(reason, note) => {
            sqlx::query("update jobs set attempts = attempts + ? where id = ?")
                .bind(*reason != StopReason::Budget)
                .bind(failure.token.job_id)
                .execute(&mut *connection)
                .await?;
            end(
                connection,
                &[failure.token.job_id],
                *reason,
                note,
                failure.now,
            )
            .await?;
        }
    }
    Ok(())
}
