//! A new file for an archive: its rows made again from the kept replies, everything else as it is.
//!
//! The old archive is attached as `old`. Tables that are not made of replies are copied row by row, and what keeps them
//! current (indexes, triggers, views, full text) is made at the end. The new file has no journal: until it takes the
//! archive's place, a process that dies leaves only a file that the next start removes.

mod changes;
mod keys;
mod lost;
mod numbers;
mod objects;
mod references;

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use super::scratch::{self, ScratchPage};
use crate::store::db::{Hold, Partial, copy};
use crate::store::read::{Snapshot, free_bytes};
use crate::store::{BUSY_TIMEOUT, Error, Result, STATEMENT_CACHE};

pub use changes::TableChange;
use lost::Lost;
pub use numbers::NewNumbers;

/// A new file that is being made beside an archive. No other process can write to the archive meanwhile.
pub struct Rebuild {
    connection: SqliteConnection,
    hold: Hold,
    partial: Partial,
    objects: objects::Objects,
    lost: Lost,
}

impl Rebuild {
    /// Begins a new file, and copies what is not made of replies.
    ///
    /// # Errors
    /// Returns `NotRebuilt` if the disk has too little space, or an error if the archive cannot be read, or the new file cannot
    /// be written.
    pub async fn begin(archive: &Path) -> Result<Self> {
        let hold = Hold::take(archive).await?;
        match Self::begin_held(&hold).await {
            Ok((connection, partial, objects)) => Ok(Self {
                connection,
                hold,
                partial,
                objects,
                lost: Lost::default(),
            }),
            Err(error) => {
                hold.release().await;
                Err(error)
            }
        }
    }

    async fn begin_held(hold: &Hold) -> Result<(SqliteConnection, Partial, objects::Objects)> {
        let archive = hold.path();
        let failed = |why: String| Error::NotRebuilt {
            path: archive.display().to_string(),
            why,
        };
        let mut snapshot = Snapshot::open(archive).await?;
        // Rows that are made again may take more space than before.
        let needed = copy::bytes_needed(snapshot.connection()).await?;
        let needed = needed + needed / 4;
        snapshot.close().await;
        if let Some(free) = free_bytes(archive).filter(|free| *free < needed) {
            return Err(failed(format!(
                "it needs {}, and {} are free",
                copy::mb(needed),
                copy::mb(free)
            )));
        }
        let partial = Partial::beside(archive).map_err(|why| failed(why.to_string()))?;
        let options = SqliteConnectOptions::new()
            .filename(partial.path())
            .journal_mode(SqliteJournalMode::Off)
            .synchronous(SqliteSynchronous::Off)
            // Rows come before those that they refer to; all are checked at the end.
            .foreign_keys(false)
            .busy_timeout(BUSY_TIMEOUT)
            .statement_cache_capacity(STATEMENT_CACHE)
            .pragma("cache_size", "-32000")
            .disable_statement_logging();
        let mut connection = SqliteConnection::connect_with(&options).await?;
        sqlx::query("attach ? as old")
            .bind(archive.to_string_lossy().into_owned())
            .execute(&mut connection)
            .await?;
        sqlx::query("begin").execute(&mut connection).await?;
        let objects = objects::begin(&mut connection).await?;
        Ok((connection, partial, objects))
    }

    /// Writes pages that were kept in one transaction, in the order of their calls.
    ///
    /// # Errors
    /// Returns an error if the new file cannot be written.
    pub async fn keep(&mut self, pages: &[ScratchPage]) -> Result<()> {
        scratch::keep(&mut self.connection, pages).await
    }

    /// Writes what is counted of replies whose numbers differ from those in the ledger.
    ///
    /// # Errors
    /// Returns an error if the new file cannot be written.
    pub async fn correct(&mut self, calls: &[NewNumbers]) -> Result<()> {
        numbers::correct(&mut self.connection, calls).await
    }

    /// Notes a call whose reply is not whole. `is_gone`: nothing of it can be read.
    pub fn lose(&mut self, call_id: i64, is_gone: bool) {
        self.lost.note(call_id, is_gone);
    }

    /// Completes the new file: rows that only lost replies showed, references, indexes, triggers and full text. Returns the
    /// number of rows that were copied because their reply is lost.
    ///
    /// # Errors
    /// Returns an error if the new file cannot be written.
    pub async fn complete(&mut self) -> Result<u64> {
        let connection = &mut self.connection;
        self.objects.drop_triggers(connection).await?;
        let copied = self.lost.copy_rows(connection).await?;
        references::point_to_new_rows(connection, &self.objects).await?;
        forget_unread(connection).await?;
        self.objects.complete(connection).await?;
        sqlx::query("commit").execute(&mut *connection).await?;
        Ok(copied)
    }

    /// Checks the new file.
    ///
    /// # Errors
    /// Returns `NotRebuilt` with the damage.
    pub async fn check(&mut self) -> Result<()> {
        let mut said: Vec<String> = sqlx::query_scalar("pragma main.quick_check(5)")
            .fetch_all(&mut self.connection)
            .await?;
        said.retain(|line| line != "ok");
        let broken: Vec<String> = sqlx::query_scalar(
            "select format('%s %s refers to a missing row of %s', \"table\", rowid, parent)
             from pragma_foreign_key_check limit 5",
        )
        .fetch_all(&mut self.connection)
        .await?;
        said.extend(broken);
        match said.is_empty() {
            true => Ok(()),
            false => Err(self.failed(said.join("; "))),
        }
    }

    /// Returns the error of a new file that cannot be made.
    #[must_use]
    pub fn failed(&self, why: String) -> Error {
        Error::NotRebuilt {
            path: self.hold.path().display().to_string(),
            why,
        }
    }

    /// Compares the rows with those of the archive, table by table.
    ///
    /// # Errors
    /// Returns an error if one of them cannot be read.
    pub async fn changes(&mut self) -> Result<Vec<TableChange>> {
        changes::all(&mut self.connection).await
    }

    /// The new file, for reading after it is complete.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.partial.path()
    }

    /// Removes the new file.
    pub async fn discard(self) {
        let _ = self.connection.close().await;
        self.hold.release().await;
    }

    /// Closes the new file, so that it only has to be put in its place.
    ///
    /// # Errors
    /// Returns an error if it cannot be written.
    pub async fn close(self) -> Result<Finished> {
        self.connection.close().await?;
        Ok(Finished {
            hold: self.hold,
            partial: self.partial,
        })
    }
}

/// A new file that is ready to take the archive's place.
pub struct Finished {
    hold: Hold,
    partial: Partial,
}

impl Finished {
    /// Returns whether no other process has the archive open, which is needed to replace it.
    ///
    /// # Errors
    /// Returns `Changed` if another process wrote to the archive.
    pub async fn is_alone(&mut self) -> Result<bool> {
        self.hold.exclude_readers().await
    }

    /// Puts the new file in the archive's place.
    ///
    /// # Errors
    /// Returns why it cannot be done. The archive is unchanged then.
    pub async fn replace(self) -> Result<()> {
        self.hold.replace_by(self.partial).await
    }

    /// Removes the new file.
    pub async fn discard(self) {
        self.hold.release().await;
    }
}

/// All replies are read, so no later start has to do it.
async fn forget_unread(connection: &mut SqliteConnection) -> Result<()> {
    sqlx::query("delete from settings where name in ('entities_after_group', 'names_since_call')")
        .execute(connection)
        .await?;
    Ok(())
}
