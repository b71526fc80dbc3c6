//! What each receiver of alerts was last told.

use crate::store::{Result, Store};

/// What a receiver was last told of a condition.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct AlertTold {
    pub name: String,
    /// The first 16 hexadecimal digits of the SHA-256 of its URL.
    pub receiver: String,
    pub is_firing: bool,
    /// Unix time.
    pub told_at: f64,
}

impl Store {
    /// Returns what each receiver was last told.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn alerts_told(&self) -> Result<Vec<AlertTold>> {
        Ok(sqlx::query_as(
            "select name, receiver, told = 'firing' as is_firing, told_at from alerts",
        )
        .fetch_all(self.readers())
        .await?)
    }

    /// Notes what a receiver was told.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn alert_told(
        &self,
        name: &str,
        receiver: &str,
        is_firing: bool,
        now: f64,
    ) -> Result<()> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "insert into alerts values (?, ?, iif(?, 'firing', 'resolved'), ?)
             on conflict do update set told = excluded.told, told_at = excluded.told_at",
        )
        .bind(name)
        .bind(receiver)
        .bind(is_firing)
        .bind(now)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }
}
