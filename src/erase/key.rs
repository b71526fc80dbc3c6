//! `ARCHIVE.erase-key`: the key of the hashes, and the hashes of everybody who was to be erased. A restored backup learns
//! from it whom to erase again.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::key_file::{create_key, key_of, new_key, read_private};
use crate::model::EraseKey;
use crate::model::hex::{from_hex, hex};

/// The key file of an archive.
#[derive(Debug)]
pub struct KeyFile {
    path: PathBuf,
    first_line: String,
    pub key: EraseKey,
    /// Hashes of the people whose erasure was requested.
    pub people: Vec<[u8; 32]>,
    /// Hashes of their names.
    pub names: Vec<[u8; 32]>,
}

/// The beginning of a line with the hash of a name.
const NAME: &str = "name ";

/// Returns the place of the key file of an archive.
#[must_use]
pub fn path_of(archive: &Path) -> PathBuf {
    let mut name = archive.as_os_str().to_owned();
    name.push(".erase-key");
    name.into()
}

impl KeyFile {
    /// Reads the key file of an archive; `None` if there is none.
    ///
    /// # Errors
    /// Returns why it cannot be used.
    pub fn read(archive: &Path) -> Result<Option<Self>, String> {
        let path = path_of(archive);
        let failed = |why: String| format!("{}: {why}", path.display());
        let Some(text) = read_private(&path).map_err(failed)? else {
            return Ok(None);
        };
        let mut lines = text.lines();
        let first_line = lines.next().unwrap_or_default().to_owned();
        let key = EraseKey::new(&key_of(&first_line).map_err(failed)?);
        let (mut people, mut names) = (Vec::new(), Vec::new());
        for (number, line) in (2..).zip(lines) {
            let (list, line) = match line.strip_prefix(NAME) {
                Some(line) => (&mut names, line),
                None => (&mut people, line),
            };
            let hash = from_hex(line.trim()).and_then(|bytes| bytes.try_into().ok());
            list.push(hash.ok_or_else(|| failed(format!("line {number} is no hash")))?);
        }
        Ok(Some(Self {
            path,
            first_line,
            key,
            people,
            names,
        }))
    }

    /// Reads the key file of an archive, and makes it if there is none.
    ///
    /// # Errors
    /// Returns why it cannot be used or made.
    pub fn read_or_create(archive: &Path) -> Result<Self, String> {
        if let Some(file) = Self::read(archive)? {
            return Ok(file);
        }
        let path = path_of(archive);
        match create_key(&path, &new_key()) {
            Ok(()) => sync_folder(&path).map_err(|why| format!("{}: {why}", path.display()))?,
            // Another process has just made it.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(format!("{}: {error}", path.display())),
        }
        Self::read(archive)?.ok_or_else(|| format!("{}: it was removed", path.display()))
    }

    /// Adds people and names. The file is replaced as a whole, and on the disk afterwards.
    ///
    /// # Errors
    /// Returns why it cannot be written.
    pub fn add(
        &mut self,
        people: impl Iterator<Item = [u8; 32]>,
        names: impl Iterator<Item = [u8; 32]>,
    ) -> Result<(), String> {
        let is_more = [
            add_to(&mut self.people, people),
            add_to(&mut self.names, names),
        ];
        if !is_more.contains(&true) {
            return Ok(());
        }
        let mut text = vec![self.first_line.clone()];
        text.extend(self.people.iter().map(|hash| hex(hash)));
        text.extend(self.names.iter().map(|hash| format!("{NAME}{}", hex(hash))));
        let text = text.join("\n") + "\n";
        self.replace(text.as_bytes())
            .map_err(|why| format!("{}: {why}", self.path.display()))
    }

    fn replace(&self, text: &[u8]) -> std::io::Result<()> {
        let mut new = self.path.clone().into_os_string();
        new.push(".new");
        let new = PathBuf::from(new);
        // What is left of a process that died.
        let _ = std::fs::remove_file(&new);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&new);
        let mut file = file?;
        file.write_all(text)?;
        file.sync_all()?;
        std::fs::rename(&new, &self.path)?;
        sync_folder(&self.path)
    }
}

/// Adds hashes that are not in a list. Returns whether there was one.
fn add_to(list: &mut Vec<[u8; 32]>, more: impl Iterator<Item = [u8; 32]>) -> bool {
    let known: HashSet<[u8; 32]> = list.iter().copied().collect();
    let before = list.len();
    list.extend(more.filter(|hash| !known.contains(hash)));
    list.len() > before
}

fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::{KeyFile, path_of};

    #[test]
    fn the_key_file_is_private_and_keeps_its_key_and_its_people() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("a.db");
        assert!(KeyFile::read(&archive).unwrap().is_none());
        let mut file = KeyFile::read_or_create(&archive).unwrap();
        let seal = file.key.seal("x");
        file.add([[1; 32], [2; 32]].into_iter(), [[3; 32]].into_iter())
            .unwrap();
        file.add([[1; 32]].into_iter(), [[3; 32]].into_iter())
            .unwrap();
        let again = KeyFile::read(&archive).unwrap().unwrap();
        assert_eq!(again.people, [[1; 32], [2; 32]]);
        assert_eq!(again.names, [[3; 32]]);
        assert_eq!(again.key.unseal(&seal).as_deref(), Some("x"));
        let mode = std::fs::metadata(path_of(&archive))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::write(path_of(&archive), "00").unwrap();
        assert!(KeyFile::read(&archive).unwrap_err().contains("64"));
    }
}
