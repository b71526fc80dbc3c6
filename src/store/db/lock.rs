//! One process at a time may send calls for an archive: a lock on the file itself, whatever name leads to it. The
//! operating system releases the lock when its holder dies.
//!
//! `flock` does not disturb the locks of SQLite, but closing any descriptor of the file releases them. So the descriptor
//! stays open until the last connection of the process is closed, and a process asks who holds the lock before it connects.
//!
//! A file beside the archive names the holder, for people. Removing it does no harm.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::clock::{touch, touched_at};
use crate::store::{Error, Result};

/// How often a held lock is tried again, and the pause in between. [`Lock::holder`] also takes it for a moment.
const GLANCES: u32 = 10;
const GLANCE: Duration = Duration::from_millis(10);

/// The held lock; released when dropped. Drop it after the last connection to the file.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock of the archive, or returns its holder. Creates a missing file. `who` is recorded for other processes.
    ///
    /// # Errors
    /// Returns an error if the file cannot be created or opened.
    pub fn take(path: &Path, who: &str) -> Result<std::result::Result<Self, Held>> {
        let lock = Self::unheld(path)?;
        Ok(match lock.try_take(path, who)? {
            true => Ok(lock),
            false => Err(Held::of(path)),
        })
    }

    /// Opens the file for a lock that is not held yet. A process that waits for the lock while it is connected to the file
    /// needs this. Creates a missing file.
    ///
    /// # Errors
    /// Returns an error if the file cannot be created or opened.
    pub fn unheld(path: &Path) -> Result<Self> {
        super::place::create_private(path)?;
        let io = |why| Error::Io {
            path: path.display().to_string(),
            why,
        };
        let file = OpenOptions::new().read(true).open(path).map_err(io)?;
        Ok(Self { file })
    }

    /// Takes the lock, unless another process holds it. `who` is recorded for other processes.
    ///
    /// # Errors
    /// Returns an error if the file system has no locks.
    pub fn try_take(&self, path: &Path, who: &str) -> Result<bool> {
        let io = |why| Error::Io {
            path: path.display().to_string(),
            why,
        };
        for glance in 0.. {
            match self.file.try_lock() {
                Ok(()) => {
                    // Only people read it, so a folder that cannot be written does no harm.
                    let _ = std::fs::write(note_of(path), who);
                    return Ok(true);
                }
                Err(TryLockError::WouldBlock) if glance < GLANCES => std::thread::sleep(GLANCE),
                Err(TryLockError::WouldBlock) => break,
                Err(TryLockError::Error(why)) => return Err(io(why)),
            }
        }
        Ok(false)
    }

    /// Returns who holds the lock, if a process does. Call it before this process connects to the file.
    ///
    /// # Errors
    /// Returns an error if the file exists and cannot be opened.
    pub fn holder(path: &Path) -> Result<Option<Held>> {
        let file = match OpenOptions::new().read(true).open(path) {
            Ok(file) => file,
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(why) => {
                return Err(Error::Io {
                    path: path.display().to_string(),
                    why,
                });
            }
        };
        // A shared lock does not block a daemon that starts at this moment.
        let is_held = file.try_lock_shared().is_err();
        Ok(is_held.then(|| Held::of(path)))
    }

    /// Gives a sign of life outside the archive, which also works while the archive is locked or its disk is full.
    pub fn give_sign(path: &Path) {
        let _ = touch(&note_of(path));
    }
}

/// Who holds the lock, as the holder recorded it.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    pub who: String,
    /// Unix time of the holder's latest sign of life outside the archive.
    pub alive_at: Option<f64>,
}

impl Held {
    fn of(path: &Path) -> Self {
        let note = note_of(path);
        let who = std::fs::read_to_string(&note).unwrap_or_default();
        let who = match who.trim() {
            "" => "another process",
            who => who,
        };
        Self {
            who: who.to_owned(),
            alive_at: touched_at(&note),
        }
    }
}

fn note_of(archive: &Path) -> PathBuf {
    // A link to the archive has the same note.
    let archive = archive
        .canonicalize()
        .unwrap_or_else(|_| archive.to_owned());
    let mut name = archive.into_os_string();
    name.push(".lock");
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    use super::{Held, Lock};

    #[test]
    fn a_lock_is_that_of_the_file_whatever_name_leads_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let name = |name: &str| folder.path().join(name);
        let lock = Lock::take(&name("a.db"), "pid 7").unwrap().unwrap();
        std::os::unix::fs::symlink(name("a.db"), name("link.db")).unwrap();
        std::fs::hard_link(name("a.db"), name("hard.db")).unwrap();
        std::fs::create_dir(name("folder")).unwrap();
        let holder = |name: &std::path::Path| {
            let held = Lock::take(name, "pid 8").unwrap().unwrap_err();
            assert_eq!(Lock::holder(name).unwrap(), Some(held.clone()));
            held.who
        };
        for other in ["a.db", "link.db", "folder/../a.db"] {
            assert_eq!(holder(&name(other)), "pid 7", "{other}");
        }
        assert_eq!(holder(&name("hard.db")), "another process");
        std::fs::remove_file(name("a.db.lock")).unwrap();
        assert_eq!(holder(&name("a.db")), "another process");
        assert_eq!(Lock::holder(&name("b.db")).unwrap(), None);
        assert!(!name("b.db").exists());
        drop(lock);
        assert!(Lock::take(&name("a.db"), "pid 8").unwrap().is_ok());
        assert_eq!(Lock::holder(&name("a.db")).unwrap(), None::<Held>);
    }

    #[test]
    fn asking_for_the_lock_blocks_no_daemon_that_starts() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("a.db");
        drop(Lock::take(&archive, "pid 7").unwrap());
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
