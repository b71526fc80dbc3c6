//! A snapshot of an archive: a read-only connection inside a transaction.

use std::path::{Path, PathBuf};

use sqlx::{Connection, SqliteConnection};

use super::canonical;
use crate::store::db::{Partial, copy, identity};
use crate::store::{Error, Result};

/// Rows that SQLite reads ahead of the reader. Fewer cost a switch of threads more often.
const ROWS_AHEAD: usize = 512;

/// An archive at one moment, independent of later writes by other processes.
pub struct Snapshot {
    connection: SqliteConnection,
    /// Exported rows are in the order of the temporary table `pseudonyms`.
    pub(super) has_pseudonyms: bool,
}

impl Snapshot {
    /// Opens an existing archive read-only.
    ///
    /// # Errors
    /// Returns an error if there is no such file.
    pub async fn open(path: &Path) -> Result<Self> {
        let options = super::options(path)
            .await?
            .pragma("cache_size", "-16000")
            .row_buffer_size(ROWS_AHEAD);
        let mut connection = SqliteConnection::connect_with(&options).await?;
        // The snapshot is taken by the first query.
        sqlx::query("begin").execute(&mut connection).await?;
        Ok(Self {
            connection,
            has_pseudonyms: false,
        })
    }

    /// Opens an archive of this version read-only.
    ///
    /// # Errors
    /// Returns an error if there is no such file, or if it is not an archive of this version.
    pub async fn open_current(path: &Path) -> Result<Self> {
        // Names a file that is no archive, which a snapshot calls damaged.
        super::open_readers(path).await?.close().await;
        let mut snapshot = Self::open(path).await?;
        identity::check_current(&mut snapshot.connection, path).await?;
        Ok(snapshot)
    }

    /// Returns whether the archive has the schema of this version.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn is_current(&mut self) -> Result<bool> {
        identity::is_current(&mut self.connection).await
    }

    /// The read-only connection, inside its transaction.
    pub fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    /// A digest of the archive's contents: equal for any two complete crawls of the same simulated world.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn contents(&mut self) -> Result<String> {
        canonical::canonical_hash(&mut self.connection).await
    }

    /// Returns whether a run has started and not ended: a running daemon, or one that died.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn has_unfinished_run(&mut self) -> Result<bool> {
        Ok(sqlx::query_scalar(
            "select exists (select 1 from runs where kind = 'run' and ended_at is null)",
        )
        .fetch_one(&mut self.connection)
        .await?)
    }

    /// Closes the file.
    pub async fn close(self) {
        // The connection was read-only, so nothing can be lost.
        let _ = self.connection.close().await;
    }
}

/// A copy of an archive at one moment, in a folder that no other process uses. It is removed when it is dropped.
pub struct TemporaryCopy(Partial);

impl TemporaryCopy {
    /// Copies an archive. Its log can only grow until the copy is made.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read, or the copy cannot be written.
    pub async fn of(archive: &Path, copy: PathBuf) -> Result<Self> {
        let failed = |why: std::io::Error| Error::uncopied(&copy, why.to_string());
        let partial = Partial::alone(copy.clone()).map_err(failed)?;
        let options = super::options(archive).await?;
        let mut connection = SqliteConnection::connect_with(&options).await?;
        copy::vacuum_into(&mut connection, partial.path()).await?;
        connection.close().await?;
        Ok(Self(partial))
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}
