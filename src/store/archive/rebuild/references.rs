//! References to rows whose numbers are new.

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::keys::{NEW, OLD, row_of};
use super::objects::Objects;
use crate::store::Result;
use crate::store::archive::Target;
use crate::store::archive::column::{COMMENT, POST, USER};

/// A table that others refer to, and what it is called in `absences.kind`.
const ATTACHMENT: Target = Target {
    table: "attachments",
    id: "attachment_id",
};

/// Its key contains the number of a video. Numbers that change places would collide one after the other.
const FILES: &str = "attachment_media";

/// Lets the copied tables refer to the rows of the new file. What is lacking of a row that no reply shows any more goes with it.
pub(super) async fn point_to_new_rows(
    connection: &mut SqliteConnection,
    objects: &Objects,
) -> Result<()> {
    for table in objects.copied() {
        if table == FILES {
            point_files_to_new_rows(connection).await?;
            continue;
        }
        let references: Vec<(String, String)> = sqlx::query_as(
            "select \"from\", \"table\" from pragma_foreign_key_list(?) where \"table\" in (
                 'users', 'posts', 'comments', 'attachments')",
        )
        .bind(&table)
        .fetch_all(&mut *connection)
        .await?;
        for (column, to) in references {
            let Some(target) = [USER, POST, COMMENT, ATTACHMENT]
                .into_iter()
                .find(|target| target.table == to)
            else {
                continue;
            };
            let row = row_of(target, &column, OLD, NEW);
            let text =
                format!("update main.\"{table}\" set {column} = {row} where {column} is not null");
            run(connection, text).await?;
        }
    }
    let of = |target: Target, column: &str| row_of(target, column, OLD, NEW);
    let text = format!(
        "update main.absences set
             item_id = coalesce(case when kind in ('user', 'follow', 'appearance') then {user}
                 when kind in ('post', 'remix') then {post} else {comment} end, -1),
             of_id = case when kind = 'follow' then coalesce({of_user}, -1)
                 when kind in ('appearance', 'remix') then coalesce({of_post}, -1) else 0 end;
         delete from main.absences where item_id = -1 or of_id = -1",
        user = of(USER, "item_id"),
        post = of(POST, "item_id"),
        comment = of(COMMENT, "item_id"),
        of_user = of(USER, "of_id"),
        of_post = of(POST, "of_id"),
    );
    run(connection, text).await
}

/// Lets the files refer to the videos of the new file, without those of videos that no reply shows any more.
async fn point_files_to_new_rows(connection: &mut SqliteConnection) -> Result<()> {
    let video = row_of(ATTACHMENT, "o.attachment_id", OLD, NEW);
    let text = format!(
        "delete from main.{FILES};
         insert into main.{FILES} (attachment_id, rendition, media_id)
         select video, rendition, media_id from (select {video} as video, o.rendition, o.media_id from old.{FILES} o)
         where video is not null"
    );
    run(connection, text).await
}

async fn run(connection: &mut SqliteConnection, text: String) -> Result<()> {
    // Only names of the schema are in the text.
    sqlx::raw_sql(AssertSqlSafe(text))
        .execute(connection)
        .await?;
    Ok(())
}
