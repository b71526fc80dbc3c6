//! People removed from everything an archive holds.
//!
//! Each step can be repeated: after a process died, the next one begins again and ends with the same archive. The request
//! is written before anything is destroyed. What is searched for is in the table `erasing` until the end.

mod dictionaries;
mod finish;
mod key;
mod media;
mod names;
mod progress;
mod replies;
mod steps;
mod survey;
mod texts;
mod turn;

pub use finish::backups_beside;
pub use key::{KeyFile, path_of};
pub use names::{Named, Unresolved, resolve};
pub use progress::{Daemon, Done, Progress};
pub use steps::Erasing;
pub use survey::{Planned, plan};
pub use turn::Turn;

use std::collections::HashSet;
use std::path::Path;

use sqlx::SqlitePool;

use crate::replies::People;
use crate::store::{Store, read};

/// Returns the users of a restored archive who are to be erased again: those whom the key file names.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn again(store: &Store, key: &KeyFile) -> Result<Vec<String>, String> {
    names::named_by_key(store, key).await
}

/// Returns whether the key file names people whose erasure the archive does not know.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn is_restored(store: &Store, key: &KeyFile) -> Result<bool, String> {
    let erasures = store.erasures().await.map_err(|why| why.to_string())?;
    Ok(is_older(&erasures, key))
}

fn is_older(erasures: &[([u8; 32], bool)], key: &KeyFile) -> bool {
    let known: HashSet<[u8; 32]> = erasures.iter().map(|(hash, _)| *hash).collect();
    key.people.iter().any(|hash| !known.contains(hash))
}

/// Returns the erased people of an archive, for a process that writes replies to it.
///
/// # Errors
/// Returns why no reply may be written: the key is missing, or people of the key file are still in the archive.
pub async fn people_of(store: &Store) -> Result<People, String> {
    people_in(store.path(), Some(store.readers())).await
}

/// Returns the erased people of an archive like [`people_of`], also of one that does not exist yet.
///
/// # Errors
/// See [`people_of`].
pub async fn people_in(path: &Path, readers: Option<&SqlitePool>) -> Result<People, String> {
    let (mut erasures, mut hashes) = (Vec::new(), HashSet::new());
    if let Some(readers) = readers {
        let failed = |why: crate::store::Error| why.to_string();
        erasures = read::erasures(readers).await.map_err(failed)?;
        hashes = read::erased_hashes(readers).await.map_err(failed)?;
    }
    let Some(file) = KeyFile::read(path)? else {
        return match erasures.is_empty() {
            true => Ok(People::default()),
            false => Err(format!(
                "people were erased from this archive, and their key {} is missing: without it they would come back. \
                 Put the key file beside the archive",
                path_of(path).display()
            )),
        };
    };
    if is_older(&erasures, &file) {
        return Err(
            "this archive is older than an erasure: it is a restored copy. Run `soracrawl erase --again` first"
                .to_owned(),
        );
    }
    Ok(People::hashed(file.key, hashes))
}
