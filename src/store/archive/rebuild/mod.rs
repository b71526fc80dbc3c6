//! A new file for an archive: its rows made again from the kept replies, everything else as it is.
//!
//! The old archive is attached as `old`. Tables that are not made of replies are copied row by row, and what keeps them
//! current (indexes, triggers, views, full text) is made at the end. The new file has no journal: until it takes the
//! archive's place, a process that dies leaves only a file that the next start removes.

mod changes;
mod finished;
mod histories;
mod keys;
mod loss;
mod lost;
mod numbers;
mod objects;
mod own;
mod references;
mod rows;

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use super::scratch::{self, ScratchPage};
use crate::store::db::{Hold, Partial, copy};
use crate::store::read::{Snapshot, free_bytes, log_bytes};
use crate::store::{BUSY_TIMEOUT, Error, Result, STATEMENT_CACHE};

pub use changes::TableChange;
pub use finished::Finished;
use lost::Lost;
pub use numbers::NewNumbers;

/// A new file that is being made beside an archive.
pub struct Rebuild {
    connection: SqliteConnection,
    archive: PathBuf,
    /// None if the new file is only for a comparison.
    hold: Option<Hold>,
    partial: Partial,
    objects: objects::Objects,
    lost: Lost,
}

impl Rebuild {
    /// Begins a new file that may take the archive's place, and copies what is not made of replies. No other process can write
    /// to the archive meanwhile.
    ///
    /// # Errors
    /// Returns `NotRebuilt` if the disk has too little space, or an error if the archive cannot be read, or the new file cannot
    /// be written.
    pub async fn begin(archive: &Path) -> Result<Self> {
        let hold = Hold::take(archive).await?;
        let path = hold.path().to_owned();
        Self::begin_held(path, Some(hold)).await
    }

    /// Begins a new file for a comparison. Nothing is written to the archive, also not what its log has.
    ///
    /// # Errors
    /// See [`Rebuild::begin`].
    pub async fn begin_trial(archive: &Path) -> Result<Self> {
        let has_log = log_bytes(archive).is_some_and(|bytes| bytes > 0);
        match has_log {
            true => Self::begin_held(archive.to_owned(), None).await,
            // Without a log, closing the archive writes nothing, and removes the files that its readers leave.
            false => Self::begin(archive).await,
        }
    }

    async fn begin_held(archive: PathBuf, hold: Option<Hold>) -> Result<Self> {
        match Self::begin_file(&archive).await {
            Ok((connection, partial, objects)) => Ok(Self {
                connection,
                archive,
                hold,
                partial,
                objects,
                lost: Lost::default(),
            }),
            Err(error) => {
                release(hold).await;
                Err(error)
            }
        }
    }

    async fn begin_file(archive: &Path) -> Result<(SqliteConnection, Partial, objects::Objects)> {
        let failed = |why: String| Error::NotRebuilt {
            path: archive.display().to_string(),
            why,
        };
        let mut snapshot = Snapshot::open(archive).await?;
        // Rows that are made again may take more space than before.
        let needed = copy::bytes_needed(snapshot.connection()).await?;
        let needed = needed + needed / 4;
        let (page_size, auto_vacuum): (i64, i64) = sqlx::query_as(
            "select (select page_size from pragma_page_size), (select auto_vacuum from pragma_auto_vacuum)",
        )
        .fetch_one(snapshot.connection())
        .await?;
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
            .pragma("page_size", page_size.to_string())
            .pragma("auto_vacuum", auto_vacuum.to_string())
            .pragma("cache_size", "-32000")
            .disable_statement_logging();
        let mut connection = SqliteConnection::connect_with(&options).await?;
        match Self::copy_others(&mut connection, archive).await {
            Ok(objects) => Ok((connection, partial, objects)),
            Err(error) => {
                // The archive is attached to it.
                let _ = connection.close().await;
                Err(error)
            }
        }
    }

    /// Copies what is not made of replies.
    async fn copy_others(
        connection: &mut SqliteConnection,
        archive: &Path,
    ) -> Result<objects::Objects> {
        sqlx::query("attach ? as old")
            .bind(read_only(archive))
            .execute(&mut *connection)
            .await?;
        sqlx::query("begin").execute(&mut *connection).await?;
        objects::begin(connection, archive).await
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
        rows::copy_added_columns(connection, &self.objects.own).await?;
        references::copy_what_refers_to_rows(connection, &self.objects).await?;
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
            path: self.archive.display().to_string(),
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
        release(self.hold).await;
    }

    /// Closes the new file, so that it only has to be put in its place. Readers then do not keep a program from opening it.
    ///
    /// # Errors
    /// Returns an error if it cannot be written.
    pub async fn close(mut self) -> Result<Finished> {
        let is_readable = sqlx::query("pragma main.journal_mode = wal")
            .execute(&mut self.connection)
            .await;
        let closed = self.connection.close().await;
        match (is_readable.and(closed), self.hold) {
            (Ok(()), Some(hold)) => Ok(Finished::new(hold, self.partial)),
            (Ok(()), None) => Err(Error::NotRebuilt {
                path: self.archive.display().to_string(),
                why: "it is only a trial".to_owned(),
            }),
            (Err(error), hold) => {
                release(hold).await;
                Err(error.into())
            }
        }
    }
}

async fn release(hold: Option<Hold>) {
    if let Some(hold) = hold {
        hold.release().await;
    }
}

/// The name of a file as a URI with which it is only read (sqlite.org/uri.html).
fn read_only(file: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in file.as_os_str().as_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            _ if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri.push_str("?mode=ro");
    uri
}

/// All replies are read, so no later start has to do it.
async fn forget_unread(connection: &mut SqliteConnection) -> Result<()> {
    sqlx::query("delete from settings where name in ('entities_after_group', 'names_since_call')")
        .execute(connection)
        .await?;
    Ok(())
}
