//! The files of videos of erased people.

use crate::media::{Folder, remove_marked};
use crate::store::Store;

/// Removes the files that are marked. Returns false if another process fetches files: it removes them at its end.
pub(super) async fn remove(store: &Store, folder: &Folder) -> Result<bool, String> {
    let marked = store.media_to_remove().await;
    if marked.map_err(|why| why.to_string())?.is_empty() {
        return Ok(true);
    }
    match folder.take() {
        Ok(_turn) => remove_marked(store, folder).await.map(|_| true),
        Err(why) if why.kind() == std::io::ErrorKind::WouldBlock => Ok(false),
        Err(why) => Err(format!("{}: {why}", folder.path().display())),
    }
}
