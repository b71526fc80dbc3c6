//! Edges and entries: rows that only join other rows.

use sqlx::SqliteConnection;

use super::{Ids, id_of};
use crate::store::Result;
use crate::store::rows::{PageRows, Things};
use crate::store::upsert::Statement;

const FOLLOWS: Statement = Statement {
    head: "insert into follows (followed_id, follower_id, first_call_id, last_call_id) values",
    row: "(?, ?, ?, ?)",
    tail: "on conflict (followed_id, follower_id) do update set first_call_id = min(first_call_id, excluded.first_call_id),
        last_call_id = max(last_call_id, excluded.last_call_id)",
};
const APPEARANCES: Statement = Statement {
    head: "insert into appearances (post_id, user_id, first_call_id, last_call_id) values",
    row: "(?, ?, ?, ?)",
    tail: "on conflict (post_id, user_id) do update set first_call_id = min(first_call_id, excluded.first_call_id),
        last_call_id = max(last_call_id, excluded.last_call_id)",
};
const REMIXES: Statement = Statement {
    head: "insert into remixes (parent_post_id, post_id, first_call_id, last_call_id) values",
    row: "(?, ?, ?, ?)",
    tail: "on conflict (parent_post_id, post_id) do update set first_call_id = min(first_call_id, excluded.first_call_id),
        last_call_id = max(last_call_id, excluded.last_call_id)",
};
const FEED: Statement = Statement {
    head: "insert into feed_entries (call_id, position, rank, post_id, observed_at) values",
    row: "(?, ?, ?, ?, ?)",
    tail: "on conflict (call_id, position) do nothing",
};
const LEADERBOARD: Statement = Statement {
    head: "insert into leaderboard_entries (call_id, position, rank, user_id, observed_at) values",
    row: "(?, ?, ?, ?, ?)",
    tail: "on conflict (call_id, position) do nothing",
};
const SEARCH: Statement = Statement {
    head: "insert into search_results (call_id, position, query, user_id, token, observed_at) values",
    row: "(?, ?, ?, ?, ?, ?)",
    tail: "on conflict (call_id, position) do nothing",
};

type Pairs<'a, R> = Things<'a, (&'a str, &'a str), R>;

pub(super) async fn write_follows<R: Sync>(
    connection: &mut SqliteConnection,
    pairs: &Pairs<'_, R>,
    users: &Ids,
) -> Result<()> {
    write_pairs(connection, &FOLLOWS, pairs, users, users).await
}

pub(super) async fn write_appearances<R: Sync>(
    connection: &mut SqliteConnection,
    pairs: &Pairs<'_, R>,
    posts: &Ids,
    users: &Ids,
) -> Result<()> {
    write_pairs(connection, &APPEARANCES, pairs, posts, users).await
}

pub(super) async fn write_remixes<R: Sync>(
    connection: &mut SqliteConnection,
    pairs: &Pairs<'_, R>,
    posts: &Ids,
) -> Result<()> {
    write_pairs(connection, &REMIXES, pairs, posts, posts).await
}

async fn write_pairs<R: Sync>(
    connection: &mut SqliteConnection,
    statement: &Statement,
    pairs: &Pairs<'_, R>,
    left: &Ids,
    right: &Ids,
) -> Result<()> {
    statement
        .write(connection, &pairs.list, |query, ((one, other), said)| {
            query
                .bind(id_of(left, Some(one)))
                .bind(id_of(right, Some(other)))
                .bind(said.first_call)
                .bind(said.last_call)
        })
        .await
}

/// What a list showed at this moment, in its order.
pub(super) async fn write_entries(
    connection: &mut SqliteConnection,
    page: &PageRows<'_>,
    users: &Ids,
    posts: &Ids,
) -> Result<()> {
    let rank = |position: u32| page.items_before + position + 1;
    let (harvest, call_id, now) = (page.harvest, page.call_id, page.now);
    for (statement, entries, ids) in [
        (&FEED, &harvest.feed, posts),
        (&LEADERBOARD, &harvest.leaderboard, users),
    ] {
        statement
            .write(connection, entries, |query, entry| {
                query
                    .bind(call_id)
                    .bind(entry.position)
                    .bind(rank(entry.position))
                    .bind(id_of(ids, Some(&entry.id)))
                    .bind(now)
            })
            .await?;
    }
    SEARCH
        .write(connection, &harvest.search, |query, entry| {
            query
                .bind(call_id)
                .bind(entry.position)
                .bind(page.subject)
                .bind(id_of(users, Some(&entry.user_id)))
                .bind(entry.token.as_deref())
                .bind(now)
        })
        .await
}
