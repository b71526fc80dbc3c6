//! The last step: no byte of what was erased stays in the file.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::replies::{People, any_part};

/// `application_id` of an archive, and where SQLite keeps it in the file (sqlite.org/fileformat2.html, 1.3).
const APPLICATION: [u8; 4] = *b"sora";
const APPLICATION_AT: usize = 68;

/// Returns whether a file may have bytes that name somebody. Compressed parts may look like it by accident.
pub(super) fn may_name(people: &People, path: &Path) -> std::io::Result<bool> {
    any_part(path, &mut 0, |part| people.may_be_named_plainly(part))
}

/// Returns the other archives in the folder of an archive, by name: copies that were made before may have the people.
///
/// # Errors
/// Returns an error if the folder cannot be read.
pub fn backups_beside(archive: &Path) -> std::io::Result<Vec<PathBuf>> {
    let folder = archive.parent().filter(|it| !it.as_os_str().is_empty());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder.unwrap_or(Path::new(".")))? {
        let path = entry?.path();
        if path.file_name() != archive.file_name() && path.is_file() && is_archive(&path) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn is_archive(path: &Path) -> bool {
    let mut head = [0; APPLICATION_AT + 4];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head[APPLICATION_AT..] == APPLICATION
}
