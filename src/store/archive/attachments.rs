//! Videos and their URLs.

use sqlx::SqliteConnection;

use crate::model::Attachment;
use crate::store::Result;
use crate::store::archive::merge::{Entities, Observed};
use crate::store::db::Statement;

/// Videos. One that a post and a comment show, or two of either, stays with what the earliest call showed it on.
const ATTACHMENTS: Statement = Statement {
    head: "insert into attachments (
        attachment_id, post_id, comment_id, kind, generation_id, generation_type, task_id,
        width, height, duration_s, n_frames, output_blocked, has_captions, url,
        downloadable_url, watermark_url, no_watermark_url, endcard_watermark_url,
        source_url, source_wm_url, endcard_wm_url, thumbnail_url, unfurl_url, md_url,
        ld_url, gif_url, expires_at, first_call_id, last_call_id)
        select column1, post.id, comment.id, column4, column5, column6, column7, column8, column9, column10,
        column11, column12, column13, column14, column15, column16, column17, column18,
        column19, column20, column21, column22, column23, column24, column25, column26,
        column27, column28, column29
        from (values",
    row: "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    tail: ")
        left join posts as post on post.post_id = column2
        left join comments as comment on comment.comment_id = column3
        where column1 is not null on conflict (attachment_id) do update set
        post_id = iif(excluded.first_call_id < first_call_id, excluded.post_id, post_id),
        comment_id = iif(excluded.first_call_id < first_call_id, excluded.comment_id, comment_id),
        kind = coalesce(excluded.kind, kind),
        generation_id = coalesce(excluded.generation_id, generation_id),
        generation_type = coalesce(excluded.generation_type, generation_type),
        task_id = coalesce(excluded.task_id, task_id),
        width = coalesce(excluded.width, width), height = coalesce(excluded.height, height),
        duration_s = coalesce(excluded.duration_s, duration_s),
        n_frames = coalesce(excluded.n_frames, n_frames),
        output_blocked = coalesce(excluded.output_blocked, output_blocked),
        has_captions = coalesce(excluded.has_captions, has_captions),
        url = coalesce(excluded.url, url),
        downloadable_url = coalesce(excluded.downloadable_url, downloadable_url),
        watermark_url = coalesce(excluded.watermark_url, watermark_url),
        no_watermark_url = coalesce(excluded.no_watermark_url, no_watermark_url),
        endcard_watermark_url = coalesce(excluded.endcard_watermark_url, endcard_watermark_url),
        source_url = coalesce(excluded.source_url, source_url),
        source_wm_url = coalesce(excluded.source_wm_url, source_wm_url),
        endcard_wm_url = coalesce(excluded.endcard_wm_url, endcard_wm_url),
        thumbnail_url = coalesce(excluded.thumbnail_url, thumbnail_url),
        unfurl_url = coalesce(excluded.unfurl_url, unfurl_url),
        md_url = coalesce(excluded.md_url, md_url),
        ld_url = coalesce(excluded.ld_url, ld_url),
        gif_url = coalesce(excluded.gif_url, gif_url),
        expires_at = coalesce(excluded.expires_at, expires_at),
        first_call_id = min(first_call_id, excluded.first_call_id),
        last_call_id = max(last_call_id, excluded.last_call_id)",
};

/// Writes the attachments of posts and comments that are written already.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    attachments: &Entities<'_, &str, Attachment>,
) -> Result<()> {
    ATTACHMENTS
        .write(
            connection,
            &attachments.list,
            |query, (attachment_id, said)| {
                let (post_id, comment_id) = owner(said);
                query
                    .bind(*attachment_id)
                    .bind(post_id)
                    .bind(comment_id)
                    .bind(said.newest(|row| row.kind.as_deref()))
                    .bind(said.newest(|row| row.generation_id.as_deref()))
                    .bind(said.newest(|row| row.generation_type.as_deref()))
                    .bind(said.newest(|row| row.task_id.as_deref()))
                    .bind(said.newest(|row| row.width))
                    .bind(said.newest(|row| row.height))
                    .bind(said.newest(|row| row.duration_s))
                    .bind(said.newest(|row| row.n_frames))
                    .bind(said.newest(|row| row.output_blocked))
                    .bind(said.newest(|row| row.has_captions))
                    .bind(said.newest(|row| row.url.as_deref()))
                    .bind(said.newest(|row| row.downloadable_url.as_deref()))
                    .bind(said.newest(|row| row.watermark_url.as_deref()))
                    .bind(said.newest(|row| row.no_watermark_url.as_deref()))
                    .bind(said.newest(|row| row.endcard_watermark_url.as_deref()))
                    .bind(said.newest(|row| row.source_url.as_deref()))
                    .bind(said.newest(|row| row.source_wm_url.as_deref()))
                    .bind(said.newest(|row| row.endcard_wm_url.as_deref()))
                    .bind(said.newest(|row| row.thumbnail_url.as_deref()))
                    .bind(said.newest(|row| row.unfurl_url.as_deref()))
                    .bind(said.newest(|row| row.md_url.as_deref()))
                    .bind(said.newest(|row| row.ld_url.as_deref()))
                    .bind(said.newest(|row| row.gif_url.as_deref()))
                    .bind(said.newest(|row| row.expires_at))
                    .bind(said.first_call)
                    .bind(said.last_call)
            },
        )
        .await
}

/// What a video hangs on: one thing, though pages may say several.
fn owner<'a>(said: &Observed<'a, Attachment>) -> (Option<&'a str>, Option<&'a str>) {
    let first = said.rows.iter().min_by_key(|(call_id, _)| *call_id);
    let Some((_, row)) = first else {
        return (None, None);
    };
    match row.post_id.as_deref() {
        Some(post_id) => (Some(post_id), None),
        None => (None, row.comment_id.as_deref()),
    }
}
