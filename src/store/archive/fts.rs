//! The full-text index: made on request, and kept current by triggers afterwards.
//!
//! Tables of FTS5 (sqlite.org/fts5.html) without texts of their own. Trigrams find any three letters in a row, also in
//! languages without spaces between words. Deleted texts leave nothing behind (`secure-delete`).

use sqlx::{AssertSqlSafe, SqliteConnection};

use crate::store::{Result, Store};

/// A table whose texts are indexed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Indexed {
    pub table: &'static str,
    /// The table of FTS5.
    pub index: &'static str,
    pub columns: &'static [&'static str],
}

pub const INDEXED: [Indexed; 3] = [
    Indexed {
        table: "posts",
        index: "posts_fts",
        columns: &["text", "title", "caption"],
    },
    Indexed {
        table: "comments",
        index: "comments_fts",
        columns: &["text"],
    },
    Indexed {
        table: "users",
        index: "users_fts",
        columns: &["username", "display_name", "description"],
    },
];

/// Rows that are indexed in one transaction. A daemon that writes meanwhile waits for it.
const AT_ONCE: i64 = 10_000;

impl Indexed {
    /// Returns the columns with a prefix, as SQL.
    #[must_use]
    pub fn list(&self, prefix: &str) -> String {
        let names = self.columns.iter().map(|name| format!("{prefix}{name}"));
        names.collect::<Vec<_>>().join(", ")
    }

    /// The tables and triggers, as SQL. A row that is not indexed yet is left to the one who indexes.
    fn objects(&self) -> String {
        let Self { table, index, .. } = self;
        let (columns, old, new) = (self.list(""), self.list("old."), self.list("new."));
        let changed = self
            .columns
            .iter()
            .map(|name| format!("old.{name} is not new.{name}"))
            .collect::<Vec<_>>()
            .join(" or ");
        let is_indexed = format!("exists (select 1 from {index}_docsize where id = old.id)");
        let forget = format!(
            "insert into {index} ({index}, rowid, {columns}) values ('delete', old.id, {old});"
        );
        let add = format!("insert into {index} (rowid, {columns}) values (new.id, {new});");
        format!(
            "create virtual table {index} using fts5 ({columns}, content = '{table}', content_rowid = 'id', tokenize = 'trigram');
             insert into {index} ({index}, rank) values ('secure-delete', 1);
             create trigger {index}_insert after insert on {table} begin {add} end;
             create trigger {index}_delete after delete on {table} when {is_indexed} begin {forget} end;
             create trigger {index}_update after update of {columns} on {table}
                 when ({changed}) and {is_indexed} begin {forget} {add} end;"
        )
    }
}

impl Store {
    /// Makes the full-text index, or completes it. Calls `progress` with the number of rows that were indexed. Returns the
    /// number of all.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn index_texts(&self, mut progress: impl FnMut(u64)) -> Result<u64> {
        let mut all = 0;
        for indexed in INDEXED {
            let mut transaction = self.begin().await?;
            if !exists(&mut transaction, indexed.index).await? {
                // Only constants of this file are in the texts.
                sqlx::raw_sql(AssertSqlSafe(indexed.objects()))
                    .execute(&mut *transaction)
                    .await?;
            }
            transaction.commit().await?;
            let Indexed { table, index, .. } = indexed;
            let text = format!(
                "insert into {index} (rowid, {columns}) select id, {columns} from {table}
                 where id > ?1 and id <= ?2 and id not in (select id from {index}_docsize where id > ?1 and id <= ?2)",
                columns = indexed.list("")
            );
            let last: Option<i64> =
                sqlx::query_scalar(AssertSqlSafe(format!("select max(id) from {table}")))
                    .fetch_one(self.readers())
                    .await?;
            let mut from = 0;
            while from < last.unwrap_or(0) {
                let mut transaction = self.begin().await?;
                let added = sqlx::query(AssertSqlSafe(text.clone()))
                    .bind(from)
                    .bind(from + AT_ONCE)
                    .execute(&mut *transaction)
                    .await?;
                transaction.commit().await?;
                all += added.rows_affected();
                progress(added.rows_affected());
                from += AT_ONCE;
            }
        }
        Ok(all)
    }
}

/// Returns whether the archive has a table of this name.
pub(in crate::store) async fn exists(
    connection: &mut SqliteConnection,
    name: &str,
) -> Result<bool> {
    Ok(sqlx::query_scalar(
        "select exists (select 1 from sqlite_master where type = 'table' and name = ?)",
    )
    .bind(name)
    .fetch_one(connection)
    .await?)
}
