//! The files of a folder, in the order of their names.

use std::fs::DirEntry;
use std::io;
use std::path::{Path, PathBuf};

use super::file::uncompressed;

/// Endings of files that may hold replies, without that of a compression.
const ENDINGS: [&str; 9] = [
    ".json",
    ".jsonl",
    ".ndjson",
    ".json-seq",
    ".har",
    ".warc",
    ".db",
    ".sqlite",
    ".sqlite3",
];

/// What a path is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed {
    File,
    /// It may hold replies, and is not read. Says why.
    Not(String),
    /// A folder with so many files that are no captures by their names.
    PassedOver(u64),
}

/// Returns the files to read for a path: itself, or the files of a folder and its folders whose names end as captures do.
/// Symbolic links and what cannot be read are named; other files are counted.
///
/// # Errors
/// Returns an error if the path does not exist or cannot be read.
pub fn files(path: &Path) -> io::Result<Vec<(PathBuf, Listed)>> {
    if !std::fs::symlink_metadata(path)?.is_dir() {
        return Ok(vec![(path.to_owned(), Listed::File)]);
    }
    let (mut found, mut folders, mut passed_over) = (Vec::new(), vec![path.to_owned()], 0);
    while let Some(folder) = folders.pop() {
        let inside = match std::fs::read_dir(&folder) {
            Ok(inside) => inside,
            Err(error) if folder == path => return Err(error),
            Err(error) => {
                let why = format!("the folder cannot be read: {error}");
                found.push((folder, Listed::Not(why)));
                continue;
            }
        };
        for entry in inside {
            match entry.and_then(|entry| Ok((listed(&entry)?, entry.path()))) {
                Ok((One::Folder, path)) => folders.push(path),
                Ok((One::Other, _)) => passed_over += 1,
                Ok((One::Listed(listed), path)) => found.push((path, listed)),
                Err(error) => {
                    let why = format!("the folder cannot be read further: {error}");
                    found.push((folder, Listed::Not(why)));
                    break;
                }
            }
        }
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    if passed_over > 0 {
        found.push((path.to_owned(), Listed::PassedOver(passed_over)));
    }
    Ok(found)
}

enum One {
    Folder,
    Other,
    Listed(Listed),
}

fn listed(entry: &DirEntry) -> io::Result<One> {
    let kind = entry.file_type()?;
    if kind.is_dir() {
        return Ok(One::Folder);
    }
    let name = entry.file_name().to_string_lossy().to_lowercase();
    let name = uncompressed(&name);
    let is_meant = ENDINGS.iter().any(|ending| name.ends_with(ending));
    // A link may lead to a folder of captures.
    let is_link = kind.is_symlink();
    let is_folder = || std::fs::metadata(entry.path()).is_ok_and(|about| about.is_dir());
    Ok(match is_meant || is_link && is_folder() {
        false => One::Other,
        true if is_link => One::Listed(Listed::Not("a symbolic link is not followed".to_owned())),
        true if !kind.is_file() => One::Listed(Listed::Not("it is no regular file".to_owned())),
        true => One::Listed(Listed::File),
    })
}
