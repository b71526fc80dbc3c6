//! The copy of an archive that is made before its schema changes. An older version of the program can read only the copy.

use std::path::{Path, PathBuf};

use sqlx::SqliteConnection;

use super::db::{Partial, copy, identity};
use super::{Error, Result, read};

/// Whether an archive of an older schema is copied before it is migrated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precaution {
    Copy,
    NoCopy,
}

/// Copies an archive with calls whose schema is older than that of this version. Returns the copy, or `None` if there is
/// nothing to protect. A copy of the same rows that is there already is not made again, so a start that is repeated does not
/// fill the disk.
///
/// # Errors
/// Returns `NotCopied`. Then the archive must not be migrated.
pub(in crate::store) async fn copy_before_migration(
    connection: &mut SqliteConnection,
    path: &Path,
) -> Result<Option<PathBuf>> {
    if !identity::is_older(connection).await? {
        return Ok(None);
    }
    if !has_calls(connection).await? {
        return Ok(None);
    }
    let copied = make(connection, path).await;
    copied.map(Some).map_err(|error| Error::NotCopied {
        path: path.display().to_string(),
        why: match error {
            Error::Uncopied { why, .. } => why,
            other => other.to_string(),
        },
    })
}

async fn has_calls(connection: &mut SqliteConnection) -> Result<bool> {
    // An archive whose creation was stopped may lack the table.
    let has_table: bool = sqlx::query_scalar(
        "select exists (select 1 from sqlite_schema where type = 'table' and name = 'calls')",
    )
    .fetch_one(&mut *connection)
    .await?;
    if !has_table {
        return Ok(false);
    }
    Ok(sqlx::query_scalar("select exists (select 1 from calls)")
        .fetch_one(connection)
        .await?)
}

async fn make(connection: &mut SqliteConnection, path: &Path) -> Result<PathBuf> {
    // Beside the file, also if a link led to it.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut own = None;
    let mut number = 1;
    let place = loop {
        let place = name(&path, number);
        if place.symlink_metadata().is_err() {
            break place;
        }
        // One that an earlier start made, or one of an older state: then another version went on with the archive.
        if own.is_none() {
            own = Some(copy::digest(connection).await?);
        }
        if copy::digest_of(&place).await.ok() == own {
            return Ok(place);
        }
        number += 1;
    };
    let needed = copy::bytes_needed(connection).await?;
    if let Some(free) = read::free_bytes(&place).filter(|free| *free < needed) {
        let why = format!(
            "the copy needs {}, and {} are free",
            copy::mb(needed),
            copy::mb(free)
        );
        return Err(Error::uncopied(&place, why));
    }
    let failed =
        |why: std::io::Error| Error::uncopied(&place, format!("{}: {why}", place.display()));
    let partial = Partial::beside(&place).map_err(failed)?;
    let options = read::options(&path).await?;
    copy::copy_and_check(options, &partial).await?;
    partial.move_to(&place).map_err(failed)?;
    Ok(place)
}

/// `sora.db.before-7.db`, then `sora.db.before-7-2.db`: the archive as it was before schema 7.
fn name(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".before-{}", identity::newest()));
    if number > 1 {
        name.push(format!("-{number}"));
    }
    name.push(".db");
    PathBuf::from(name)
}
