//! Where files are: `ab/cd/SHA256.ext`, and `part/ID` while they are not whole. No name of the remote becomes part of a path.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::kind::FileKind;
use crate::model::hex;

pub(super) const PARTS: &str = "part";
const LOCK: &str = "lock";
const HASH_DIGITS: usize = 64;

/// The folder of the files of one archive.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

/// Keeps other processes from fetching into the same folder.
pub struct Turn(#[expect(dead_code, reason = "the lock ends when the file is closed")] File);

impl Folder {
    /// Returns the folder at a path, or `media` beside the archive.
    #[must_use]
    pub fn of(path: Option<&Path>, archive: &Path) -> Self {
        Self(match path {
            Some(path) => path.to_owned(),
            None => archive.parent().unwrap_or(Path::new("")).join("media"),
        })
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Creates the folder, readable by its owner only, and takes the turn of fetching into it.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be written, or another process fetches.
    pub fn take(&self) -> io::Result<Turn> {
        create_private(&self.0)?;
        let lock = self.open_lock(&self.lock(), &self.0.join(PARTS).join("any"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Turn(lock)),
            Err(TryLockError::WouldBlock) => Err(io::Error::new(
                io::ErrorKind::WouldBlock,
                "another process fetches files into it",
            )),
            Err(TryLockError::Error(why)) => Err(why),
        }
    }

    /// Returns whether files were fetched into the folder before.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.present(self.lock()).is_some()
    }

    fn lock(&self) -> PathBuf {
        self.0.join(LOCK)
    }

    /// Returns the file that is not whole yet. Its name also depends on the address, so that the row of another archive with
    /// the same number never continues it.
    #[must_use]
    pub fn part(&self, id: i64, url_path: &str) -> PathBuf {
        let address = hex::hex(&Sha256::digest(url_path)[..8]);
        self.0.join(PARTS).join(format!("{id}-{address}"))
    }

    /// Returns the place of a stored file; `None` if that is no hash or no extension of ours.
    #[must_use]
    pub fn file(&self, sha256: &str, extension: &str) -> Option<PathBuf> {
        let is_hash = sha256.len() == HASH_DIGITS
            && sha256
                .bytes()
                .all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'));
        let is_ours = FileKind::ALL
            .iter()
            .any(|kind| kind.extension() == extension);
        (is_hash && is_ours).then(|| {
            let (one, two) = (&sha256[..2], &sha256[2..4]);
            self.0
                .join(one)
                .join(two)
                .join(format!("{sha256}.{extension}"))
        })
    }

    /// Returns the place of a stored file, if a file is there and no link leads to it.
    #[must_use]
    pub fn stored(&self, sha256: &str, extension: &str) -> Option<PathBuf> {
        self.file(sha256, extension)
            .and_then(|place| self.present(place))
    }

    /// Returns whether a path leads into the folder, or would if it were created.
    #[must_use]
    pub fn contains(&self, path: &Path) -> bool {
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or(path.to_owned());
        let (own, path) = (absolute(&self.0), absolute(path));
        let id = |path: &Path| fs::metadata(path).ok().map(|it| (it.dev(), it.ino()));
        // Any name of the folder counts: links, `..` and other mounts.
        let real = path.ancestors().find_map(|it| fs::canonicalize(it).ok());
        let real = real.unwrap_or_default();
        match id(&own) {
            Some(own) => real.ancestors().any(|it| id(it) == Some(own)),
            None => path.starts_with(&own),
        }
    }

    /// Returns all files in the folder, except those that are not whole, with their sizes.
    ///
    /// # Errors
    /// Returns an error if a folder cannot be read.
    pub fn files(&self) -> io::Result<Vec<(PathBuf, u64)>> {
        let mut found = Vec::new();
        let mut folders = vec![self.0.clone()];
        while let Some(folder) = folders.pop() {
            let entries = match fs::read_dir(&folder) {
                Err(why) if why.kind() == io::ErrorKind::NotFound && folder == self.0 => break,
                entries => entries?,
            };
            for entry in entries {
                let entry = entry?;
                let (path, about) = (entry.path(), entry.metadata()?);
                let is_own =
                    folder == self.0 && [PARTS, LOCK].iter().any(|own| entry.file_name() == *own);
                match about.is_dir() {
                    _ if is_own => {}
                    true => folders.push(path),
                    false => found.push((path, about.len())),
                }
            }
        }
        found.sort();
        Ok(found)
    }
}

/// Creates a folder and those above it, readable by their owner only.
fn create_private(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    builder.mode(0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_made_of_hashes_ids_and_known_extensions_only() {
        let folder = Folder::of(None, Path::new("/x/a.db"));
        let hash = "ab".repeat(32);
        let place = folder.file(&hash, "mp4").unwrap();
        assert_eq!(
            place,
            Path::new("/x/media/ab/ab").join(format!("{hash}.mp4"))
        );
        for (hash, extension) in [
            ("../../etc/passwd", "mp4"),
            (&"AB".repeat(32), "mp4"),
            (&"a/".repeat(32), "mp4"),
            (&hash, "sh"),
            (&hash, "../x"),
        ] {
            assert_eq!(folder.file(hash, extension), None, "{hash}.{extension}");
        }
        for address in ["../../x", "a\0b", &"long/".repeat(9_999)] {
            let part = folder.part(7, address);
            let name = part
                .strip_prefix("/x/media/part")
                .unwrap()
                .to_str()
                .unwrap();
            assert!(name.starts_with("7-") && name.len() == 18, "{name}");
            assert!(!name.contains(['/', '.', '\0']), "{name}");
        }
        assert_ne!(folder.part(7, "a"), folder.part(7, "b"));
    }

    #[test]
    fn one_process_at_a_time_fetches_into_a_folder() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::of(Some(&place.path().join("m")), Path::new("a.db"));
        let turn = folder.take().unwrap();
        assert!(folder.take().is_err());
        drop(turn);
        folder.take().unwrap();
    }
}
