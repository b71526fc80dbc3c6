//! Replies below a comment belong to its post, also if their own reply did not state it.

use sqlx::SqliteConnection;

use super::merge::Entities;
use crate::model::Comment;
use crate::store::Result;
use crate::store::db::Statement;

/// Replies below these comments whose post is unknown get the post of the nearest comment above them. A statement sees
/// its own rows only when it ends, so this is one of its own. A thread can be longer than SQLite lets triggers nest.
const THREADS: Statement = Statement {
    given: &["comment_id"],
    sql: ", thread (id, post_id) as (
            select id, post_id from comments
            where post_id is not null and comment_id in (select comment_id from given)
            union
            select reply.id, thread.post_id
            from thread join comments reply on reply.parent_comment_id = thread.id
            where reply.post_id is null)
        update comments set post_id = thread.post_id from thread
        where comments.id = thread.id and comments.post_id is null",
};

/// Gives comments the post of the thread that they are in. `has_orphans`: the archive has comments whose post is unknown.
pub(super) async fn assign_posts(
    connection: &mut SqliteConnection,
    comments: &Entities<'_, &str, Comment>,
    has_orphans: bool,
) -> Result<()> {
    let described = comments.list.iter().filter(|(_, of)| !of.rows.is_empty());
    let mut posts = described.map(|(_, of)| of.newest(|row| row.post_id.as_deref()));
    if !has_orphans && posts.all(|post| post.is_some()) {
        return Ok(());
    }
    THREADS
        .write(connection, &comments.list, |row, (comment_id, _)| {
            row.set("comment_id", *comment_id);
        })
        .await
}
