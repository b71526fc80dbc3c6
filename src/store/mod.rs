//! The archive: one SQLite file, and all SQL of the crate that writes.
//!
//! One connection writes, many read. Everything that belongs to one page is written in one transaction
//! (`write::page`). Operations that wait for the writer at the same moment share a transaction (`write::batch`), so
//! they also share its fsync.

pub mod archive;
mod db;
mod error;
mod ledger;
mod queue;
pub mod read;
mod write;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::sync::Mutex;

pub use db::{Held, Lock, network_file_system};
pub use error::{Error, Scope, Spent};
pub use ledger::{Dictionary, OpenCall, Outcome, Run, RunKind, Settlement};
pub use queue::{
    CallOf, Cooling, Failure, KeptReply, LeaseRequest, Leased, Named, Replanned, Requeue, Retry,
    Seeded, StoredSeen,
};
pub use write::{Next, PageCommit, Writer};

/// How long a statement waits for another process's transaction before it fails with `SQLITE_BUSY`.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Each table has multi-row statements of a few sizes. All of them stay prepared.
const STATEMENT_CACHE: usize = 400;
/// The migrations of the schema.
pub(crate) static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

pub type Result<T> = std::result::Result<T, Error>;

/// An open archive.
#[derive(Clone)]
pub struct Store {
    connection: Arc<Mutex<db::Writing>>,
    readers: SqlitePool,
    path: Arc<PathBuf>,
}

impl Store {
    /// Opens the archive for reading and writing. Creates it if it does not exist, and migrates its schema.
    ///
    /// # Errors
    /// Returns an error if the file cannot be opened, is not an archive, or was written by a newer version.
    pub async fn open(path: &Path) -> Result<Self> {
        create_private(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .statement_cache_capacity(STATEMENT_CACHE)
            .pragma("wal_autocheckpoint", "16000")
            .pragma("cache_size", "-6000")
            // SQLite's statement journals are small: keep them in memory instead of in a file.
            .pragma("temp_store", "memory")
            .disable_statement_logging();
        let mut connection = SqliteConnection::connect_with(&options)
            .await
            .map_err(|error| Error::opening(path, &error))?;
        db::identity::check(&mut connection, path).await?;
        MIGRATIONS
            .run(&mut connection)
            .await
            .map_err(|error| Error::migrating(path, &error))?;
        archive::derive(&mut connection).await?;
        Ok(Self {
            connection: Arc::new(Mutex::new(db::Writing::new(connection))),
            readers: read::open_readers(path).await?,
            path: Arc::new(path.to_owned()),
        })
    }

    /// Opens an existing archive read-only.
    ///
    /// # Errors
    /// Returns an error if the file does not exist or is not an archive.
    pub async fn open_readers(path: &Path) -> Result<SqlitePool> {
        read::open_readers(path).await
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

    /// Checkpoints the write-ahead log into the file and closes the writing connection.
    ///
    /// # Errors
    /// Returns an error if SQLite reports one while closing.
    pub async fn close(self) -> Result<()> {
        self.readers.close().await;
        if let Some(connection) = Arc::into_inner(self.connection) {
            connection.into_inner().into_inner().close().await?;
        }
        Ok(())
    }
}

/// The archive holds personal data and signed links, so a new file is readable only by its owner.
fn create_private(path: &Path) -> Result<()> {
    let io = |why| Error::Io {
        path: path.display().to_string(),
        why,
    };
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder).map_err(io)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(io(error)),
    }
}
