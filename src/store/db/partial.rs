//! A file that is being made beside its place. It is removed unless it is moved there.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::mounts::network_file_system;

/// What the name of an unfinished file ends with. It tells a file that a killed process left from one of somebody else.
const ENDING: &str = ".soracrawl-partial";
/// The files that SQLite may leave beside a database.
const BESIDE: [&str; 3] = ["-journal", "-wal", "-shm"];

/// How often an unfinished file is written to the disk.
const FLUSH: Duration = Duration::from_millis(50);

/// An empty file that only its owner can read, removed when it is dropped.
pub(in crate::store) struct Partial {
    path: PathBuf,
    /// Locked while the file is being made. The system unlocks it when the process dies.
    ///
    /// Closing it releases SQLite's locks on the file, so it stays open as long as this value.
    file: Arc<File>,
    is_moved: bool,
}

impl Partial {
    /// Creates the file beside its place, and removes one that a killed process left there.
    ///
    /// # Errors
    /// Returns why it cannot be created, or that another process makes it.
    pub(in crate::store) fn beside(place: &Path) -> Result<Self> {
        let path = with_ending(place, ENDING);
        if let Ok(metadata) = path.symlink_metadata() {
            if !metadata.is_file() {
                let why = format!("{} is in the way", path.display());
                return Err(Error::new(ErrorKind::AlreadyExists, why));
            }
            let left = OpenOptions::new().write(true).open(&path)?;
            lock(&left, place)?;
            remove(&path);
        }
        Self::create(path, Some(place))
    }

    /// Creates the file under its own name, in a folder that no other process uses.
    ///
    /// # Errors
    /// Returns why it cannot be created.
    pub(in crate::store) fn alone(path: PathBuf) -> Result<Self> {
        Self::create(path, None)
    }

    fn create(path: PathBuf, place: Option<&Path>) -> Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let made = Self {
            file: Arc::new(options.open(&path)?),
            path,
            is_moved: false,
        };
        if let Some(place) = place {
            lock(&made.file, place)?;
        }
        Ok(made)
    }

    pub(in crate::store) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes to the disk what the file has now, again and again. Otherwise the system writes the whole file at its end, and
    /// meanwhile the pages of a crawl wait for the same disk.
    pub(in crate::store) async fn keep_flushed(&self) {
        loop {
            tokio::time::sleep(FLUSH).await;
            let file = self.file.clone();
            // An error shows when the file is finished.
            let _ = tokio::task::spawn_blocking(move || file.sync_data()).await;
        }
    }

    /// Writes the file to the disk and moves it to its place, where nothing may be.
    ///
    /// # Errors
    /// Returns why it cannot be written or moved.
    pub(in crate::store) fn move_to(mut self, place: &Path) -> Result<()> {
        self.file.sync_all()?;
        if self.path.metadata()?.ino() != self.file.metadata()?.ino() {
            let why = "another process has replaced the unfinished file";
            return Err(Error::new(ErrorKind::ResourceBusy, why));
        }
        match renameat_with(CWD, &self.path, CWD, place, RenameFlags::NOREPLACE) {
            Ok(()) => {}
            // Not every file system can refuse to replace a file.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
                if place.symlink_metadata().is_ok() {
                    return Err(Error::from(ErrorKind::AlreadyExists));
                }
                std::fs::rename(&self.path, place)?;
            }
            Err(error) => return Err(error.into()),
        }
        self.is_moved = true;
        File::open(folder_of(place))?.sync_all()
    }
}

impl Partial {
    /// Writes the file to the disk and puts it in the place of another one, with the same owner and permissions. No process
    /// ever sees a part of either.
    ///
    /// # Errors
    /// Returns why it cannot be written or moved. The other file is unchanged then.
    pub(in crate::store) fn replace(mut self, place: &Path) -> Result<()> {
        let (old, new) = (place.metadata()?, self.file.metadata()?);
        if (old.uid(), old.gid()) != (new.uid(), new.gid()) {
            chown(&self.path, Some(old.uid()), Some(old.gid()))?;
        }
        self.file.set_permissions(old.permissions())?;
        self.file.sync_all()?;
        if self.path.metadata()?.ino() != new.ino() {
            let why = "another process has replaced the unfinished file";
            return Err(Error::new(ErrorKind::ResourceBusy, why));
        }
        std::fs::rename(&self.path, place)?;
        self.is_moved = true;
        File::open(folder_of(place))?.sync_all()
    }

    /// Removes what a killed process left beside a place, unless another process makes it now.
    pub(in crate::store) fn clear(place: &Path) {
        let path = with_ending(place, ENDING);
        let is_file = path
            .symlink_metadata()
            .is_ok_and(|metadata| metadata.is_file());
        // On a network, nobody can tell whether the file is in use.
        if !is_file || network_file_system(place).is_some() {
            return;
        }
        if let Ok(left) = OpenOptions::new().write(true).open(&path)
            && lock(&left, place).is_ok()
        {
            remove(&path);
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.is_moved {
            remove(&self.path);
        }
    }
}

/// Returns the folder of a file, as the system takes it.
pub(in crate::store) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn remove(path: &Path) {
    for ending in BESIDE {
        let _ = std::fs::remove_file(with_ending(path, ending));
    }
    let _ = std::fs::remove_file(path);
}

fn lock(file: &File, place: &Path) -> Result<()> {
    // There, this lock is one of the same kind as SQLite's, and would keep SQLite from the file.
    if network_file_system(place).is_some() {
        return Ok(());
    }
    file.try_lock().map_err(|_| {
        let why = "another process is writing this file now";
        Error::new(ErrorKind::ResourceBusy, why)
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::Partial;

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = names
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn an_unfinished_file_disappears_and_a_finished_one_replaces_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("b.db");
        let partial = Partial::beside(&place).unwrap();
        let mode = partial.path().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(Partial::beside(&place).is_err(), "two at once");
        fs::write(partial.path(), "1").unwrap();
        fs::write(folder.path().join("b.db.soracrawl-partial-journal"), "1").unwrap();
        drop(partial);
        assert_eq!(names(folder.path()), [""; 0]);

        let partial = Partial::beside(&place).unwrap();
        fs::write(partial.path(), "1").unwrap();
        partial.move_to(&place).unwrap();
        let partial = Partial::beside(&place).unwrap();
        fs::write(partial.path(), "2").unwrap();
        let refused = partial.move_to(&place).unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::AlreadyExists);
        assert_eq!(names(folder.path()), ["b.db"]);
        assert_eq!(fs::read_to_string(&place).unwrap(), "1");
    }

    #[test]
    fn what_a_killed_process_left_is_replaced_and_what_somebody_else_put_there_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("b.db");
        let left = folder.path().join("b.db.soracrawl-partial");
        fs::write(&left, "half a copy").unwrap();
        let partial = Partial::beside(&place).unwrap();
        assert_eq!(partial.path().metadata().unwrap().len(), 0);
        drop(partial);
        fs::create_dir(&left).unwrap();
        assert!(Partial::beside(&place).is_err());
        fs::remove_dir(&left).unwrap();
        fs::write(folder.path().join("mine"), "1").unwrap();
        std::os::unix::fs::symlink(folder.path().join("mine"), &left).unwrap();
        assert!(Partial::beside(&place).is_err());
        assert_eq!(names(folder.path()), ["b.db.soracrawl-partial", "mine"]);
    }
}
