//! Requests for erasure, and what is searched for until they are completed.

use std::collections::HashSet;

use crate::store::read::{erased_hashes, erasures};
use crate::store::{Result, Store};

/// Something to search for, with its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// `user`, `name`, `item` or `dictionary`.
    pub kind: &'static str,
    pub value: String,
    /// None for a dictionary, which is replaced.
    pub hash: Option<[u8; 32]>,
}

impl Store {
    /// Writes requests for people, what is searched for, and further hashes by which they are recognised. Repeating it
    /// changes nothing.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn request_erasures(
        &self,
        people: &[[u8; 32]],
        terms: &[Term],
        hashes: &[[u8; 32]],
        now: f64,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        for person in people {
            sqlx::query(
                "insert into erasures (person_hash, requested_at) values (?1, ?2)
                 on conflict (person_hash) do update set completed_at = null",
            )
            .bind(&person[..])
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        }
        for term in terms {
            sqlx::query("insert or ignore into erasing (kind, value) values (?, ?)")
                .bind(term.kind)
                .bind(&term.value)
                .execute(&mut *transaction)
                .await?;
        }
        for hash in terms
            .iter()
            .filter_map(|term| term.hash.as_ref())
            .chain(hashes)
        {
            sqlx::query("insert or ignore into erased_hashes (hash) values (?)")
                .bind(&hash[..])
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await
    }

    /// Returns what is searched for: kind and value. Nothing is, if no erasure is open.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn erasing(&self) -> Result<Vec<(String, String)>> {
        Ok(sqlx::query_as("select kind, value from erasing")
            .fetch_all(self.readers())
            .await?)
    }

    /// Returns when the oldest erasure that is not completed was requested.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn erasing_since(&self) -> Result<Option<f64>> {
        Ok(
            sqlx::query_scalar("select min(requested_at) from erasures where completed_at is null")
                .fetch_one(self.readers())
                .await?,
        )
    }

    /// Returns the hashes by which erased people are recognised.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn erased_hashes(&self) -> Result<HashSet<[u8; 32]>> {
        erased_hashes(self.readers()).await
    }

    /// Returns the hashes of the people whose erasure was requested, and whether it is completed.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn erasures(&self) -> Result<Vec<([u8; 32], bool)>> {
        erasures(self.readers()).await
    }

    /// Forgets what was searched for: from now on only hashes are left of the people.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn forget_erasing(&self) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query("delete from erasing")
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    /// Marks all erasures as completed.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn complete_erasures(&self, now: f64) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query("update erasures set completed_at = ? where completed_at is null")
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    /// Returns all user ids after this one, in order, a few at a time.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn user_ids(&self, after: &str, limit: u32) -> Result<Vec<String>> {
        Ok(sqlx::query_scalar(
            "select user_id from users where user_id > ? order by user_id limit ?",
        )
        .bind(after)
        .bind(limit)
        .fetch_all(self.readers())
        .await?)
    }

    /// Returns which of these users the archive has: id, username and displayed name.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn names_of(
        &self,
        user_ids: &[String],
    ) -> Result<Vec<(String, Option<String>, Option<String>)>> {
        Ok(sqlx::query_as(
            "select user_id, username, display_name from users where user_id in (select value from json_each(?1))
             union select u.user_id, n.username, null from users u join user_names n on n.user_id = u.id
             where u.user_id in (select value from json_each(?1))",
        )
        .bind(serde_json::json!(user_ids).to_string())
        .fetch_all(self.readers())
        .await?)
    }

    /// Returns the users who have one of these names, or had it before, in any case: name in lower case, and user id.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn users_with_names(&self, names: &[String]) -> Result<Vec<(String, String)>> {
        Ok(sqlx::query_as(
            "select lower(username), user_id from json_each(?1) name
             join users on username = name.value collate nocase
             union select lower(n.username), u.user_id from json_each(?1) name
             join user_names n on n.username = name.value collate nocase join users u on u.id = n.user_id",
        )
        .bind(serde_json::json!(names).to_string())
        .fetch_all(self.readers())
        .await?)
    }

    /// Returns the ids of the posts and comments of a user.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn written_by(&self, user_ids: &[String]) -> Result<Vec<String>> {
        Ok(sqlx::query_scalar(
            "with people (id) as (select id from users where user_id in (select value from json_each(?)))
             select post_id from posts where author_id in (select id from people)
             union all select comment_id from comments where author_id in (select id from people)",
        )
        .bind(serde_json::json!(user_ids).to_string())
        .fetch_all(self.readers())
        .await?)
    }
}
