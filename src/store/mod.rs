//! The archive: one SQLite file, and the only SQL of the crate.
//!
//! One connection writes, many read. What must be written together is one transaction: `page` is the one that
//! keeps a page. Whatever waits for the writer at the same moment shares a transaction (`writer`), so that an
//! fsync is paid once for all of them.

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
    CallOf, Failure, KeptReply, LeaseRequest, Leased, Replanned, Requeue, Retry, Seeded, StoredSeen,
};
pub use write::{Next, PageCommit, Writer};

/// How long a statement waits for another process's transaction before it reports that the file is busy.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Multi-row statements come in a few sizes for each table; all of them stay prepared.
const STATEMENT_CACHE: usize = 400;
/// The schema, step by step.
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
    /// Opens the archive for reading and writing, creates it where there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// Where the file cannot be opened, is not an archive, or was made by a newer version.
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
            // What SQLite sets aside to undo a statement fits into memory, and needs no file of its own.
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

    /// Opens an existing archive for questions only; never writes to it.
    ///
    /// # Errors
    /// Where there is no such file or it is not an archive.
    pub async fn open_readers(path: &Path) -> Result<SqlitePool> {
        read::open_readers(path).await
    }

    /// Connections for questions; they never wait for the writer.
    #[must_use]
    pub fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Moves what the write-ahead log holds into the file itself and closes the writing connection.
    ///
    /// # Errors
    /// Where SQLite reports one on closing.
    pub async fn close(self) -> Result<()> {
        self.readers.close().await;
        if let Some(connection) = Arc::into_inner(self.connection) {
            connection.into_inner().into_inner().close().await?;
        }
        Ok(())
    }
}

/// The archive holds other people's data and signed links: only its owner may read a file that we create.
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
