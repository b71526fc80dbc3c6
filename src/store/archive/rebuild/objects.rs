//! The tables, indexes, triggers and views of an archive, made again in a new file.

use std::collections::HashSet;
use std::path::Path;

use sqlx::{AssertSqlSafe, FromRow, SqliteConnection};

use super::own::{Own, is_full_text, is_of_replies};
use super::rows::{self, quoted, run};
use crate::store::archive::fts::INDEXED;
use crate::store::{Error, Result};

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

impl Object {
    fn is_table(&self) -> bool {
        self.kind == "table" && !self.is_virtual && !self.is_of_full_text()
    }

    /// Whether the archive's full-text index makes it.
    fn is_of_full_text(&self) -> bool {
        self.is_shadow && is_full_text(&self.name)
    }

    /// Whether it is an index of texts that are in another table.
    fn is_index_of_texts(&self) -> bool {
        let sql = self.sql.to_lowercase();
        let words = sql.split_whitespace().collect::<String>();
        words.contains("usingfts5(")
            && words.contains("content=")
            && !["content=''", "content=\"\""]
                .iter()
                .any(|none| words.contains(none))
    }
}

/// What the archive consists of.
pub(super) struct Objects {
    archive: String,
    all: Vec<Object>,
    /// Names of what exists in the new file.
    made: HashSet<String>,
    /// Names of tables that refer to rows which are made again.
    referring: Vec<String>,
    pub(super) own: Own,
}

