//! A folder that is filled out of sight. It is removed if it is dropped, and nobody else fills it meanwhile.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Tells a folder that an export left from one of somebody else.
const MARK: &str = ".soracrawl-export";

pub(super) struct Staging {
    path: PathBuf,
    /// Locked while the folder is in use. The system unlocks it when the process dies.
    folder: File,
    is_moved: bool,
}

impl Staging {
    /// Creates the folder. What an export left there that was killed is removed.
    ///
    /// # Errors
    /// Returns why it cannot be created, or that another export fills it.
    pub(super) fn begin(path: PathBuf) -> Result<Self, String> {
        match File::open(&path) {
            Ok(left) => {
                if left.try_lock().is_err() {
                    return Err("another export is writing there".to_owned());
                }
                let is_ours = path.join(MARK).exists();
                let is_empty = || fs::read_dir(&path).is_ok_and(|mut it| it.next().is_none());
                if !is_ours && !is_empty() {
                    let path = path.display();
                    return Err(format!(
                        "{path} is in the way. Move it, or name another folder"
                    ));
                }
                fs::remove_dir_all(&path).map_err(|error| error.to_string())?;
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error.to_string()),
        }
        let mut builder = fs::DirBuilder::new();
        let created = builder.mode(0o700).create(&path);
        let folder = created.and_then(|()| File::open(&path));
        let folder = folder.map_err(|error| error.to_string())?;
        if folder.try_lock().is_err() {
            return Err("another export is writing there".to_owned());
        }
        fs::write(path.join(MARK), "").map_err(|error| {
            let _ = fs::remove_dir_all(&path);
            error.to_string()
        })?;
        Ok(Self {
            path,
            folder,
            is_moved: false,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Moves what is in the folder into one that cannot be replaced, such as a mount.
    pub(super) fn move_into(self, place: &Path) -> std::io::Result<()> {
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if entry.file_name() != MARK {
                fs::rename(entry.path(), place.join(entry.file_name()))?;
            }
        }
        File::open(place)?.sync_all()
    }

    /// Moves the whole folder to its place, where no folder is, or an empty one.
    pub(super) fn move_to(mut self, place: &Path) -> std::io::Result<()> {
        self.folder.sync_all()?;
        fs::rename(&self.path, place)?;
        self.is_moved = true;
        fs::remove_file(place.join(MARK))?;
        // The files are safe; only the name could be lost with the power.
        let _ = sync_above(place);
        Ok(())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.is_moved {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Writes the name of a file or folder to the disk.
pub(super) fn sync_above(place: &Path) -> std::io::Result<()> {
    let above = match place.parent() {
        Some(above) if !above.as_os_str().is_empty() => above,
        _ => Path::new("."),
    };
    File::open(above)?.sync_all()
}
