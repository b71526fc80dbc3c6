//! The names of people, for an export that must not show them.

use futures_util::stream::{BoxStream, StreamExt};
use sqlx::AssertSqlSafe;

use super::Snapshot;
use crate::store::Result;

/// A user with the names that texts may call them by.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Person {
    pub user_id: String,
    pub username: Option<String>,
    pub display_name: Option<String>,
}

/// Ids that become pseudonyms: their column, and its table.
const IDS: [(&str, &str); 4] = [
    ("user_id", "users"),
    ("post_id", "posts"),
    ("comment_id", "comments"),
    ("attachment_id", "attachments"),
];
/// Ids that are read at once.
const AT_ONCE: usize = 10_000;

impl Snapshot {
    /// From now on, exported rows are in the order of the pseudonyms of their ids. In the order of the ids, a list of them
    /// would tell whom each pseudonym stands for. `pseudonym` takes the name of an id's column, and an id.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read, or the temporary file cannot be written.
    pub async fn order_by_pseudonyms(
        &mut self,
        pseudonym: impl Fn(&str, &str) -> String,
    ) -> Result<()> {
        sqlx::query("create temp table pseudonyms (id text primary key, pseudonym text not null) without rowid")
            .execute(self.connection())
            .await?;
        for (column, table) in IDS {
            let mut last = String::new();
            loop {
                // Only constants of this file are in the text.
                let text = format!(
                    "select {column} from {table} where {column} > ? order by {column} limit {AT_ONCE}"
                );
                let ids: Vec<String> = sqlx::query_scalar(AssertSqlSafe(text))
                    .bind(&last)
                    .fetch_all(self.connection())
                    .await?;
                let Some(end) = ids.last() else { break };
                last.clone_from(end);
                let pairs = ids.iter().map(|id| (id, pseudonym(column, id)));
                let pairs = serde_json::to_string(&pairs.collect::<Vec<_>>());
                sqlx::query(
                    "insert or ignore into pseudonyms select value ->> 0, value ->> 1 from json_each(?)",
                )
                .bind(pairs.unwrap_or_default())
                .execute(self.connection())
                .await?;
            }
        }
        self.has_pseudonyms = true;
        Ok(())
    }

    /// Returns columns to sort by, as SQL.
    pub(super) fn order(&self, columns: &str) -> String {
        let order = columns.split(", ").map(|column| match self.has_pseudonyms {
            true if column.ends_with("_id") && column != "call_id" => {
                format!("(select pseudonym from pseudonyms p where p.id = {column})")
            }
            _ => column.to_owned(),
        });
        order.collect::<Vec<_>>().join(", ")
    }

    /// Returns all users, by id.
    pub fn people(&mut self) -> BoxStream<'_, Result<Person>> {
        sqlx::query_as("select user_id, username, display_name from users order by user_id")
            .fetch(self.connection())
            .map(|row| Ok(row?))
            .boxed()
    }

    /// Returns the number of users in the smallest group that has the same badge, month of creation and number of
    /// digits of followers; `None` if there are no users.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn smallest_group(&mut self) -> Result<Option<i64>> {
        Ok(sqlx::query_scalar(
            "select min(size) from (
                 select count(*) as size from users
                 group by verified, strftime('%Y-%m', created_at, 'unixepoch'), length(max(follower_count, 0)))",
        )
        .fetch_one(self.connection())
        .await?)
    }
}
