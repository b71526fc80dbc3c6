//! One daemon for an archive: a lock file beside it, which the system releases when its holder dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::{Error, Result};

/// The held lock; released when dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Who holds the lock, as he wrote it down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held(pub String);

impl Lock {
    /// Takes the lock of the archive at `path`, or says who holds it. `who` is written down for the next who asks.
    ///
    /// # Errors
    /// Where the lock file cannot be made.
    pub fn take(path: &Path, who: &str) -> Result<std::result::Result<Self, Held>> {
        let path = lock_path(path);
        let io = |source| Error::Io {
            path: path.display().to_string(),
            source,
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(io)?;
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0).map_err(io)?;
                file.write_all(who.as_bytes()).map_err(io)?;
                Ok(Ok(Self { _file: file }))
            }
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.rewind().map_err(io)?;
                // A holder that has not written his name yet is still a holder.
                let _ = file.read_to_string(&mut holder);
                let holder = holder.trim().to_owned();
                Ok(Err(Held(if holder.is_empty() {
                    "another process".to_owned()
                } else {
                    holder
                })))
            }
            Err(TryLockError::Error(source)) => Err(io(source)),
        }
    }
}

impl Lock {
    /// Who holds the lock of the archive at `path`, if anybody does. Makes no lock file.
    ///
    /// # Errors
    /// Where the lock file is there and cannot be opened.
    pub fn holder(path: &Path) -> Result<Option<Held>> {
        if !lock_path(path).exists() {
            return Ok(None);
        }
        let file = match OpenOptions::new().read(true).open(lock_path(path)) {
            Ok(file) => file,
            Err(source) => {
                return Err(Error::Io {
                    path: lock_path(path).display().to_string(),
                    source,
                });
            }
        };
        // A shared lock asks without taking the place of a daemon that starts at this moment.
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(_) => {
                let mut holder = String::new();
                let _ = (&file).read_to_string(&mut holder);
                Ok(Some(Held(holder.trim().to_owned())))
            }
        }
    }
}

fn lock_path(archive: &Path) -> PathBuf {
    let mut name = archive.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::{Held, Lock};

    #[test]
    fn a_second_holder_is_told_who_the_first_is() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("a.db");
        let first = Lock::take(&archive, "pid 7").unwrap().unwrap();
        assert_eq!(
            Lock::take(&archive, "pid 8").unwrap().unwrap_err(),
            Held("pid 7".to_owned())
        );
        drop(first);
        assert!(
            Lock::take(&archive, "pid 8").unwrap().is_ok(),
            "a released lock can be taken"
        );
    }
}
