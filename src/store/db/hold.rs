//! An archive that no other process writes to, until another file takes its place.
//!
//! A process that has the archive open also has its write-ahead log open, by name. If another file came under the archive's name
//! then, its log would be that of the old file. So the archive is replaced only while no other process has it open.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use super::Partial;
use crate::store::{BUSY_TIMEOUT, Error, Result};

/// The first bytes of a file that SQLite refuses (sqlite.org/fileformat2.html, 1.3).
const NO_DATABASE: [u8; 16] = [0; 16];

/// The right to write to an archive. It ends when this is dropped.
pub(in crate::store) struct Hold {
    connection: SqliteConnection,
    /// The archive's own name, also if a link led to it.
    path: PathBuf,
    /// Closing it would release SQLite's locks on the file, so it stays open as long as the connection.
    file: File,
    version: i64,
    /// The archive has no write-ahead log any more.
    has_left_log: bool,
}

impl Hold {
    /// Keeps all others from writing to an archive. They may read it.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be opened, or if another process writes to it.
    pub(in crate::store) async fn take(archive: &Path) -> Result<Self> {
        let failed = |why: std::io::Error| Error::Io {
            path: archive.display().to_string(),
            why,
        };
        let path = archive.canonicalize().map_err(failed)?;
        let file = OpenOptions::new().write(true).open(&path).map_err(failed)?;
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .busy_timeout(BUSY_TIMEOUT)
            .disable_statement_logging();
        let mut connection = SqliteConnection::connect_with(&options)
            .await
            .map_err(|error| Error::opening(archive, &error))?;
        sqlx::query("begin immediate")
            .execute(&mut connection)
            .await?;
        let version = version(&mut connection).await?;
        Ok(Self {
            connection,
            path,
            file,
            version,
            has_left_log: false,
        })
    }

    pub(in crate::store) fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps all others from reading too, if no other process has the archive open. Returns whether that is so.
    ///
    /// # Errors
    /// Returns `Changed` if another process wrote in a moment in between.
    pub(in crate::store) async fn exclude_readers(&mut self) -> Result<bool> {
        sqlx::query("rollback")
            .execute(&mut self.connection)
            .await?;
        // SQLite leaves this mode only while no other connection is open.
        let left = sqlx::query("pragma journal_mode = delete")
            .execute(&mut self.connection)
            .await;
        self.has_left_log |= left.is_ok();
        let is_alone = left.is_ok()
            && sqlx::query("begin exclusive")
                .execute(&mut self.connection)
                .await
                .is_ok();
        if !is_alone {
            sqlx::query("begin immediate")
                .execute(&mut self.connection)
                .await?;
        }
        if version(&mut self.connection).await? != self.version {
            return Err(Error::Changed {
                path: self.path.display().to_string(),
            });
        }
        Ok(is_alone)
    }

    /// Puts a finished file in the archive's place. No other process may have the archive open.
    ///
    /// # Errors
    /// Returns why it cannot be done. The archive is unchanged then.
    pub(in crate::store) async fn replace_by(self, finished: Partial) -> Result<()> {
        let failed = |why: std::io::Error| Error::Io {
            path: self.path.display().to_string(),
            why,
        };
        finished.replace(&self.path).map_err(failed)?;
        // A process that opened the old file a moment ago waits for its lock. It must not take it for the archive.
        // It has no other name, so nothing is lost.
        if self.file.metadata().is_ok_and(|old| old.nlink() == 0) {
            let _ = self.file.write_all_at(&NO_DATABASE, 0);
        }
        // An error of closing is about a file that has no name any more.
        let _ = self.connection.close().await;
        Ok(())
    }

    /// Lets others write again.
    pub(in crate::store) async fn release(mut self) {
        // An error shows at the next start.
        let _ = sqlx::query("rollback").execute(&mut self.connection).await;
        if self.has_left_log {
            let _ = sqlx::query("pragma journal_mode = wal")
                .execute(&mut self.connection)
                .await;
        }
        let _ = self.connection.close().await;
    }
}

/// Returns a number that differs after another connection has written.
async fn version(connection: &mut SqliteConnection) -> Result<i64> {
    Ok(sqlx::query_scalar("pragma data_version")
        .fetch_one(connection)
        .await?)
}
