//! Compares all files with their rows.

use std::collections::{HashMap, HashSet};
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use sqlx::SqlitePool;

use super::finish::contents;
use super::folder::Folder;
use crate::store::DamagedMedia;
use crate::store::read::{StoredFile, named_media, stored_media};

/// Rows that are read at once.
const ROWS: u32 = 1_000;

const MISSING: &str = "its file was missing";
const CHANGED: &str = "its file was damaged";

/// What differs between the rows and the folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Checked {
    pub files: u64,
    pub bytes: u64,
    /// Files of which a row says that they are stored.
    pub missing: Vec<String>,
    /// Files with other contents than their row says.
    pub changed: Vec<String>,
    /// Files that no row knows.
    pub unknown: Vec<String>,
    /// The missing and changed files, each with what its row says when it is wanted again.
    #[serde(skip)]
    pub damaged: Vec<(DamagedMedia, &'static str)>,
}

impl Checked {
    /// Returns whether every file is as its row says, and every file has a row.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.missing.is_empty() && self.changed.is_empty() && self.unknown.is_empty()
    }
}

/// Reads all files of an archive and compares their hashes with the rows. Calls `progress` with the number of files so far.
///
/// # Errors
/// Returns an error if the archive or the folder cannot be read. A file that cannot be read counts as changed.
pub async fn check(
    readers: &SqlitePool,
    folder: &Folder,
    mut progress: impl FnMut(u64),
) -> Result<Checked, String> {
    let mut checked = Checked::default();
    // First the folder: what is stored from now on has a row that is read later.
    let listing = folder.clone();
    let found = tokio::task::spawn_blocking(move || listing.files()).await;
    let found = found.map_err(|why| why.to_string())?;
    let found = found.map_err(|why| format!("{}: {why}", folder.path().display()))?;
    let sizes: HashMap<PathBuf, u64> = found.into_iter().collect();
    // Before the stored ones: a file that is stored meanwhile is among these or among those.
    let named = named(readers, folder).await?;
    let mut known: HashSet<PathBuf> = HashSet::new();
    let mut after = 0;
    loop {
        let rows = stored_media(readers, after, ROWS).await;
        let rows = rows.map_err(|why| why.to_string())?;
        let Some(last) = rows.last() else {
            break;
        };
        after = last.id;
        for row in rows {
            let Some(place) = folder.file(&row.sha256, &row.extension) else {
                let what = format!("file {} ({}): its row names no file", row.id, row.url_path);
                checked.changed.push(what);
                checked.damaged.push((damaged(&row), CHANGED));
                continue;
            };
            if known.insert(place.clone()) {
                one(&mut checked, folder, &row, place).await;
                progress(checked.files);
            }
        }
    }
    let unknown = sizes
        .into_keys()
        .filter(|path| !known.contains(path) && !named.contains(path));
    checked.unknown = unknown.map(|path| path.display().to_string()).collect();
    checked.unknown.sort();
    Ok(checked)
}

/// Returns the places of files that are being stored, replaced or removed.
async fn named(readers: &SqlitePool, folder: &Folder) -> Result<HashSet<PathBuf>, String> {
    let (mut places, mut after) = (HashSet::new(), 0);
    loop {
        let rows = named_media(readers, after, ROWS).await;
        let rows = rows.map_err(|why| why.to_string())?;
        let Some(last) = rows.last() else {
            return Ok(places);
        };
        after = last.id;
        let some = rows.iter();
        places.extend(some.filter_map(|row| folder.file(&row.sha256, &row.extension)));
    }
}

async fn one(checked: &mut Checked, folder: &Folder, row: &StoredFile, place: PathBuf) {
    let name = format!("{} ({})", place.display(), row.url_path);
    let folder = folder.clone();
    let read = tokio::task::spawn_blocking(move || contents(folder.open(&place)?)).await;
    let read = read.unwrap_or_else(|why| Err(io::Error::other(why)));
    match read {
        Ok(contents) => {
            checked.files += 1;
            checked.bytes += contents.bytes;
            let is_same =
                contents.sha256 == row.sha256 && i64::try_from(contents.bytes) == Ok(row.bytes);
            if is_same {
                return;
            }
            checked.changed.push(name);
            checked.damaged.push((damaged(row), CHANGED));
        }
        Err(why) if why.kind() == ErrorKind::NotFound => {
            checked.missing.push(name);
            checked.damaged.push((damaged(row), MISSING));
        }
        Err(why) => {
            checked.changed.push(format!("{name}: {why}"));
            // Another user may be able to read it.
            if why.kind() != ErrorKind::PermissionDenied {
                checked.damaged.push((damaged(row), CHANGED));
            }
        }
    }
}

fn damaged(row: &StoredFile) -> DamagedMedia {
    DamagedMedia {
        sha256: row.sha256.clone(),
        extension: row.extension.clone(),
    }
}
