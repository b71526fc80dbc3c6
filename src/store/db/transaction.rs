//! A separate transaction for rare operations: seeding, upkeep, the start and the end of a run.

use std::ops::{Deref, DerefMut};

use sqlx::SqliteConnection;
use tokio::sync::MutexGuard;

use crate::store::{Result, Store};

/// The one connection that writes.
pub(in crate::store) struct Writing {
    connection: SqliteConnection,
    /// A transaction was abandoned on it and must be rolled back.
    abandoned: bool,
}

impl Writing {
    pub(in crate::store) fn new(connection: SqliteConnection) -> Self {
        Self {
            connection,
            abandoned: false,
        }
    }

    pub(in crate::store) fn into_inner(self) -> SqliteConnection {
        self.connection
    }
}

impl Deref for Writing {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl DerefMut for Writing {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}

impl Store {
    /// The writing connection, outside of any transaction.
    pub(in crate::store) async fn writing(&self) -> MutexGuard<'_, Writing> {
        let mut writing = self.connection.lock().await;
        if writing.abandoned {
            // If SQLite has already rolled it back, nothing is left to do.
            let _ = sqlx::query("rollback")
                .execute(&mut writing.connection)
                .await;
            // Only now: this future may be dropped while it waits.
            writing.abandoned = false;
        }
        writing
    }

    /// Begins a transaction. Waits for the writer's current group.
    pub(in crate::store) async fn begin(&self) -> Result<Transaction<'_>> {
        // If this future is dropped while it waits, SQLite may still begin the transaction.
        let mut transaction = Transaction {
            writing: self.writing().await,
            open: true,
        };
        sqlx::query("begin immediate")
            .execute(&mut transaction.writing.connection)
            .await?;
        Ok(transaction)
    }
}

/// The writing connection inside `begin immediate`. It is rolled back if dropped without `commit`.
pub(in crate::store) struct Transaction<'a> {
    writing: MutexGuard<'a, Writing>,
    open: bool,
}

impl Transaction<'_> {
    pub(in crate::store) async fn commit(mut self) -> Result<()> {
        sqlx::query("commit")
            .execute(&mut self.writing.connection)
            .await?;
        self.open = false;
        Ok(())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        self.writing.abandoned = self.open;
    }
}

impl Deref for Transaction<'_> {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.writing.connection
    }
}

impl DerefMut for Transaction<'_> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.writing.connection
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use crate::store::Store;

    #[tokio::test]
    async fn a_transaction_whose_begin_is_abandoned_leaves_the_connection_usable() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("a.db")).await.unwrap();
        let mut abandoned = 0;
        for _ in 0..20 {
            // Polled once, so that the statement is sent, and dropped. SQLite's thread may have carried it out by then.
            abandoned += usize::from(store.begin().now_or_never().is_none());
            let transaction = store.begin().await.unwrap();
            drop(transaction);
            abandoned += usize::from(store.begin().now_or_never().is_none());
        }
        assert!(abandoned > 0, "nothing was abandoned");
        store.begin().await.unwrap().commit().await.unwrap();
    }
}
