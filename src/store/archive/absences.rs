//! What replies lack: passes that miss items of their list, 404s that name their subject, and things that are seen again.
//!
//! "Seen" is a reply that describes a thing with a count (`counted_call_id`), or that states an edge. A reply that only
//! mentions an id, such as a remix whose parent was deleted, is no sign of it.

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::column::Target;
use super::merge::{Entities, Merged};
use super::schema::target;
use crate::model::{Counts, Listed, NotFound, Pass, UNSEEN_AFTER_SECONDS};
use crate::store::Result;
use crate::store::db::Statement;

/// A call after which something is missing.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct MissedBy {
    pub(in crate::store) call_id: i64,
    /// When it was settled, Unix seconds.
    pub(in crate::store) at: f64,
}

/// The comments of a list that are not seen, with the replies below them, which no list shows without them.
macro_rules! thread {
    ($from:literal) => {
        concat!(
            "with recursive lost (id, seen) as (
                 select t.id, t.counted_call_id ",
            $from,
            " and t.counted_call_id <= ?2
                 union
                 select c.id, c.counted_call_id from lost join comments c on c.parent_comment_id = lost.id
                 where c.counted_call_id <= ?2
             )
             select 'comment' as kind, id as item, 0 as of, seen from lost"
        )
    };
}

/// Returns the query of the items that earlier passes over a list may have shown and nothing has shown since. ?1 is the
/// list's subject, ?2 the last call before the pass. Its columns: kind, item, of, and the call that showed it last.
///
/// This is the one place that says what a complete pass did not see.
fn not_seen(list: Listed) -> &'static str {
    match list {
        Listed::PostsOfUser => {
            "select 'post' as kind, t.id as item, 0 as of, t.counted_call_id as seen
             from users s join posts t on t.author_id = s.id where s.user_id = ?1 and t.counted_call_id <= ?2"
        }
        Listed::FollowersOfUser => {
            "select 'follow' as kind, t.follower_id as item, t.followed_id as of, t.last_call_id as seen
             from users s join follows t on t.followed_id = s.id where s.user_id = ?1 and t.last_call_id <= ?2"
        }
        Listed::FollowedByUser => {
            "select 'follow' as kind, t.follower_id as item, t.followed_id as of, t.last_call_id as seen
             from users s join follows t on t.follower_id = s.id where s.user_id = ?1 and t.last_call_id <= ?2"
        }
        Listed::AppearancesOfUser => {
            "select 'appearance' as kind, t.user_id as item, t.post_id as of, t.last_call_id as seen
             from users s join appearances t on t.user_id = s.id where s.user_id = ?1 and t.last_call_id <= ?2"
        }
        Listed::CommentsOfPost => {
            thread!(
                "from posts s join comments t on t.post_id = s.id and t.parent_comment_id is null where s.post_id = ?1"
            )
        }
        Listed::RemixesOfPost => {
            "select 'remix' as kind, t.post_id as item, t.parent_post_id as of, t.last_call_id as seen
             from posts s join remixes t on t.parent_post_id = s.id where s.post_id = ?1 and t.last_call_id <= ?2"
        }
        Listed::RepliesOfComment => {
            thread!(
                "from comments s join comments t on t.parent_comment_id = s.id where s.comment_id = ?1"
            )
        }
    }
}

/// Records what a pass lacks. A second miss, long enough after the first one, makes it unseen.
pub(in crate::store) async fn miss(
    connection: &mut SqliteConnection,
    pass: &Pass,
    reason: &str,
    by: MissedBy,
) -> Result<()> {
    // The query is a constant of this file.
    sqlx::query(AssertSqlSafe(format!(
        "insert into absences (kind, item_id, of_id, last_seen_call_id, first_missed_call_id, last_missed_call_id,
             times, verdict, reason)
         select kind, item, of, seen, ?3, ?3, 1, 'missed', ?4 from ({})
         where ?7 is null or kind = 'post' and (select posted_at from posts where id = item) > ?7
         on conflict (kind, item_id, of_id) where cleared_call_id is null do update set
             last_missed_call_id = max(last_missed_call_id, ?3), times = times + 1,
             verdict = case when verdict = 'gone' then 'gone'
                 when ?5 - (select settled_at from calls where id = first_missed_call_id) >= ?6 then 'unseen'
                 else 'missed' end,
             reason = iif(verdict = 'gone', reason, ?4)",
        not_seen(pass.list)
    )))
    .bind(&pass.subject)
    .bind(pass.since_call)
    .bind(by.call_id)
    .bind(reason)
    .bind(by.at)
    .bind(UNSEEN_AFTER_SECONDS)
    .bind(pass.newer_than)
    .execute(&mut *connection)
    .await?;
    Ok(())
}

