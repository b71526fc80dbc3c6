//! One daemon per archive: a lock file next to it. The operating system releases the lock when its holder dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::store::{Error, Result};

/// How often a held lock is tried again, and the pause in between. `holder` also takes it for a moment.
const GLANCES: u32 = 10;
const GLANCE: Duration = Duration::from_millis(10);

/// The held lock; released when dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Who holds the lock, as the holder recorded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held(pub String);

impl Lock {
    /// Takes the lock of the archive at `path`, or returns its holder. `who` is recorded for other processes.
    ///
    /// # Errors
    /// Returns an error if the lock file cannot be created.
    pub fn take(path: &Path, who: &str) -> Result<std::result::Result<Self, Held>> {
        let path = lock_path(path);
        let io = |why| Error::Io {
            path: path.display().to_string(),
            why,
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(io)?;
        let mut locked = file.try_lock();
        for _ in 0..GLANCES {
            if !matches!(locked, Err(TryLockError::WouldBlock)) {
                break;
            }
            std::thread::sleep(GLANCE);
            locked = file.try_lock();
        }
        match locked {
            Ok(()) => {
                file.set_len(0).map_err(io)?;
                file.write_all(who.as_bytes()).map_err(io)?;
                Ok(Ok(Self { _file: file }))
            }
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.rewind().map_err(io)?;
                // A holder that has not recorded its name yet is still a holder.
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
    /// Who holds the lock of the archive at `path`, if any process does. Creates no lock file.
    ///
    /// # Errors
    /// Returns an error if the lock file exists and cannot be opened.
    pub fn holder(path: &Path) -> Result<Option<Held>> {
        if !lock_path(path).exists() {
            return Ok(None);
        }
        let file = match OpenOptions::new().read(true).open(lock_path(path)) {
            Ok(file) => file,
            Err(why) => {
                return Err(Error::Io {
                    path: lock_path(path).display().to_string(),
                    why,
                });
            }
        };
        // A shared lock does not block a daemon that starts at this moment.
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
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    use super::{Held, Lock};

    #[test]
    fn a_held_lock_is_refused_with_the_name_of_its_holder() {
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

    #[test]
    fn reading_the_holder_blocks_no_daemon_that_starts() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("a.db");
        drop(Lock::take(&archive, "pid 7").unwrap().unwrap());
        let (is_over, glances) = (AtomicBool::new(false), AtomicU32::new(0));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    Lock::holder(&archive).unwrap();
                    glances.fetch_add(1, Ordering::Relaxed);
                }
            });
            let mut refused = 0;
            while glances.load(Ordering::Relaxed) < 20_000 {
                refused += u32::from(Lock::take(&archive, "pid 8").unwrap().is_err());
            }
            is_over.store(true, Ordering::Relaxed);
            assert_eq!(refused, 0);
        });
    }
}
