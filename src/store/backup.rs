//! A backup: a copy of the archive in a file that appears when it is whole and proven, or not at all.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};

use super::db::{Partial, copy, folder_of, identity};
use super::read::{self, Snapshot};
use super::{Error, Result};

/// How often the size of the source's log is looked at.
const TICK: Duration = Duration::from_millis(100);

/// A finished backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    pub bytes: u64,
    /// Rows of all tables. Each is equal to that of the archive at the moment of the copy.
    pub rows: u64,
    /// The hash of the contents, as `verify` prints it; `None` for an archive of an older schema.
    pub contents: Option<String>,
    /// The largest size of the archive's write-ahead log meanwhile.
    pub log_bytes: u64,
}

/// Copies the archive into a new file. A daemon may write to the archive meanwhile: it is only read.
///
/// # Errors
/// Returns `CopyPlace` if no file can be made there, or an error if the archive cannot be read, the copy cannot be written
/// or is not the same. Then nothing is left behind.
pub async fn backup(archive: &Path, file: &Path) -> Result<Backup> {
    let options = read::options(archive).await?;
    // Names a file that is no archive.
    let mut connection = SqliteConnection::connect_with(&options).await?;
    identity::check(&mut connection, archive).await?;
    let needed = copy::bytes_needed(&mut connection).await?;
    connection.close().await?;
    check_place(archive, file)?;
    let refused = |why: std::io::Error| Error::CopyPlace {
        path: file.display().to_string(),
        why: why.to_string(),
    };
    if let Some(free) = read::free_bytes(file).filter(|free| *free < needed) {
        let why = format!(
            "{} are needed, and {} are free",
            copy::mb(needed),
            copy::mb(free)
        );
        return Err(Error::uncopied(file, why));
    }
    let partial = Partial::beside(file).map_err(refused)?;
    let filled = async {
        tokio::select! {
            filled = fill(options, &partial) => filled,
            () = partial.keep_flushed() => unreachable!("it never ends"),
        }
    };
    let (made, log_bytes) = with_log(archive, filled).await;
    let (rows, contents) = made.map_err(|error| error.about_copy(file))?;
    let bytes = std::fs::metadata(partial.path()).map_err(refused)?.len();
    partial
        .move_to(file)
        .map_err(|why| Error::uncopied(file, why.to_string()))?;
    Ok(Backup {
        bytes,
        rows,
        contents,
        log_bytes,
    })
}

/// Fills the copy and checks it. Returns the number of its rows, and the hash of its contents.
async fn fill(archive: SqliteConnectOptions, copy: &Partial) -> Result<(u64, Option<String>)> {
    let rows = copy::copy_and_check(archive, copy).await?.rows;
    let mut snapshot = Snapshot::open(copy.path()).await?;
    let contents = match snapshot.is_current().await? {
        true => Some(snapshot.contents().await?),
        false => None,
    };
    snapshot.close().await;
    Ok((rows, contents))
}

/// Returns the result of some work, and the largest size of the archive's log meanwhile.
async fn with_log<T>(archive: &Path, work: impl Future<Output = T>) -> (T, u64) {
    let mut largest = 0;
    tokio::pin!(work);
    loop {
        tokio::select! {
            result = &mut work => return (result, largest),
            () = tokio::time::sleep(TICK) => {
                largest = largest.max(read::log_bytes(archive).unwrap_or(0));
            }
        }
    }
}

/// Checks that a new file can be made at the place of a copy.
fn check_place(archive: &Path, file: &Path) -> Result<()> {
    let refused = |why: &str| {
        Err(Error::CopyPlace {
            path: file.display().to_string(),
            why: why.to_owned(),
        })
    };
    if file.to_str().is_none() || file.file_name().is_none() {
        return refused("this is no name of a file. Name a new file");
    }
    let same = |one: &Path, other: &Path| {
        let real = |path: &Path| path.canonicalize().ok();
        real(one).is_some() && real(one) == real(other)
    };
    match file.symlink_metadata() {
        Ok(_) if same(archive, file) => refused("this is the archive itself. Name a new file"),
        Ok(found) if found.is_dir() => refused("this is a folder. Name a new file in it"),
        Ok(found) if found.is_symlink() => refused(
            "this is a symbolic link, and a backup replaces nothing. Remove it, or name a new file",
        ),
        Ok(_) => refused(
            "the file exists already, and a backup replaces nothing. Remove it, or name a new file",
        ),
        Err(_) if !folder_of(file).is_dir() => {
            refused("there is no such folder. Create it, or name another one")
        }
        Err(_) => Ok(()),
    }
}