/// Records that a 404 names a subject, which takes its list with it.
pub(in crate::store) async fn not_found(
    connection: &mut SqliteConnection,
    gone: &NotFound,
    by: MissedBy,
) -> Result<()> {
    if let Some(Target { table, id }) = target(gone.kind) {
        // The names are constants of the schema.
        sqlx::query(AssertSqlSafe(format!(
            "insert into absences (kind, item_id, last_seen_call_id, first_missed_call_id, last_missed_call_id, times,
                 verdict, reason, confirmed_call_id)
             select ?2, id, counted_call_id, ?3, ?3, 1, 'gone', 'not_found', ?3 from {table} where {id} = ?1
             on conflict (kind, item_id, of_id) where cleared_call_id is null do update set
                 last_missed_call_id = max(last_missed_call_id, ?3), times = times + 1, verdict = 'gone',
                 reason = 'not_found', confirmed_call_id = coalesce(confirmed_call_id, ?3)"
        )))
        .bind(&gone.subject)
        .bind(gone.kind.as_str())
        .bind(by.call_id)
        .execute(&mut *connection)
        .await?;
    }
    match &gone.list {
        Some(pass) => miss(connection, pass, "owner_gone", by).await,
        None => Ok(()),
    }
}

/// Ends the absence of the things that these replies describe. The columns of `given` are a text id and a call.
macro_rules! things {
    ($name:ident, $kind:literal, $table:literal, $id:literal) => {
        static $name: Statement = Statement {
            given: &["key", "call_id"],
            sql: concat!(
                "update absences set cleared_call_id = given.call_id from given join ",
                $table,
                " t on t.",
                $id,
                " = given.key where absences.kind = '",
                $kind,
                "' and absences.item_id = t.id and absences.of_id = 0 and absences.cleared_call_id is null
                 and absences.last_missed_call_id < given.call_id
                 and coalesce((select settled_at from calls where id = given.call_id), 9e99)
                     > (select settled_at from calls where id = absences.last_missed_call_id)"
            ),
        };
    };
}

/// The same for edges, whose ends have two text ids.
macro_rules! edges {
    ($name:ident, $kind:literal, $of:literal, $of_id:literal, $item:literal, $item_id:literal) => {
        static $name: Statement = Statement {
            given: &["of", "item", "call_id"],
            sql: concat!(
                "update absences set cleared_call_id = given.call_id from given join ",
                $of,
                " o on o.",
                $of_id,
                " = given.of join ",
                $item,
                " i on i.",
                $item_id,
                " = given.item where absences.kind = '",
                $kind,
                "' and absences.item_id = i.id and absences.of_id = o.id and absences.cleared_call_id is null
                 and absences.last_missed_call_id < given.call_id
                 and coalesce((select settled_at from calls where id = given.call_id), 9e99)
                     > (select settled_at from calls where id = absences.last_missed_call_id)"
            ),
        };
    };
}

things!(USER, "user", "users", "user_id");
things!(POST, "post", "posts", "post_id");
things!(COMMENT, "comment", "comments", "comment_id");
edges!(FOLLOW, "follow", "users", "user_id", "users", "user_id");
edges!(
    APPEARANCE,
    "appearance",
    "posts",
    "post_id",
    "users",
    "user_id"
);
edges!(REMIX, "remix", "posts", "post_id", "posts", "post_id");

/// Ends the absence of everything that these pages show. An imported page has a time already, and an older one shows nothing
/// that was missed later.
pub(super) async fn clear(connection: &mut SqliteConnection, all: &Merged<'_>) -> Result<()> {
    clear_things(connection, &USER, &all.users, |row| &row.counts).await?;
    clear_things(connection, &POST, &all.posts, |row| &row.counts).await?;
    clear_things(connection, &COMMENT, &all.comments, |row| &row.counts).await?;
    clear_edges(connection, &FOLLOW, &all.follows).await?;
    clear_edges(connection, &APPEARANCE, &all.appearances).await?;
    clear_edges(connection, &REMIX, &all.remixes).await
}

async fn clear_things<'a, R: Sync>(
    connection: &mut SqliteConnection,
    statement: &'static Statement,
    shown: &Entities<'a, &'a str, R>,
    counts: impl Fn(&'a R) -> &'a Counts,
) -> Result<()> {
    let described = shown.list.iter();
    let described = described.filter_map(|(id, of)| Some((*id, of.counted(&counts)?.call_id)));
    let described: Vec<(&str, i64)> = described.collect();
    let write = statement.write(connection, &described, |row, (id, call_id)| {
        row.set("key", *id).set("call_id", *call_id);
    });
    write.await
}

async fn clear_edges<'a, R: Sync>(
    connection: &mut SqliteConnection,
    statement: &'static Statement,
    shown: &Entities<'a, (&'a str, &'a str), R>,
) -> Result<()> {
    let write = statement.write(connection, &shown.list, |row, ((of, item), edge)| {
        row.set("of", *of)
            .set("item", *item)
            .set("call_id", edge.last_call);
    });
    write.await
}
