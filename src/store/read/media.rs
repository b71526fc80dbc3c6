//! Files of videos: how many there are, which failed, and which reply showed them last.

use sqlx::{FromRow, SqlitePool};

use crate::store::Result;

/// Files of one state and one reason.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, serde::Serialize)]
pub struct MediaCount {
    /// `wanted`, `stored`, `failed`, `gone`, `removing` or `removed`.
    pub state: String,
    pub reason: Option<String>,
    pub files: i64,
    /// Bytes of stored files.
    pub bytes: i64,
}

/// Returns the numbers of files by state and reason, the most first.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn media_counts(pool: &SqlitePool) -> Result<Vec<MediaCount>> {
    Ok(sqlx::query_as(
        "select state, reason, count(*) as files, coalesce(sum(bytes), 0) as bytes from media
         group by state, reason order by state, files desc, reason",
    )
    .fetch_all(pool)
    .await?)
}

/// Returns the number of files that are not stored and whose URLs have all expired at a time.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn expired_media(pool: &SqlitePool, now: f64) -> Result<i64> {
    Ok(sqlx::query_scalar(
        "select count(*) from media m where state in ('wanted', 'failed') and exists (
             select 1 from attachment_media am join attachments a on a.id = am.attachment_id
             where am.media_id = m.id group by am.media_id having max(coalesce(a.expires_at, 9e99)) <= ?)",
    )
    .bind(now)
    .fetch_one(pool)
    .await?)
}

/// A file that is not stored.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct MissingMedia {
    pub url_path: String,
    pub state: String,
    pub reason: Option<String>,
}

/// Returns some of the files that are neither stored nor removed, and their number.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn missing_media(pool: &SqlitePool, limit: u32) -> Result<(Vec<MissingMedia>, i64)> {
    let rows = sqlx::query_as(
        "select url_path, state, reason from media where state in ('wanted', 'failed', 'gone') order by id limit ?",
    )
    .bind(limit)
    .fetch_all(pool)
    .await?;
    let number = sqlx::query_scalar(
        "select count(*) from media where state in ('wanted', 'failed', 'gone')",
    )
    .fetch_one(pool)
    .await?;
    Ok((rows, number))
}

/// A stored file, as its row describes it.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct StoredFile {
    pub id: i64,
    pub url_path: String,
    pub sha256: String,
    pub extension: String,
    pub bytes: i64,
}

/// Returns some stored files after an id, in order.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn stored_media(pool: &SqlitePool, after: i64, limit: u32) -> Result<Vec<StoredFile>> {
    Ok(sqlx::query_as(
        "select id, url_path, sha256, extension, bytes from media
         where state = 'stored' and id > ? order by id limit ?",
    )
    .bind(after)
    .bind(limit)
    .fetch_all(pool)
    .await?)
}

/// A place that a row names although it does not say that the file is stored.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct NamedFile {
    pub id: i64,
    pub sha256: String,
    pub extension: String,
}

/// Returns some places after the id of a row, in order: those of damaged files that are wanted again, and of files that are being
/// stored or removed.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn named_media(pool: &SqlitePool, after: i64, limit: u32) -> Result<Vec<NamedFile>> {
    Ok(sqlx::query_as(
        "select id, sha256, extension from media
         where state <> 'stored' and sha256 is not null and extension is not null and id > ? order by id limit ?",
    )
    .bind(after)
    .bind(limit)
    .fetch_all(pool)
    .await?)
}

/// Where a file was last seen.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct ShownMedia {
    pub media_id: i64,
    /// The post that has the video; `None` if a comment has it.
    pub post_id: Option<String>,
    /// The call that showed the video last.
    pub endpoint: String,
    pub subject: String,
    pub is_by_hand: bool,
    pub cursor: Option<String>,
}

/// Returns where files were last seen, for each of their videos.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn shown_media(pool: &SqlitePool, ids: &[i64]) -> Result<Vec<ShownMedia>> {
    Ok(sqlx::query_as(
        "select distinct am.media_id, p.post_id, c.endpoint, c.subject, c.job_id is null as is_by_hand, c.cursor
         from json_each(?) i join attachment_media am on am.media_id = i.value
         join attachments a on a.id = am.attachment_id join calls c on c.id = a.last_call_id
         left join posts p on p.id = a.post_id order by am.media_id",
    )
    .bind(serde_json::json!(ids).to_string())
    .fetch_all(pool)
    .await?)
}

/// A stored file of a video, with what is known of the video.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct MediaFile {
    pub rendition: String,
    pub attachment_id: String,
    pub post_id: Option<String>,
    pub comment_id: Option<String>,
    pub user_id: Option<String>,
    pub username: Option<String>,
    /// YYYY-MM-DD.
    pub posted_on: Option<String>,
    pub width: Option<i64>,
    pub height: Option<i64>,
    pub duration_s: Option<f64>,
    pub url_path: String,
    pub sha256: String,
    pub extension: String,
    pub bytes: i64,
    /// YYYY-MM-DD.
    pub stored_on: String,
}

/// Returns the stored files of the videos after a row id, of a number of videos, and the row id of the last of these; `None`
/// if there are no more videos.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn media_files(
    pool: &SqlitePool,
    after: i64,
    videos: i64,
) -> Result<Option<(Vec<MediaFile>, i64)>> {
    let last: Option<i64> = sqlx::query_scalar(
        "select max(id) from (select id from attachments where id > ? order by id limit ?)",
    )
    .bind(after)
    .bind(videos)
    .fetch_one(pool)
    .await?;
    let Some(last) = last else {
        return Ok(None);
    };
    let files = sqlx::query_as(
        "select am.rendition, a.attachment_id, p.post_id, c.comment_id, u.user_id, u.username,
             date(coalesce(p.posted_at, c.posted_at), 'unixepoch') as posted_on, a.width, a.height, a.duration_s,
             m.url_path, m.sha256, m.extension, m.bytes, date(m.stored_at, 'unixepoch') as stored_on
         from attachments a
         join attachment_media am on am.attachment_id = a.id join media m on m.id = am.media_id
         left join posts p on p.id = a.post_id left join comments c on c.id = a.comment_id
         left join users u on u.id = coalesce(p.author_id, c.author_id)
         where a.id > ? and a.id <= ? and m.state = 'stored' order by a.id, am.rendition",
    )
    .bind(after)
    .bind(last)
    .fetch_all(pool)
    .await?;
    Ok(Some((files, last)))
}
