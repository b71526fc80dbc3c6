//! What an archive of this version consists of. All else in the file was added by people, and a new file has it unchanged.

use std::collections::{HashMap, HashSet};

use crate::store::Result;
use crate::store::archive::Scratch;
use crate::store::archive::fts::INDEXED;
use crate::store::archive::schema::tables;

pub(super) struct Own {
    /// Names of tables, indexes, triggers and views.
    names: HashSet<String>,
    /// Names of the columns of each table.
    columns: HashMap<String, HashSet<String>>,
}

impl Own {
    /// Reads the schema of an empty archive.
    ///
    /// # Errors
    /// Returns an error if no temporary file can be created.
    pub(super) async fn read() -> Result<Self> {
        let mut scratch = Scratch::new(false).await?;
        let names: Vec<String> = sqlx::query_scalar("select name from sqlite_schema")
            .fetch_all(scratch.connection())
            .await?;
        let pairs: Vec<(String, String)> = sqlx::query_as(
            "select t.name, c.name from sqlite_schema t, pragma_table_xinfo(t.name) c where t.type = 'table'",
        )
        .fetch_all(scratch.connection())
        .await?;
        let mut columns: HashMap<String, HashSet<String>> = HashMap::new();
        for (table, column) in pairs {
            columns.entry(table).or_default().insert(column);
        }
        let mut names: HashSet<String> = names.into_iter().collect();
        for index in INDEXED.iter().map(|indexed| indexed.index) {
            names.insert(index.to_owned());
            let endings = ["insert", "delete", "update"];
            names.extend(endings.map(|ending| format!("{index}_{ending}")));
        }
        Ok(Self { names, columns })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    pub(super) fn has_column(&self, table: &str, column: &str) -> bool {
        self.columns
            .get(table)
            .is_some_and(|columns| columns.contains(column))
    }
}

/// Returns whether the rows of a table are made of replies.
pub(super) fn is_of_replies(table: &str) -> bool {
    tables().iter().any(|of| of.name == table)
}

pub(super) fn is_full_text(name: &str) -> bool {
    INDEXED.iter().any(|it| name.starts_with(it.index))
}
