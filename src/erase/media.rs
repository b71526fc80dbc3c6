//! The files of videos of erased people.

use crate::media::{Folder, remove_marked, remove_unknown_parts, unknown_parts};
use crate::store::Store;

/// Removes the files that are marked, and those that no video refers to: a video had them under an earlier address. Returns false if another process fetches files: it removes them at its end.
pub(super) async fn remove(store: &Store, folder: &Folder) -> Result<bool, String> {
    let orphaned = store.mark_orphaned_media().await;
    orphaned.map_err(|why| why.to_string())?;
    let marked = store.media_to_remove().await;
    let marked = marked.map_err(|why| why.to_string())?;
    if marked.is_empty() && unknown_parts(store, folder).await?.is_empty() {
        return Ok(true);
    }
    match folder.take() {
        Ok(_turn) => {
            remove_marked(store, folder).await?;
            remove_unknown_parts(store, folder).await?;
            Ok(true)
        }
        Err(why) if why.kind() == std::io::ErrorKind::WouldBlock => Ok(false),
        Err(why) => Err(format!("{}: {why}", folder.path().display())),
    }
}
