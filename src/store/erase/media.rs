//! The files of videos of erased people.

use sqlx::{AssertSqlSafe, SqliteConnection};

use crate::store::Result;

/// The videos that are deleted with these users, as SQL.
const VIDEOS: &str = "(select id from attachments where post_id in (select id from posts where author_id in \
    (select id from users where user_id in (select value from json_each(?1)))) or comment_id in (select id from comments \
    where author_id in (select id from users where user_id in (select value from json_each(?1)))))";

/// Returns the files that only videos of these users refer to, as SQL.
pub(super) fn files() -> String {
    format!(
        "select am.media_id from attachment_media am where am.attachment_id in {VIDEOS} and not exists (
             select 1 from attachment_media o where o.media_id = am.media_id and o.attachment_id not in {VIDEOS})"
    )
}

/// Marks the files that only videos of these users refer to, so that they are removed, and deletes the references.
pub(super) async fn erase_media(connection: &mut SqliteConnection, people: &str) -> Result<u64> {
    let mark = format!(
        "update media set state = 'removing', reason = 'erased' where id in ({})",
        files()
    );
    let delete = format!("delete from attachment_media where attachment_id in {VIDEOS}");
    // Only names of the schema are in the texts.
    let marked = sqlx::query(AssertSqlSafe(mark)).bind(people);
    let marked = marked.execute(&mut *connection).await?.rows_affected();
    let deleted = sqlx::query(AssertSqlSafe(delete)).bind(people);
    deleted.execute(connection).await?;
    Ok(marked)
}
