//! Leases the best ready jobs. Jobs that the archive makes unneeded end without a call.

use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use super::end::end;
use super::{LeaseRequest, ROWS_REFUSED};
use crate::model::{Lease, LeaseToken, Left, LeftOf, StopReason, SubjectKind};
use crate::store::Result;
use crate::store::archive::Target;
use crate::store::archive::schema::target;

/// Leases the best ready jobs, at most `wanted`. Ends the unneeded jobs that it finds first, and returns their number.
pub(in crate::store) async fn lease(
    connection: &mut SqliteConnection,
    request: &LeaseRequest,
    wanted: usize,
    now: f64,
) -> Result<(Vec<Lease>, u32)> {
    let (mut leases, mut settled) = (Vec::with_capacity(wanted), 0);
    while leases.len() < wanted {
        let found = lease_next(connection, request, wanted - leases.len(), now).await?;
        if found.is_empty() {
            break;
        }
        let (unneeded, useful): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|(_, is_unneeded)| *is_unneeded);
        let unneeded: Vec<i64> = unneeded
            .iter()
            .map(|(lease, _)| lease.token.job_id)
            .collect();
        let note = "nothing to fetch: an earlier reply says so";
        end(connection, &unneeded, StopReason::Complete, note, now).await?;
        settled += u32::try_from(unneeded.len()).unwrap_or(u32::MAX);
        leases.extend(useful.into_iter().map(|(lease, _)| lease));
    }
    Ok((leases, settled))
}

/// Is true for jobs in their first pass whose next page was imported.
const IMPORTED: &str = "pass_call_id = 0 and exists (select 1 from calls c where c.endpoint = jobs.endpoint \
    and c.subject = jobs.subject and c.cursor is jobs.cursor and c.job_id is null and c.outcome = 'imported' and c.kept = 1 \
    and c.body is not null)";

/// Leases the best ready jobs, at most `wanted`. The flag is true for jobs that the archive makes unneeded.
async fn lease_next(
    connection: &mut SqliteConnection,
    request: &LeaseRequest,
    wanted: usize,
    now: f64,
) -> Result<Vec<(Lease, bool)>> {
    if request.endpoints.is_empty() {
        return Ok(Vec::new());
    }
    // One index search per endpoint, then the lowest depth, then the endpoint named first. SQLite would prepare the
    // statement again for each value of a bare parameter as a limit.
    let mut text = String::from(
        "update jobs set state = 'leased', fence = fence + 1, lease_until = ?1, ready_at = null where id in (select id from (",
    );
    let mut conditions = unless_paused(&request.paused_seeds);
    let unneeded = unneeded(request);
    if request.imported_only {
        // A job that ends without a call needs no reply, and others may wait for it.
        conditions.push_str(&format!(" and ({IMPORTED} or {unneeded})"));
    }
    for (rank, endpoint) in request.endpoints.iter().enumerate() {
        let order = match request.sampled.contains(endpoint) {
            true => "random()",
            false => "depth, id",
        };
        if rank > 0 {
            text.push_str(" union all ");
        }
        text.push_str(&format!(
            "select * from (select id, depth, {rank} as rank from jobs where state = 'ready' and endpoint = ?{} \
             and depth <= ?2{conditions} order by {order} limit ?3 + 0)",
            rank + 5
        ));
    }
    text.push_str(
        ") order by depth, rank, id limit ?3 + 0) returning id, fence, endpoint, subject, depth, seed_id, cursor, pages, \
         items, attempts, restarts, stale_pages, repeated_pages, resolves_name, led_to, \
         iif(last_error glob ?4, last_call_id, null), \
         exists (select 1 from spans where job_id = jobs.id and state = 'open'), refreshes, pass_call_id, ",
    );
    text.push_str(&unneeded);
    let mut query = sqlx::query(AssertSqlSafe(text))
        .bind(now + request.lease_seconds)
        .bind(request.max_depth)
        .bind(i64::try_from(wanted).unwrap_or(i64::MAX))
        .bind(format!("{ROWS_REFUSED}*"));
    for endpoint in &request.endpoints {
        query = query.bind(*endpoint);
    }
    let rows = query.fetch_all(&mut *connection).await?;
    rows.iter().map(|row| read(row, request)).collect()
}

/// Returns what is true for jobs that the archive makes unneeded. A requeued job, or one with pages, is never unneeded.
fn unneeded(request: &LeaseRequest) -> String {
    let mut sql =
        "(pass_call_id = 0 and pages = 0 and cursor is null and case endpoint when '' then 0"
            .to_owned();
    for (endpoint, left) in &request.may_be_unneeded {
        if let Some(left) = known_left(*left, "subject", "depth") {
            sql.push_str(&format!(" when '{endpoint}' then ({left}) is 0"));
        }
    }
    sql.push_str(" else 0 end)");
    sql
}

/// Returns the condition that leaves out the jobs of paused seeds; empty without any, so that the statement stays one.
pub(in crate::store) fn unless_paused(seeds: &[i64]) -> String {
    if seeds.is_empty() {
        return String::new();
    }
    let ids: Vec<String> = seeds.iter().map(i64::to_string).collect();
    format!(" and seed_id not in ({})", ids.join(", "))
}

fn read(row: &SqliteRow, request: &LeaseRequest) -> Result<(Lease, bool)> {
    let name: &str = row.try_get(2)?;
    let Some(endpoint) = request.endpoints.iter().find(|endpoint| **endpoint == name) else {
        return Err(sqlx::Error::RowNotFound.into());
    };
    let lease = Lease {
        token: LeaseToken {
            job_id: row.try_get(0)?,
            fence: row.try_get(1)?,
        },
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
        repeated_pages: row.try_get(12)?,
        resolves_name: row.try_get(13)?,
        led_to: row.try_get(14)?,
        raw_call: row.try_get(15)?,
        may_meet: row.try_get(16)?,
        refreshes: row.try_get(17)?,
        pass_call_id: row.try_get(18)?,
    };
    Ok((lease, row.try_get(19)?))
}

/// Returns the query of how much is left to fetch of a subject, where the archive can know. `subject` is the SQL of the
/// subject's text id, and `depth` that of the job's depth.
///
/// A user whom a list showed is described only if it has the fields that nothing but a profile gives. A user who is no seed
/// is also described by their own posts.
pub(in crate::store) fn known_left(of: LeftOf, subject: &str, depth: &str) -> Option<String> {
    let Target { table, id } = target(of.kind)?;
    match of.left {
        Left::Unknown => None,
        Left::Count(column) => Some(format!(
            "select {column} from {table} where {id} = {subject}"
        )),
        Left::Described(column) => {
            let has_posts = match of.kind {
                SubjectKind::User => format!(
                    " or {depth} > 0 and exists (select 1 from posts where posts.author_id = {table}.id)"
                ),
                _ => String::new(),
            };
            Some(format!(
                "select 0 from {table} where {id} = {subject} and ({column} is not null{has_posts})"
            ))
        }
    }
}
