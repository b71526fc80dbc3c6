//! Comments and replies.

use std::collections::HashSet;

use sqlx::SqliteConnection;

use super::stubs;
use crate::model::{Comment, PostCounts};
use crate::store::Result;
use crate::store::archive::merge::{Entities, Observed};
use crate::store::db::Statement;

/// Comments, under the post that the reply says.
const COMMENTS: Statement = Statement {
    head: "insert into comments (
        comment_id, post_id, parent_comment_id, author_id, text, posted_at, updated_at,
        tombstoned_at, permalink, like_count, dislike_count, view_count, unique_view_count,
        remix_count, reply_count, recursive_reply_count, share_count, repost_count,
        counted_at, counted_call_id, first_call_id, last_call_id)
        select column1, post.id, answered.id, author.id, column5, column6,
        column7, column8, column9, column10, column11, column12, column13, column14, column15,
        column16, column17, column18, column19, column20, column21, column22
        from (values",
    row: "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    tail: ")
        left join posts as post on post.post_id = column2
        left join comments as answered on answered.comment_id = column3
        left join users as author on author.user_id = column4
        where column1 is not null on conflict (comment_id) do update set
        post_id = coalesce(excluded.post_id, post_id),
        parent_comment_id = coalesce(excluded.parent_comment_id, parent_comment_id),
        author_id = coalesce(excluded.author_id, author_id),
        text = coalesce(excluded.text, text),
        posted_at = coalesce(excluded.posted_at, posted_at),
        updated_at = coalesce(excluded.updated_at, updated_at),
        tombstoned_at = coalesce(excluded.tombstoned_at, tombstoned_at),
        permalink = coalesce(excluded.permalink, permalink),
        like_count = coalesce(excluded.like_count, like_count),
        dislike_count = coalesce(excluded.dislike_count, dislike_count),
        view_count = coalesce(excluded.view_count, view_count),
        unique_view_count = coalesce(excluded.unique_view_count, unique_view_count),
        remix_count = coalesce(excluded.remix_count, remix_count),
        reply_count = coalesce(excluded.reply_count, reply_count),
        recursive_reply_count = coalesce(excluded.recursive_reply_count, recursive_reply_count),
        share_count = coalesce(excluded.share_count, share_count),
        repost_count = coalesce(excluded.repost_count, repost_count),
        counted_at = coalesce(excluded.counted_at, counted_at),
        counted_call_id = coalesce(excluded.counted_call_id, counted_call_id),
        first_call_id = min(first_call_id, excluded.first_call_id),
        last_call_id = max(last_call_id, excluded.last_call_id)",
};

/// Comments known by their id only: the parent of a reply that was bought without it.
const STUB: Statement = Statement {
    head: "insert into comments (comment_id, first_call_id, last_call_id)
        select * from (values",
    row: "(?, ?, ?)",
    tail: ") where column1 is not null on conflict (comment_id) do update set first_call_id = min(first_call_id, excluded.first_call_id),
        last_call_id = max(last_call_id, excluded.last_call_id)",
};

/// Replies below these comments that never said their post stand under that of the nearest comment above them. A
/// statement sees its own rows only when it is done, so this is one of its own; and a thread can be longer than SQLite
/// lets triggers call each other.
const THREADS: Statement = Statement {
    head: "with recursive thread (id, post_id) as (
        select id, post_id from comments where post_id is not null and comment_id in (values",
    row: "(?)",
    tail: ") union select reply.id, thread.post_id from thread join comments reply on reply.parent_comment_id = thread.id
        where reply.post_id is null)
        update comments set post_id = thread.post_id from thread
        where comments.id = thread.id and comments.post_id is null",
};

/// Writes the comments. `parents` are those that a reply among them answers; `has_orphans`: replies that do not know their
/// post were written before.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    comments: &Entities<'_, &str, Comment>,
    parents: &HashSet<&str>,
    has_orphans: bool,
) -> Result<()> {
    let first: Vec<_> = comments
        .list
        .iter()
        .filter(|(comment_id, said)| said.rows.is_empty() || parents.contains(comment_id))
        .collect();
    stubs::write(connection, &STUB, &first).await?;
    let described: Vec<_> = comments
        .list
        .iter()
        .filter(|(_, said)| !said.rows.is_empty())
        .collect();
    COMMENTS
        .write(connection, &described, |query, (comment_id, said)| {
            query
                .bind(*comment_id)
                .bind(said.newest(|row| row.post_id.as_deref()))
                .bind(said.newest(|row| row.parent_comment_id.as_deref()))
                .bind(said.newest(|row| row.author_user_id.as_deref()))
                .bind(said.newest(|row| row.text.as_deref()))
                .bind(said.newest(|row| row.posted_at))
                .bind(said.newest(|row| row.updated_at))
                .bind(said.newest(|row| row.tombstoned_at))
                .bind(said.newest(|row| row.permalink.as_deref()))
                .bind(said.newest(|row| row.counts.like_count))
                .bind(said.newest(|row| row.counts.dislike_count))
                .bind(said.newest(|row| row.counts.view_count))
                .bind(said.newest(|row| row.counts.unique_view_count))
                .bind(said.newest(|row| row.counts.remix_count))
                .bind(said.newest(|row| row.counts.reply_count))
                .bind(said.newest(|row| row.counts.recursive_reply_count))
                .bind(said.newest(|row| row.counts.share_count))
                .bind(said.newest(|row| row.counts.repost_count))
                .bind(counted(said).map(|_| said.now))
                .bind(counted(said))
                .bind(said.first_call)
                .bind(said.last_call)
        })
        .await?;
    let mut said = described.iter().map(|(_, said)| said);
    if !has_orphans && said.all(|said| said.newest(|row| row.post_id.as_deref()).is_some()) {
        return Ok(());
    }
    THREADS
        .write(connection, &comments.list, |query, (comment_id, _)| {
            query.bind(*comment_id)
        })
        .await
}

/// The call that last told one of the numbers.
fn counted(said: &Observed<'_, Comment>) -> Option<i64> {
    said.newest_call(|row| row.counts != PostCounts::default())
}
