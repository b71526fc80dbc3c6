//! Removes files whose rows are marked.

use std::path::PathBuf;

use super::folder::Folder;
use crate::store::Store;

/// Deletes the files that are marked, and then says so in their rows. If the process dies in between, repeating it goes on.
/// Returns their number.
///
/// # Errors
/// Returns what cannot be deleted or written.
pub async fn remove_marked(store: &Store, folder: &Folder) -> Result<u64, String> {
    let text = |why: crate::store::Error| why.to_string();
    let mut removed = 0;
    loop {
        let some = store.media_to_remove().await.map_err(text)?;
        if some.is_empty() {
            return Ok(removed);
        }
        for file in &some {
            let delete = |path: PathBuf| {
                let deleted = folder.delete(&path);
                deleted.map_err(|why| format!("{} cannot be deleted: {why}", path.display()))
            };
            delete(folder.part(file.id, &file.url_path))?;
            if let (Some(sha256), Some(extension)) = (&file.sha256, &file.extension)
                && !file.is_shared
                && let Some(place) = folder.file(sha256, extension)
            {
                delete(place)?;
            }
        }
        // A loss of power must not bring back what no row names any more.
        let synced = folder.sync_deleted();
        synced.map_err(|why| format!("{}: {why}", folder.path().display()))?;
        let ids: Vec<i64> = some.iter().map(|file| file.id).collect();
        store.removed_media(&ids).await.map_err(text)?;
        removed += some.len() as u64;
    }
}

/// Returns the parts that no row can continue: their rows went with an archive that was replaced by an older copy.
///
/// # Errors
/// Returns an error if the archive or the folder cannot be read.
pub async fn unknown_parts(store: &Store, folder: &Folder) -> Result<Vec<PathBuf>, String> {
    let parts = folder.parts();
    let parts = parts.map_err(|why| format!("{}: {why}", folder.path().display()))?;
    let mut unknown = Vec::new();
    for part in parts {
        let name = part.file_name().and_then(|name| name.to_str());
        let id = name.and_then(|name| name.split_once('-')?.0.parse().ok());
        let row = match id {
            Some(id) => store.media_address(id).await,
            None => Ok(None),
        };
        let row = row.map_err(|why| why.to_string())?;
        let known = id.zip(row).map(|(id, address)| folder.part(id, &address));
        // It may have become a whole file meanwhile.
        if known.as_ref() != Some(&part) && part.symlink_metadata().is_ok() {
            unknown.push(part);
        }
    }
    Ok(unknown)
}

/// Deletes the parts that no row can continue. The caller holds the turn of the folder.
///
/// # Errors
/// Returns what cannot be read or deleted.
pub async fn remove_unknown_parts(store: &Store, folder: &Folder) -> Result<(), String> {
    for part in unknown_parts(store, folder).await? {
        let deleted = folder.delete(&part);
        deleted.map_err(|why| format!("{} cannot be deleted: {why}", part.display()))?;
    }
    Ok(())
}
