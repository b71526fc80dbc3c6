//! Posts.

use std::collections::HashSet;

use sqlx::SqliteConnection;

use super::stubs;
use crate::model::{Post, PostCounts};
use crate::store::Result;
use crate::store::archive::merge::{Entities, Observed};
use crate::store::db::Statement;

/// Posts that a reply described.
const POSTS: Statement = Statement {
    head: "insert into posts (
        post_id, author_id, parent_id, root_id, repost_of_id, text, title, caption, emoji, source,
        posted_at, updated_at, tombstoned_at, permalink, preview_image_url, cover_photo_url,
        srt_url, vtt_url, posted_to_public, share_setting, is_featured, discovery_phrase,
        like_count, dislike_count, view_count, unique_view_count, remix_count, reply_count,
        recursive_reply_count, share_count, repost_count, counted_at, counted_call_id, first_call_id,
        last_call_id)
        select column1, author.id, parent.id, root.id, origin.id, column6, column7, column8, column9, column10,
        column11, column12, column13, column14, column15, column16, column17, column18,
        column19, column20, column21, column22, column23, column24, column25, column26,
        column27, column28, column29, column30, column31, column32, column33, column34, column35
        from (values",
    row: "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    tail: ")
        left join users as author on author.user_id = column2
        left join posts as parent on parent.post_id = column3
        left join posts as root on root.post_id = column4
        left join posts as origin on origin.post_id = column5
        where column1 is not null on conflict (post_id) do update set
        author_id = coalesce(excluded.author_id, author_id),
        parent_id = coalesce(excluded.parent_id, parent_id),
        root_id = coalesce(excluded.root_id, root_id),
        repost_of_id = coalesce(excluded.repost_of_id, repost_of_id),
        text = coalesce(excluded.text, text), title = coalesce(excluded.title, title),
        caption = coalesce(excluded.caption, caption),
        emoji = coalesce(excluded.emoji, emoji), source = coalesce(excluded.source, source),
        posted_at = coalesce(excluded.posted_at, posted_at),
        updated_at = coalesce(excluded.updated_at, updated_at),
        tombstoned_at = coalesce(excluded.tombstoned_at, tombstoned_at),
        permalink = coalesce(excluded.permalink, permalink),
        preview_image_url = coalesce(excluded.preview_image_url, preview_image_url),
        cover_photo_url = coalesce(excluded.cover_photo_url, cover_photo_url),
        srt_url = coalesce(excluded.srt_url, srt_url),
        vtt_url = coalesce(excluded.vtt_url, vtt_url),
        posted_to_public = coalesce(excluded.posted_to_public, posted_to_public),
        share_setting = coalesce(excluded.share_setting, share_setting),
        is_featured = coalesce(excluded.is_featured, is_featured),
        discovery_phrase = coalesce(excluded.discovery_phrase, discovery_phrase),
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

/// Posts known by their id only, and those that another row of the same page refers to.
const STUB: Statement = Statement {
    head: "insert into posts (post_id, first_call_id, last_call_id)
        select * from (values",
    row: "(?, ?, ?)",
    tail: ") where column1 is not null on conflict (post_id) do update set first_call_id = min(first_call_id, excluded.first_call_id),
        last_call_id = max(last_call_id, excluded.last_call_id)",
};

/// Writes the posts. `parents` are those whose id another post needs.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    posts: &Entities<'_, &str, Post>,
    parents: &HashSet<&str>,
) -> Result<()> {
    let first: Vec<_> = posts
        .list
        .iter()
        .filter(|(post_id, said)| said.rows.is_empty() || parents.contains(post_id))
        .collect();
    stubs::write(connection, &STUB, &first).await?;
    let described: Vec<_> = posts
        .list
        .iter()
        .filter(|(_, said)| !said.rows.is_empty())
        .collect();
    POSTS
        .write(connection, &described, |query, (post_id, said)| {
            query
                .bind(*post_id)
                .bind(said.newest(|row| row.author_user_id.as_deref()))
                .bind(said.newest(|row| row.parent_post_id.as_deref()))
                .bind(said.newest(|row| row.root_post_id.as_deref()))
                .bind(said.newest(|row| row.repost_of_post_id.as_deref()))
                .bind(said.newest(|row| row.text.as_deref()))
                .bind(said.newest(|row| row.title.as_deref()))
                .bind(said.newest(|row| row.caption.as_deref()))
                .bind(said.newest(|row| row.emoji.as_deref()))
                .bind(said.newest(|row| row.source.as_deref()))
                .bind(said.newest(|row| row.posted_at))
                .bind(said.newest(|row| row.updated_at))
                .bind(said.newest(|row| row.tombstoned_at))
                .bind(said.newest(|row| row.permalink.as_deref()))
                .bind(said.newest(|row| row.preview_image_url.as_deref()))
                .bind(said.newest(|row| row.cover_photo_url.as_deref()))
                .bind(said.newest(|row| row.srt_url.as_deref()))
                .bind(said.newest(|row| row.vtt_url.as_deref()))
                .bind(said.newest(|row| row.posted_to_public))
                .bind(said.newest(|row| row.share_setting.as_deref()))
                .bind(said.newest(|row| row.is_featured))
                .bind(said.newest(|row| row.discovery_phrase.as_deref()))
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
        .await
}

/// The call that last told one of the numbers.
fn counted(said: &Observed<'_, Post>) -> Option<i64> {
    said.newest_call(|row| row.counts != PostCounts::default())
}
