//! Leasing: the best ready job, unless the archive knows that there is nothing to fetch.

use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use super::end::end;
use super::{LeaseRequest, Leased};
use crate::model::{Lease, StopReason};
use crate::store::Result;

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
pub(in crate::store) async fn lease(
    connection: &mut SqliteConnection,
    request: &LeaseRequest,
    now: f64,
) -> Result<Leased> {
    let mut settled = 0;
    while let Some((lease, is_fresh)) = lease_next(connection, request, now).await? {
        let at_head = is_fresh && lease.pages == 0 && lease.cursor.is_none();
        if at_head
            && !request.buy_known.contains(&lease.endpoint)
            && is_needless(connection, &lease).await?
        {
            let note = "nothing to fetch: a reply that was bought before says so".to_owned();
            end(connection, lease.job_id, StopReason::Complete, &note, now).await?;
            settled += 1;
            continue;
        }
        return Ok(Leased::Job(Box::new(lease)));
    }
    Ok(Leased::Nothing { settled })
}

/// The best ready job; true beside it where nobody asked for it a second time.
async fn lease_next(
    connection: &mut SqliteConnection,
    request: &LeaseRequest,
    now: f64,
) -> Result<Option<(Lease, bool)>> {
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
         items, attempts, restarts, stale_pages, resolves_name, led_to, pass_call_id = 0",
    );
    let mut query = sqlx::query(AssertSqlSafe(text)).bind(now + request.lease_seconds);
    for endpoint in &request.endpoints {
        query = query.bind(*endpoint).bind(request.max_depth);
    }
    let Some(row) = query.fetch_optional(&mut *connection).await? else {
        return Ok(None);
    };
    let name: &str = row.try_get(2)?;
    let Some(endpoint) = request.endpoints.iter().find(|endpoint| **endpoint == name) else {
        return Err(sqlx::Error::RowNotFound.into());
    };
    let lease = Lease {
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
    };
    Ok(Some((lease, row.try_get(14)?)))
}

/// The question how much is left of a subject's list, where the archive can know.
pub(in crate::store) fn known_rest(endpoint: &str) -> Option<&'static str> {
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
