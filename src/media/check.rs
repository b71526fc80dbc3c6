//! Compares all files with their rows.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use sqlx::SqlitePool;

use super::finish::contents;
use super::folder::Folder;
use crate::store::read::{StoredFile, stored_media};

/// Rows that are read at once.
const ROWS: u32 = 1_000;

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
                continue;
            };
            if known.insert(place.clone()) {
                one(&mut checked, &row, place).await;
                progress(checked.files);
            }
        }
    }
    let unknown = sizes.into_keys().filter(|path| !known.contains(path));
    checked.unknown = unknown.map(|path| path.display().to_string()).collect();
    checked.unknown.sort();
    Ok(checked)
}

async fn one(checked: &mut Checked, row: &StoredFile, place: PathBuf) {
    let name = format!("{} ({})", place.display(), row.url_path);
    let read = tokio::task::spawn_blocking(move || contents(&place)).await;
    match read {
        Ok(Ok(contents)) => {
            checked.files += 1;
            checked.bytes += contents.bytes;
            let is_same =
                contents.sha256 == row.sha256 && i64::try_from(contents.bytes) == Ok(row.bytes);
            if !is_same {
                checked.changed.push(name);
            }
        }
        Ok(Err(why)) if why.kind() == std::io::ErrorKind::NotFound => checked.missing.push(name),
        Ok(Err(why)) => checked.changed.push(format!("{name}: {why}")),
        Err(why) => checked.changed.push(format!("{name}: {why}")),
    }
}
