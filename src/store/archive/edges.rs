//! Edges and entries: rows that only join other rows.

use sqlx::SqliteConnection;

use crate::store::Result;
use crate::store::archive::merge::{Entities, Merged, PageRows};
use crate::store::db::Statement;

const FOLLOWS: Statement = Statement {
    head: "insert into follows (followed_id, follower_id, first_call_id, last_call_id)
        select one.id, other.id, column3, column4
        from (values",
    row: "(?, ?, ?, ?)",
    tail: ")
        left join users as one on one.user_id = column1
        left join users as other on other.user_id = column2
        where column1 is not null on conflict (followed_id, follower_id) do update set
        first_call_id = min(first_call_id, excluded.first_call_id),
        last_call_id = max(last_call_id, excluded.last_call_id)",
};
const APPEARANCES: Statement = Statement {
    head: "insert into appearances (post_id, user_id, first_call_id, last_call_id)
        select one.id, other.id, column3, column4
        from (values",
    row: "(?, ?, ?, ?)",
    tail: ")
        left join posts as one on one.post_id = column1
        left join users as other on other.user_id = column2
        where column1 is not null on conflict (post_id, user_id) do update set
        first_call_id = min(first_call_id, excluded.first_call_id),
        last_call_id = max(last_call_id, excluded.last_call_id)",
};
const REMIXES: Statement = Statement {
    head: "insert into remixes (parent_post_id, post_id, first_call_id, last_call_id)
        select one.id, other.id, column3, column4
        from (values",
    row: "(?, ?, ?, ?)",
    tail: ")
        left join posts as one on one.post_id = column1
        left join posts as other on other.post_id = column2
        where column1 is not null on conflict (parent_post_id, post_id) do update set
        first_call_id = min(first_call_id, excluded.first_call_id),
        last_call_id = max(last_call_id, excluded.last_call_id)",
};
const FEED: Statement = Statement {
    head: "insert into feed_entries (call_id, position, rank, post_id, observed_at)
        select column1, column2, column3, listed.id, column5
        from (values",
    row: "(?, ?, ?, ?, ?)",
    tail: ")
        left join posts as listed on listed.post_id = column4
        where column1 is not null on conflict (call_id, position) do nothing",
};
const LEADERBOARD: Statement = Statement {
    head: "insert into leaderboard_entries (call_id, position, rank, user_id, observed_at)
        select column1, column2, column3, listed.id, column5
        from (values",
    row: "(?, ?, ?, ?, ?)",
    tail: ")
        left join users as listed on listed.user_id = column4
        where column1 is not null on conflict (call_id, position) do nothing",
};
const SEARCH: Statement = Statement {
    head: "insert into search_results (call_id, position, query, user_id, token, observed_at)
        select column1, column2, column3, listed.id, column5, column6
        from (values",
    row: "(?, ?, ?, ?, ?, ?)",
    tail: ")
        left join users as listed on listed.user_id = column4
        where column1 is not null on conflict (call_id, position) do nothing",
};

/// Writes all edges; both ends are written already.
pub(super) async fn write(connection: &mut SqliteConnection, all: &Merged<'_>) -> Result<()> {
    write_pairs(connection, &FOLLOWS, &all.follows).await?;
    write_pairs(connection, &APPEARANCES, &all.appearances).await?;
    write_pairs(connection, &REMIXES, &all.remixes).await
}

async fn write_pairs<R: Sync>(
    connection: &mut SqliteConnection,
    statement: &Statement,
    pairs: &Entities<'_, (&str, &str), R>,
) -> Result<()> {
    statement
        .write(connection, &pairs.list, |query, ((one, other), said)| {
            query
                .bind(*one)
                .bind(*other)
                .bind(said.first_call)
                .bind(said.last_call)
        })
        .await
}

/// What a list showed at this moment, in its order.
pub(super) async fn write_entries(
    connection: &mut SqliteConnection,
    page: &PageRows<'_>,
) -> Result<()> {
    let rank = |position: u32| page.items_before + position + 1;
    let (harvest, call_id, now) = (page.harvest, page.call_id, page.now);
    for (statement, entries) in [(&FEED, &harvest.feed), (&LEADERBOARD, &harvest.leaderboard)] {
        statement
            .write(connection, entries, |query, entry| {
                query
                    .bind(call_id)
                    .bind(entry.position)
                    .bind(rank(entry.position))
                    .bind(&entry.id)
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
                .bind(&entry.user_id)
                .bind(entry.token.as_deref())
                .bind(now)
        })
        .await
}
