//! What operators ask a running daemon to do. Two processes talk through this table.

use crate::model::Request;
use crate::store::{Result, Store};

/// A request that no daemon has carried out yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    pub id: i64,
    /// An error if another version stored it.
    pub request: std::result::Result<Request, String>,
}

/// The result of a request.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ControlResult {
    /// It did what was asked.
    pub succeeded: bool,
    pub result: String,
}

impl From<std::result::Result<String, String>> for ControlResult {
    /// Takes what was changed, or why nothing was.
    fn from(done: std::result::Result<String, String>) -> Self {
        Self {
            succeeded: done.is_ok(),
            result: done.unwrap_or_else(|why| why),
        }
    }
}

impl Store {
    /// Adds a request, and returns its number.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn ask(&self, request: &Request, asked_by: &str, now: f64) -> Result<i64> {
        let (command, argument) = request.parts();
        let mut transaction = self.begin().await?;
        let id = sqlx::query_scalar(
            "insert into controls (command, argument, asked_by, asked_at) values (?, ?, ?, ?) returning id",
        )
        .bind(command)
        .bind(argument)
        .bind(asked_by)
        .bind(now)
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Returns the requests that wait, oldest first.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn asked(&self) -> Result<Vec<Control>> {
        let rows: Vec<(i64, String, String)> = sqlx::query_as(
            "select id, command, argument from controls where done_at is null order by id",
        )
        .fetch_all(self.readers())
        .await?;
        let control = |(id, command, argument): (i64, String, String)| Control {
            id,
            request: Request::of(&command, &argument),
        };
        Ok(rows.into_iter().map(control).collect())
    }

    /// Notes what became of a request. A request that already has a result keeps it.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn answered(&self, id: i64, answer: &ControlResult, now: f64) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "update controls set done_at = ?, succeeded = ?, result = ? where id = ? and done_at is null",
        )
        .bind(now)
        .bind(answer.succeeded)
        .bind(&answer.result)
        .bind(id)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }

    /// Returns what became of a request; `None` while it waits.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn answer_to(&self, id: i64) -> Result<Option<ControlResult>> {
        Ok(sqlx::query_as(
            "select succeeded, result from controls where id = ? and done_at is not null",
        )
        .bind(id)
        .fetch_optional(self.readers())
        .await?)
    }
}