/// Makes the tables, with the rows of those that are not made of replies.
pub(super) async fn begin(connection: &mut SqliteConnection, archive: &Path) -> Result<Objects> {
    let all: Vec<Object> = sqlx::query_as(
        "select s.type as kind, s.name, s.tbl_name as of, s.sql,
             coalesce(t.type = 'shadow', 0) as is_shadow, s.type = 'table' and s.rootpage = 0 as is_virtual
         from old.sqlite_schema s left join pragma_table_list t on t.schema = 'old' and t.name = s.name
         where s.sql is not null and s.name not glob 'sqlite_*' order by s.rowid",
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut objects = Objects {
        archive: archive.display().to_string(),
        all,
        made: HashSet::new(),
        referring: Vec::new(),
        own: Own::read().await?,
    };
    objects.make(connection, |it, _| it.is_table()).await?;
    objects.copy(connection).await?;
    // What is needed while rows are written: keys, threads of comments, and histories.
    objects
        .make(connection, |it, own| {
            own.has(&it.name)
                && is_of_replies(&it.of)
                && match &*it.kind {
                    "index" => it.sql.starts_with("CREATE UNIQUE") || it.of == "comments",
                    kind => kind == "trigger" && !is_full_text(&it.name),
                }
        })
        .await?;
    Ok(objects)
}

impl Objects {
    /// Copies the tables that are not made of replies and do not refer to such rows.
    async fn copy(&mut self, connection: &mut SqliteConnection) -> Result<()> {
        let tables = self.all.iter().filter(|it| it.is_table());
        let names = tables.map(|it| &it.name).filter(|it| !is_of_replies(it));
        for table in names {
            let columns = rows::columns(connection, table).await?;
            let referring: Vec<_> = columns.iter().filter(|it| it.target().is_some()).collect();
            let added = |it: &&&rows::Column| !self.own.has_column(table, &it.name);
            if let Some(column) = referring.iter().find(added).filter(|_| self.own.has(table)) {
                return Err(self.failed(format!(
                    "your column `{}` of `{table}` refers to rows by numbers, which will be others; store the remote's ids \
                     in a table of your own instead",
                    column.name
                )));
            }
            if !referring.is_empty() {
                self.referring.push(table.clone());
            } else if self.own.has(table) && columns_are_all(connection, table, &columns).await? {
                // SQLite copies whole pages of equal tables.
                let name = quoted(table);
                let text = format!("insert into main.{name} select * from old.{name}");
                run(connection, text).await?;
            } else {
                rows::copy(connection, table, &columns, "true").await?;
            }
        }
        Ok(())
    }

    pub(super) fn referring(&self) -> impl Iterator<Item = &str> {
        self.referring.iter().map(|it| &**it)
    }

    /// Returns the error of a new file that cannot be made.
    pub(super) fn failed(&self, why: String) -> Error {
        Error::NotRebuilt {
            path: self.archive.clone(),
            why,
        }
    }

    /// Makes what is meant and not made yet.
    async fn make(
        &mut self,
        connection: &mut SqliteConnection,
        is_meant: impl Fn(&Object, &Own) -> bool,
    ) -> Result<()> {
        for object in self.all.iter().filter(|it| is_meant(it, &self.own)) {
            if !self.made.insert(object.name.clone()) {
                continue;
            }
            if let Err(error) = run(connection, object.sql.clone()).await {
                return Err(match self.own.has(&object.name) {
                    true => error,
                    false => self.failed(format!(
                        "your {} `{}` cannot be made again ({error}); drop it first",
                        object.kind, object.name
                    )),
                });
            }
        }
        Ok(())
    }

    /// Drops the triggers that write histories: rows that are copied bring their own.
    pub(super) async fn drop_triggers(&mut self, connection: &mut SqliteConnection) -> Result<()> {
        for object in self.all.iter().filter(|it| it.kind == "trigger") {
            if self.made.remove(&object.name) {
                run(
                    connection,
                    format!("drop trigger main.{}", quoted(&object.name)),
                )
                .await?;
            }
        }
        Ok(())
    }

    /// Makes the rest, and what SQLite knows about the file.
    pub(super) async fn complete(&mut self, connection: &mut SqliteConnection) -> Result<()> {
        self.make(connection, |it, _| it.kind == "index").await?;
        self.make(connection, |it, own| it.is_virtual && own.has(&it.name))
            .await?;
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
        self.add_virtual_tables(connection).await?;
        self.make(connection, |it, _| matches!(&*it.kind, "trigger" | "view"))
            .await?;
        set_numbers(connection).await?;
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

    /// Adds people's own virtual tables, as `vacuum` does it: their definition beside the tables that hold their contents, which
    /// are copied. So they need no module of another program.
    async fn add_virtual_tables(&mut self, connection: &mut SqliteConnection) -> Result<()> {
        let others = self.all.iter().filter(|it| it.is_virtual);
        let others: Vec<&Object> = others.filter(|it| !self.own.has(&it.name)).collect();
        if others.is_empty() {
            return Ok(());
        }
        run(connection, "pragma writable_schema = on".to_owned()).await?;
        for table in &others {
            sqlx::query(
                "insert into main.sqlite_schema (type, name, tbl_name, rootpage, sql)
                 values ('table', ?1, ?1, 0, ?2)",
            )
            .bind(&table.name)
            .bind(&table.sql)
            .execute(&mut *connection)
            .await?;
        }
        // Reads the schema again.
        run(connection, "pragma writable_schema = reset".to_owned()).await?;
        for table in others.iter().filter(|it| it.is_index_of_texts()) {
            let name = quoted(&table.name);
            let text = format!("insert into main.{name} ({name}) values ('rebuild')");
            if let Err(error) = run(connection, text).await {
                return Err(self.failed(format!(
                    "your full-text index `{}` cannot be made again ({error}); drop it first",
                    table.name
                )));
            }
        }
        self.made.extend(others.iter().map(|it| it.name.clone()));
        Ok(())
    }
}

/// Returns whether each column of a table has values of its own.
async fn columns_are_all(
    connection: &mut SqliteConnection,
    table: &str,
    columns: &[rows::Column],
) -> Result<bool> {
    let all: i64 = sqlx::query_scalar("select count(*) from pragma_table_xinfo(?, 'old')")
        .bind(table)
        .fetch_one(connection)
        .await?;
    Ok(usize::try_from(all) == Ok(columns.len()))
}

/// Sets the numbers that a file has beside its rows.
async fn set_numbers(connection: &mut SqliteConnection) -> Result<()> {
    for name in ["application_id", "user_version"] {
        let value: i64 = sqlx::query_scalar(AssertSqlSafe(format!("pragma old.{name}")))
            .fetch_one(&mut *connection)
            .await?;
        run(connection, format!("pragma main.{name} = {value}")).await?;
    }
    let has_sequences: bool = sqlx::query_scalar(
        "select exists (select 1 from main.sqlite_schema where name = 'sqlite_sequence')",
    )
    .fetch_one(&mut *connection)
    .await?;
    if has_sequences {
        let text = "delete from main.sqlite_sequence;
             insert into main.sqlite_sequence (name, seq) select name, seq from old.sqlite_sequence";
        run(connection, text.to_owned()).await?;
    }
    Ok(())
}
