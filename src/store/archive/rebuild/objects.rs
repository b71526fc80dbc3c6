//! The tables, indexes, triggers and views of an archive, made again in a new file.

use std::collections::HashSet;

use sqlx::{AssertSqlSafe, FromRow, SqliteConnection};

use crate::store::Result;
use crate::store::archive::fts::INDEXED;
use crate::store::archive::schema::tables;

#[derive(Debug, Clone, FromRow)]
struct Object {
    kind: String,
    name: String,
    /// The table that it belongs to.
    of: String,
    sql: String,
    /// Whether a virtual table makes it.
    is_shadow: bool,
    is_virtual: bool,
}

/// What the archive consists of.
pub(super) struct Objects {
    all: Vec<Object>,
    /// Names of what exists in the new file.
    made: HashSet<String>,
}

/// Makes the tables, with the rows of those that are not made of replies.
pub(super) async fn begin(connection: &mut SqliteConnection) -> Result<Objects> {
    let all: Vec<Object> = sqlx::query_as(
        "select s.type as kind, s.name, s.tbl_name as of, s.sql,
             coalesce(t.type = 'shadow', 0) as is_shadow, coalesce(t.type = 'virtual', 0) as is_virtual
         from old.sqlite_schema s left join pragma_table_list t on t.schema = 'old' and t.name = s.name
         where s.sql is not null and s.name not glob 'sqlite_*' order by s.rowid",
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut objects = Objects {
        all,
        made: HashSet::new(),
    };
    objects
        .make(connection, |it| {
            it.kind == "table" && !it.is_virtual && !it.is_shadow
        })
        .await?;
    for table in objects.copied() {
        run(
            connection,
            format!("insert into main.\"{table}\" select * from old.\"{table}\""),
        )
        .await?;
    }
    // What is needed while rows are written: keys, threads of comments, and histories.
    objects
        .make(connection, |it| {
            is_of_replies(&it.of)
                && match &*it.kind {
                    "index" => it.sql.starts_with("CREATE UNIQUE") || it.of == "comments",
                    kind => kind == "trigger" && !is_full_text(&it.name),
                }
        })
        .await?;
    Ok(objects)
}

impl Objects {
    /// Returns the tables whose rows were copied.
    pub(super) fn copied(&self) -> Vec<String> {
        let tables = self.all.iter().filter(|it| {
            it.kind == "table" && !it.is_virtual && !it.is_shadow && !is_of_replies(&it.name)
        });
        tables.map(|it| it.name.clone()).collect()
    }

    /// Makes what is meant and not made yet.
    async fn make(
        &mut self,
        connection: &mut SqliteConnection,
        is_meant: impl Fn(&Object) -> bool,
    ) -> Result<()> {
        for object in self.all.iter().filter(|it| is_meant(it)) {
            if self.made.insert(object.name.clone()) {
                run(connection, object.sql.clone()).await?;
            }
        }
        Ok(())
    }

    /// Drops the triggers that write histories: rows that are copied bring their own.
    pub(super) async fn drop_triggers(&mut self, connection: &mut SqliteConnection) -> Result<()> {
        for object in self.all.iter().filter(|it| it.kind == "trigger") {
            if self.made.remove(&object.name) {
                run(connection, format!("drop trigger main.\"{}\"", object.name)).await?;
            }
        }
        Ok(())
    }

    /// Makes the rest, and what SQLite knows about the file.
    pub(super) async fn complete(&mut self, connection: &mut SqliteConnection) -> Result<()> {
        self.make(connection, |it| it.kind == "index").await?;
        self.make(connection, |it| it.is_virtual).await?;
        for indexed in INDEXED {
            let index = indexed.index;
            if self.made.contains(index) {
                let commands = format!(
                    "insert into main.{index} ({index}, rank) values ('secure-delete', 1);
                     insert into main.{index} ({index}) values ('rebuild')"
                );
                run(connection, commands).await?;
            }
        }
        self.make(connection, |it| matches!(&*it.kind, "trigger" | "view"))
            .await?;
        for name in ["application_id", "user_version"] {
            let value: i64 = sqlx::query_scalar(AssertSqlSafe(format!("pragma old.{name}")))
                .fetch_one(&mut *connection)
                .await?;
            run(connection, format!("pragma main.{name} = {value}")).await?;
        }
        let has_statistics: bool = sqlx::query_scalar(
            "select exists (select 1 from old.sqlite_schema where name = 'sqlite_stat1')",
        )
        .fetch_one(&mut *connection)
        .await?;
        if has_statistics {
            run(
                connection,
                "pragma analysis_limit = 1000; analyze main".to_owned(),
            )
            .await?;
        }
        Ok(())
    }
}

/// Returns whether the rows of a table are made of replies.
fn is_of_replies(table: &str) -> bool {
    tables().iter().any(|of| of.name == table)
}

fn is_full_text(name: &str) -> bool {
    INDEXED.iter().any(|it| name.starts_with(it.index))
}

/// Runs SQL of the archive's own schema, or made of constants.
async fn run(connection: &mut SqliteConnection, sql: String) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await?;
    Ok(())
}
