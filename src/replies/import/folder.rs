//! The files of a folder, in the order of their names.

use std::io;
use std::path::{Path, PathBuf};

/// Endings of files that may hold replies.
const ENDINGS: [&str; 12] = [
    ".json",
    ".jsonl",
    ".ndjson",
    ".har",
    ".warc",
    ".json.gz",
    ".jsonl.gz",
    ".ndjson.gz",
    ".har.gz",
    ".warc.gz",
    ".warc.zst",
    ".jsonl.zst",
];

/// A file, or why there is none.
pub type FileOrWhy = (PathBuf, Result<(), String>);

/// Returns the files to read for a path: itself, or the files of a folder and its folders whose names end as captures do.
/// Symbolic links in a folder are named and not followed.
///
/// # Errors
/// Returns an error if the path does not exist or a folder cannot be read.
pub fn files(path: &Path) -> io::Result<Vec<FileOrWhy>> {
    if !std::fs::symlink_metadata(path)?.is_dir() {
        return Ok(vec![(path.to_owned(), Ok(()))]);
    }
    let (mut found, mut folders) = (Vec::new(), vec![path.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            let name = entry.file_name().to_string_lossy().to_lowercase();
            let is_meant = ENDINGS.iter().any(|ending| name.ends_with(ending));
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() && is_meant {
                found.push((entry.path(), Ok(())));
            } else if kind.is_symlink() && is_meant {
                found.push((
                    entry.path(),
                    Err("a symbolic link is not followed".to_owned()),
                ));
            }
        }
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(found)
}
