//! A temporary copy of an archive, made in one go.

use std::path::{Path, PathBuf};

use super::Error;
use super::output::Output;
use crate::store::read::Snapshot;

/// A copy that is removed when it is dropped.
pub(super) struct Copy {
    path: PathBuf,
}

impl Copy {
    /// Copies an archive into a folder. The archive's log can only grow until the copy is made.
    pub(super) async fn of(archive: &Path, folder: &Path) -> Result<Self, Error> {
        let copy = Self {
            path: folder.join("copy.db"),
        };
        // SQLite writes into an empty file, which keeps its mode.
        Output::create(&copy.path, copy.path.display().to_string())?.finish()?;
        Snapshot::copy(archive, &copy.path).await?;
        Ok(copy)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        for ending in ["", "-wal", "-shm"] {
            let mut name = self.path.clone().into_os_string();
            name.push(ending);
            // What is left goes with the folder, if the export fails.
            let _ = std::fs::remove_file(name);
        }
    }
}
