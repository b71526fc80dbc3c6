//! The archive: one SQLite file, and all SQL of the crate that writes.
//!
//! One connection writes, many read. Everything that belongs to one page is written in one transaction
//! (`write::page`). Operations that wait for the writer at the same moment share a transaction (`write::batch`), so
//! they also share its fsync.

pub mod archive;
mod backup;
mod before;
mod db;
mod erase;
mod error;
mod ledger;
mod media;
mod queue;
pub mod read;
mod write;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::sync::Mutex;

pub use backup::{Backup, backup};
pub use before::Precaution;
pub use db::{Held, Lock, network_file_system};
pub use erase::{
    Change, Frame, Left, Means, NewFrame, RowCount, Term, TextColumn, TextRow, TextTable,
};
pub use error::{Error, Scope, Spent};
pub use ledger::{AlertTold, Dictionary, OpenCall, Outcome, PathRow, Run, RunKind, Settlement};
pub use media::{
    DamagedMedia, Given, MediaPart, MediaTurn, OldMedia, RemovedMedia, ShowingReply, StoredMedia,
};
pub use queue::{
    CallOf, Control, ControlResult, Cooling, Failure, KeptReply, LeaseRequest, Leased, Named,
    NewRefresh, Pauses, ROWS_REFUSED, Replanned, Requeue, Retry, SeedLine, Seeded, SpanChange,
    StoredSeen, StoredSpan,
};
pub use write::{ImportedReply, Importing, Next, PageCommit, Writer};

/// How long a statement waits for another process's transaction before it fails with `SQLITE_BUSY`.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Pages in the write-ahead log after which it is checkpointed into the file.
const LOG_PAGES: u64 = 16_000;
const PAGE_BYTES: u64 = 4_096;
/// Each table has multi-row statements of a few sizes. All of them stay prepared.
const STATEMENT_CACHE: usize = 400;
/// The migrations of the schema.
pub(crate) static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

pub type Result<T> = std::result::Result<T, Error>;

/// Returns the number of this version's schema.
#[must_use]
pub fn newest_schema() -> i64 {
    db::identity::newest()
}

/// An open archive.
#[derive(Clone)]
pub struct Store {
    connection: Arc<Mutex<db::Writing>>,
    readers: SqlitePool,
    path: Arc<PathBuf>,
    place: Arc<OnceLock<db::Place>>,
    copied: Option<Arc<PathBuf>>,
}

impl Store {
    /// Opens the archive for reading and writing. Creates it if it does not exist, and migrates its schema after a copy.
    ///
    /// # Errors
    /// Returns an error if the file cannot be opened, is not an archive, was written by a newer version, or cannot be copied.
    pub async fn open(path: &Path) -> Result<Self> {
        Self::open_with(path, Precaution::Copy).await
    }

    /// Opens the archive like [`Store::open`], with or without a copy before its schema changes.
    ///
    /// # Errors
    /// See [`Store::open`].
    pub async fn open_with(path: &Path, precaution: Precaution) -> Result<Self> {
        db::check_name(path)?;
        db::create_private(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .statement_cache_capacity(STATEMENT_CACHE)
            .pragma("wal_autocheckpoint", LOG_PAGES.to_string())
            // A log that a reader has made grow shrinks to this size when it starts over.
            .pragma("journal_size_limit", (LOG_PAGES * PAGE_BYTES).to_string())
            .pragma("cache_size", "-6000")
            // SQLite's statement journals are small: keep them in memory instead of in a file.
            .pragma("temp_store", "memory")
            .disable_statement_logging();
        let mut connection = SqliteConnection::connect_with(&options)
            .await
            .map_err(|error| Error::opening(path, &error))?;
        db::identity::check(&mut connection, path).await?;
        db::Partial::clear(&path.canonicalize().unwrap_or_else(|_| path.to_owned()));
        let copied = match precaution {
            Precaution::Copy => before::copy_before_migration(&mut connection, path).await?,
            Precaution::NoCopy => None,
        };
        MIGRATIONS
            .run(&mut connection)
            .await
            .map_err(|error| Error::migrating(path, &error))?;
        archive::derive(&mut connection).await?;
        Ok(Self {
            connection: Arc::new(Mutex::new(db::Writing::new(connection))),
            readers: read::open_readers(path).await?,
            path: Arc::new(path.to_owned()),
            place: Arc::default(),
            copied: copied.map(Arc::new),
        })
    }

    /// Opens an existing archive read-only.
    ///
    /// # Errors
    /// Returns an error if the file does not exist or is not an archive.
    pub async fn open_readers(path: &Path) -> Result<SqlitePool> {
        read::open_readers(path).await
    }

    /// Opens an existing archive of this version read-only.
    ///
    /// # Errors
    /// Returns an error if the file does not exist, is not an archive, or was written by another version.
    pub async fn open_current_readers(path: &Path) -> Result<SqlitePool> {
        read::current_readers(path).await
    }

    /// The read-only connections. They never wait for the writer.
    #[must_use]
    pub fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the copy of the archive that was made before its schema changed, if it did.
    #[must_use]
    pub fn copied(&self) -> Option<&Path> {
        self.copied.as_ref().map(|path| path.as_path())
    }

    /// Notes which files the path leads to, for [`Store::check_place`].
    ///
    /// # Errors
    /// Returns an error if there is no file.
    pub fn note_place(&self) -> Result<()> {
        let place = db::Place::of(&self.path)?;
        // Only the first note counts.
        let _ = self.place.set(place);
        Ok(())
    }

    /// Checks that the path still leads to the file that this process opened.
    ///
    /// # Errors
    /// Returns `Gone` if the file was removed, moved or replaced.
    pub fn check_place(&self) -> Result<()> {
        self.place.get().map_or(Ok(()), db::Place::check)
    }

    /// Checkpoints the write-ahead log into the file and closes the writing connection.
    ///
    /// # Errors
    /// Returns an error if SQLite reports one while closing.
    pub async fn close(self) -> Result<()> {
        self.readers.close().await;
        if let Some(connection) = Arc::into_inner(self.connection) {
            let mut connection = connection.into_inner().into_inner();
            // Closing does the same, except for a file that was moved. A reader may keep the log from being emptied.
            let _ = sqlx::query("pragma wal_checkpoint(truncate)")
                .execute(&mut connection)
                .await;
            connection.close().await?;
        }
        Ok(())
    }
}
