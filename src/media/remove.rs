//! Removes files whose rows are marked.

use std::path::Path;
use std::{fs, io};

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
            delete(&folder.part(file.id, &file.url_path))?;
            if let (Some(sha256), Some(extension)) = (&file.sha256, &file.extension)
                && !file.is_shared
                && let Some(place) = folder.file(sha256, extension)
            {
                delete(&place)?;
            }
        }
        let ids: Vec<i64> = some.iter().map(|file| file.id).collect();
        store.removed_media(&ids).await.map_err(text)?;
        removed += some.len() as u64;
    }
}

/// Deletes a file that may be gone already.
fn delete(path: &Path) -> Result<(), String> {
    match fs::remove_file(path) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => {
            Err(format!("{} cannot be deleted: {why}", path.display()))
        }
        _ => Ok(()),
    }
}
