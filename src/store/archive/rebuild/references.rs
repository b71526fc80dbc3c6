//! References to rows whose numbers are new.

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::keys::{NEW, OLD, row_of};
use super::objects::Objects;
use super::rows::{self, Column, quoted, run};
use crate::store::Result;
use crate::store::archive::Target;
use crate::store::archive::column::{COMMENT, POST, USER};

/// Copies the tables that refer to rows of the new file. What the archive itself notes about a row that no reply shows any more
/// goes with it; what people noted does not.
///
/// # Errors
/// Returns `NotRebuilt` if people's own table refers to such a row.
pub(super) async fn copy_what_refers_to_rows(
    connection: &mut SqliteConnection,
    objects: &Objects,
) -> Result<()> {
    for table in objects.referring() {
        let columns = rows::columns(connection, table).await?;
        if !objects.own.has(table) {
            for column in &columns {
                refuse_lost_row(connection, objects, table, column).await?;
            }
        }
        let referring = columns.iter().filter(|it| it.target().is_some());
        let found: Vec<String> = referring
            .map(|it| {
                let old = quoted(&it.name);
                format!("(o.{old} is null or {} is not null)", it.new_value())
            })
            .collect();
        rows::copy(connection, table, &columns, &found.join(" and ")).await?;
    }
    point_absences_to_new_rows(connection).await
}

async fn refuse_lost_row(
    connection: &mut SqliteConnection,
    objects: &Objects,
    table: &str,
    column: &Column,
) -> Result<()> {
    let Some(target) = column.target() else {
        return Ok(());
    };
    let text = format!(
        "select count(*), coalesce(min((select t.{id} from old.{of} t where t.id = o.{name})), '?') from old.{} o
         where o.{name} is not null and {} is null",
        quoted(table),
        column.new_value(),
        id = target.id,
        of = target.table,
        name = quoted(&column.name),
    );
    // Only names are in the text, and they are quoted.
    let (lost, example): (i64, String) = sqlx::query_as(AssertSqlSafe(text))
        .fetch_one(connection)
        .await?;
    if lost == 0 {
        return Ok(());
    }
    Err(objects.failed(format!(
        "{lost} rows of your table `{table}` refer with `{}` to rows of {} that no kept reply shows any more ({example}); \
         remove these references first, or store the remote's ids ({}) in it",
        column.name, target.table, target.id
    )))
}

async fn point_absences_to_new_rows(connection: &mut SqliteConnection) -> Result<()> {
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
    run(connection, text).await?;
    Ok(())
}
