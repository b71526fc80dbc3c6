//! Which files are wanted.

use sqlx::AssertSqlSafe;

use super::url_of;
use crate::model::Rendition;
use crate::store::{Result, Store};

impl Store {
    /// Returns videos after a row id, with the URL of a rendition for which they have no file yet, or one with another address
    /// that is not stored.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn videos_without_media(
        &self,
        rendition: Rendition,
        after: i64,
        limit: u32,
    ) -> Result<Vec<(i64, String)>> {
        let url = url_of(rendition);
        let text = format!(
            "select a.id, {url} from attachments a
             left join attachment_media am on am.attachment_id = a.id and am.rendition = ?1
             left join media m on m.id = am.media_id
             where a.id > ?2 and {url} is not null
                 and (m.id is null or m.state in ('wanted', 'failed', 'gone') and instr({url}, m.url_path) = 0)
             order by a.id limit ?3"
        );
        // Only names of the schema are in the text.
        let rows = sqlx::query_as(AssertSqlSafe(text))
            .bind(rendition.name)
            .bind(after)
            .bind(limit);
        Ok(rows.fetch_all(self.readers()).await?)
    }

    /// Notes the addresses of the files of some videos, in one transaction. Returns how many are new.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn want_media(&self, rendition: Rendition, videos: &[(i64, String)]) -> Result<u64> {
        let mut transaction = self.begin().await?;
        let mut noted = 0;
        for (video, url_path) in videos {
            let new = sqlx::query("insert into media (url_path) values (?) on conflict do nothing")
                .bind(url_path)
                .execute(&mut *transaction)
                .await?;
            noted += new.rows_affected();
            // The file under the new address replaces a damaged one under the old address.
            sqlx::query(
                "update media set sha256 = old.sha256, extension = old.extension from (
                     select m.sha256, m.extension from attachment_media am join media m on m.id = am.media_id
                     where am.attachment_id = ?1 and am.rendition = ?2 and m.state in ('wanted', 'failed', 'gone')
                         and m.sha256 is not null) old
                 where url_path = ?3 and media.sha256 is null and state = 'wanted'",
            )
            .bind(video)
            .bind(rendition.name)
            .bind(url_path)
            .execute(&mut *transaction)
            .await?;
            // The video may be gone since it was read.
            sqlx::query(
                "insert into attachment_media (attachment_id, rendition, media_id)
                 select a.id, ?2, m.id from attachments a, media m where a.id = ?1 and m.url_path = ?3
                 on conflict do update set media_id = excluded.media_id",
            )
            .bind(video)
            .bind(rendition.name)
            .bind(url_path)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(noted)
    }
}
