//! The row of one file.

use sqlx::{AssertSqlSafe, FromRow};

use super::{DamagedMedia, url_of};
use crate::model::{RENDITIONS, Rendition};
use crate::store::{Result, Store};

/// What an answer said about a file, so that it can be continued.
#[derive(Debug, Clone, Default, PartialEq, Eq, FromRow)]
pub struct MediaPart {
    /// Strong ETag.
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    /// Size of the whole file.
    pub total_bytes: Option<i64>,
    pub content_type: Option<String>,
}

/// A file whose turn has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaTurn {
    pub id: i64,
    pub url_path: String,
    pub part: MediaPart,
    /// Size that a reply states.
    pub stated_bytes: Option<i64>,
    /// The file that it replaces.
    pub damaged: Option<DamagedMedia>,
    /// All URLs that the archive has for it, of any video.
    pub urls: Vec<String>,
}

/// A file that is in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMedia {
    /// 64 hexadecimal digits.
    pub sha256: String,
    pub extension: &'static str,
    pub bytes: u64,
}

/// What becomes of a file after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// It is asked for again, perhaps with another URL.
    Wanted,
    /// It is given up in this run.
    Failed,
    /// The remote says that it does not exist.
    Gone,
}

impl Store {
    /// Returns the files of some renditions that are not stored, in the order in which their URLs expire.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn media_queue(&self, renditions: &[Rendition], also_gone: bool) -> Result<Vec<i64>> {
        let names: Vec<&str> = renditions.iter().map(|it| it.name).collect();
        Ok(sqlx::query_scalar(
            "select m.id from media m
             join attachment_media am on am.media_id = m.id join attachments a on a.id = am.attachment_id
             where (m.state in ('wanted', 'failed') or ?2 and m.state = 'gone')
                 and am.rendition in (select value from json_each(?1))
             group by m.id order by max(coalesce(a.expires_at, 9e99)), m.id",
        )
        .bind(serde_json::json!(names).to_string())
        .bind(also_gone)
        .fetch_all(self.readers())
        .await?)
    }

    /// Returns a file that is not stored, with its URLs of this moment; `None` if it is stored or not wanted any more.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn media_turn(&self, id: i64) -> Result<Option<MediaTurn>> {
        #[derive(FromRow)]
        struct Row {
            url_path: String,
            stated_bytes: Option<i64>,
            #[sqlx(flatten)]
            part: MediaPart,
            sha256: Option<String>,
            extension: Option<String>,
        }
        let row: Option<Row> = sqlx::query_as(
            "select url_path, nullif(stated_bytes, 0) as stated_bytes, etag, last_modified, total_bytes, content_type,
                 sha256, extension
             from media
             where id = ? and state in ('wanted', 'failed', 'gone')",
        )
        .bind(id)
        .fetch_optional(self.readers())
        .await?;
        let Some(Row {
            url_path,
            stated_bytes,
            part,
            sha256,
            extension,
        }) = row
        else {
            return Ok(None);
        };
        let cases = RENDITIONS.iter();
        let cases = cases.map(|it| format!("when '{}' then {}", it.name, url_of(*it)));
        let text = format!(
            "select url from (select case am.rendition {} end as url from attachment_media am
             join attachments a on a.id = am.attachment_id where am.media_id = ?) where url is not null",
            cases.collect::<Vec<_>>().join(" ")
        );
        // Only names of the schema are in the text.
        let urls = sqlx::query_scalar(AssertSqlSafe(text)).bind(id);
        Ok(Some(MediaTurn {
            id,
            url_path,
            part,
            stated_bytes,
            damaged: sha256
                .zip(extension)
                .map(|(sha256, extension)| DamagedMedia { sha256, extension }),
            urls: urls.fetch_all(self.readers()).await?,
        }))
    }

    /// Notes which version of a file its part has.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn begin_part(&self, id: i64, part: &MediaPart) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "update media set etag = ?2, last_modified = ?3, total_bytes = ?4, content_type = ?5
             where id = ?1 and state <> 'stored'",
        )
        .bind(id)
        .bind(&part.etag)
        .bind(&part.last_modified)
        .bind(part.total_bytes)
        .bind(&part.content_type)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }

    /// Notes the place of a file before it is there.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn place_media(&self, id: i64, whole: &StoredMedia) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "update media set sha256 = ?2, extension = ?3 where id = ?1 and state <> 'stored'",
        )
        .bind(id)
        .bind(&whole.sha256)
        .bind(whole.extension)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }

    /// Notes that a file is in its place. A file that is being removed stays so.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn store_media(&self, id: i64, stored: &StoredMedia, now: f64) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "update media set state = iif(state = 'removing', state, 'stored'), reason = null, sha256 = ?2, extension = ?3,
                 bytes = ?4, stored_at = ?5, tried_at = ?5
             where id = ?1",
        )
        .bind(id)
        .bind(&stored.sha256)
        .bind(stored.extension)
        .bind(i64::try_from(stored.bytes).unwrap_or(i64::MAX))
        .bind(now)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }

    /// Notes a failed attempt.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn fail_media(&self, id: i64, given: Given, reason: &str, now: f64) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "update media set state = ?2, reason = ?3, attempts = attempts + 1, tried_at = ?4
             where id = ?1 and state in ('wanted', 'failed', 'gone')",
        )
        .bind(id)
        .bind(match given {
            Given::Wanted => "wanted",
            Given::Failed => "failed",
            Given::Gone => "gone",
        })
        .bind(reason)
        .bind(now)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }
}
