//! Where the archive lies: its path and the files behind it. An archive is the file, not the path.

use std::path::{Path, PathBuf};

use crate::store::{Error, Result};

/// The identity of a file: device and inode.
type FileId = (u64, u64);

/// The path of an open archive, and the files that it led to when the process opened them.
#[derive(Debug)]
pub(in crate::store) struct Place {
    path: PathBuf,
    file: FileId,
    /// SQLite's write-ahead log, which is a part of the archive while a process has it open.
    log: Option<FileId>,
}

impl Place {
    /// Returns the files behind the path.
    ///
    /// # Errors
    /// Returns an error if there is no file.
    pub(in crate::store) fn of(path: &Path) -> Result<Self> {
        Ok(Self {
            file: id(path).ok_or_else(|| gone(path, "it was removed or moved"))?,
            log: id(&log_of(path)),
            path: path.to_owned(),
        })
    }

    /// Checks that the path still leads to the same files. It costs two `stat` calls.
    ///
    /// # Errors
    /// Returns `Gone` if a file was removed, moved or replaced.
    pub(in crate::store) fn check(&self) -> Result<()> {
        match id(&self.path) {
            Some(file) if file == self.file => {}
            Some(_) => return Err(gone(&self.path, "another file has taken its place")),
            None => return Err(gone(&self.path, "it was removed or moved")),
        }
        if self.log.is_some() && id(&log_of(&self.path)) != self.log {
            return Err(gone(&self.path, "its -wal file was removed or replaced"));
        }
        Ok(())
    }
}

fn gone(path: &Path, why: &str) -> Error {
    Error::Gone {
        path: path.display().to_string(),
        why: why.to_owned(),
    }
}

fn log_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    PathBuf::from(name)
}

#[cfg(unix)]
fn id(path: &Path) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn id(path: &Path) -> Option<FileId> {
    path.exists().then_some((0, 0))
}

/// Refuses a path that SQLite would not take as the name of a file.
///
/// # Errors
/// Returns `NotAFile`.
pub(in crate::store) fn check_is_file_name(path: &Path) -> Result<()> {
    let text = path.to_string_lossy();
    let is_file = !text.is_empty() && !text.starts_with(':') && !text.starts_with("file:");
    if is_file && path.to_str().is_some() {
        return Ok(());
    }
    Err(Error::NotAFile {
        path: text.into_owned(),
    })
}

/// Refuses what [`check_is_file_name`] refuses, and a file with a second hard link: SQLite keeps a log for each name, so
/// what one name wrote last would be lost under the other.
///
/// # Errors
/// Returns `NotAFile` or `Linked`.
pub(in crate::store) fn check_name(path: &Path) -> Result<()> {
    check_is_file_name(path)?;
    let text = path.to_string_lossy();
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.nlink() > 1)
        {
            return Err(Error::Linked {
                path: text.into_owned(),
            });
        }
    }
    Ok(())
}

/// Creates a missing archive with its folder. It holds personal data and signed links, so only its owner can read it.
///
/// # Errors
/// Returns an error if the file cannot be created.
pub(in crate::store) fn create_private(path: &Path) -> Result<()> {
    let io = |why| Error::Io {
        path: path.display().to_string(),
        why,
    };
    if path.is_dir() {
        return Err(io(std::io::ErrorKind::IsADirectory.into()));
    }
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder).map_err(io)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(io(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Place, check_name};
    use crate::store::Error;

    #[test]
    fn a_removed_moved_or_replaced_file_is_noticed() {
        for damage in ["remove", "move", "replace", "remove the log"] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("a.db");
            let log = folder.path().join("a.db-wal");
            std::fs::write(&path, "1").unwrap();
            std::fs::write(&log, "1").unwrap();
            let place = Place::of(&path).unwrap();
            assert!(place.check().is_ok());
            let other = folder.path().join("other");
            match damage {
                "remove" => std::fs::remove_file(&path).unwrap(),
                "move" => std::fs::rename(&path, &other).unwrap(),
                "replace" => {
                    std::fs::write(&other, "1").unwrap();
                    std::fs::rename(&other, &path).unwrap();
                }
                _ => std::fs::remove_file(&log).unwrap(),
            }
            assert!(matches!(place.check(), Err(Error::Gone { .. })), "{damage}");
        }
    }

    #[test]
    fn a_name_that_is_no_file_or_one_of_two_links_is_refused() {
        for name in [":memory:", "file:a.db", "file::memory:?cache=shared", ""] {
            let refused = check_name(Path::new(name));
            assert!(matches!(refused, Err(Error::NotAFile { .. })), "{name}");
        }
        let bytes = std::os::unix::ffi::OsStrExt::from_bytes(b"a\xff.db");
        let refused = check_name(Path::new::<std::ffi::OsStr>(bytes));
        assert!(matches!(refused, Err(Error::NotAFile { .. })), "not UTF-8");
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("a.db"), folder.path().join("b.db"));
        assert!(check_name(&one).is_ok());
        std::fs::write(&one, "1").unwrap();
        assert!(check_name(&one).is_ok());
        std::fs::hard_link(&one, &other).unwrap();
        assert!(matches!(check_name(&other), Err(Error::Linked { .. })));
    }
}
