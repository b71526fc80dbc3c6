//! One erasure of an archive at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

/// The right to erase people from an archive, until it is dropped or the process dies.
#[derive(Debug)]
pub struct Turn(#[expect(dead_code, reason = "the lock ends with the file")] File);

impl Turn {
    /// Takes the turn. The lock is on a file of its own, because a daemon may have that of the archive.
    ///
    /// # Errors
    /// Returns why there is none: another process erases, or the file cannot be made.
    pub fn take(archive: &Path) -> Result<Self, String> {
        let path = path_of(archive);
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let failed = |why: std::io::Error| format!("{}: {why}", path.display());
        let file = options.open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(
                "another command erases people or replies of this archive. Repeat this one when it has ended"
                    .to_owned(),
            ),
            Err(TryLockError::Error(why)) => Err(failed(why)),
        }
    }
}

fn path_of(archive: &Path) -> PathBuf {
    let mut name = archive.as_os_str().to_owned();
    name.push(".erasing");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::Turn;

    #[test]
    fn the_turn_is_one_process_at_a_time_and_ends_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("a.db");
        let first = Turn::take(&archive).unwrap();
        let why = Turn::take(&archive).unwrap_err();
        assert!(why.contains("Repeat"), "{why}");
        drop(first);
        assert!(Turn::take(&archive).is_ok());
    }
}
