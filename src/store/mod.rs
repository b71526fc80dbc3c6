//! The archive: one SQLite file, and the only SQL of the crate.
//!
//! One connection writes, many read. What must be written together is one transaction: `page` is the one that
//! keeps a page. Whatever waits for the writer at the same moment shares a transaction (`writer`), so that an
//! fsync is paid once for all of them.

mod archive;
pub mod canonical;
pub mod compare;
mod dictionaries;
mod error;
mod ledger;
mod lock;
mod mounts;
mod page;
mod queue;
pub mod replay;
pub mod report;
mod rows;
mod runs;
mod seeds;
mod transaction;
mod upsert;
pub mod verify;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::sync::Mutex;

pub use dictionaries::Dictionary;
pub use error::{Error, Scope, Spent};
pub use ledger::{Budget, OpenCall, Outcome, Settlement};
pub use lock::{Held, Lock};
pub use mounts::network_file_system;
pub use page::{Next, PageCommit};
pub use queue::{CallOf, Failure, LeaseRequest, Leased, Requeue, Retry};
pub use runs::{Run, RunKind};
pub use seeds::{Seed, SeedKind, Seeded};
pub use writer::Writer;

/// How long a statement waits for another process's transaction before it reports that the file is busy.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Multi-row statements come in a few sizes for each table; all of them stay prepared.
const STATEMENT_CACHE: usize = 400;
const READERS: u32 = 4;
/// The schema, step by step.
static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

pub type Result<T> = std::result::Result<T, Error>;

/// An open archive.
#[derive(Clone)]
pub struct Store {
    connection: Arc<Mutex<transaction::Writing>>,
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
        MIGRATIONS
            .run(&mut connection)
            .await
            .map_err(|error| Error::migrating(path, &error))?;
        Ok(Self {
            connection: Arc::new(Mutex::new(transaction::Writing::new(connection))),
            readers: open_readers(path).await?,
            path: Arc::new(path.to_owned()),
        })
    }

    /// Opens an existing archive for questions only; never writes to it.
    ///
    /// # Errors
    /// Where there is no such file or it is not an archive.
    pub async fn open_readers(path: &Path) -> Result<SqlitePool> {
        open_readers(path).await
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

/// Questions make no archive.
fn must_exist(path: &Path) -> Result<()> {
    let Err(why) = std::fs::metadata(path) else {
        return Ok(());
    };
    let path = path.display().to_string();
    Err(match why.kind() {
        std::io::ErrorKind::NotFound => Error::Missing { path },
        _ => Error::Io { path, why },
    })
}

async fn open_readers(path: &Path) -> Result<SqlitePool> {
    must_exist(path)?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging();
    let unopened = |error| Error::opening(path, &error);
    let pool = SqlitePoolOptions::new()
        .max_connections(READERS)
        .min_connections(0)
        .connect_with(options)
        .await
        .map_err(unopened)?;
    // Only the first look at its pages shows whether it is a database.
    sqlx::query("pragma schema_version")
        .execute(&pool)
        .await
        .map_err(unopened)?;
    Ok(pool)
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
