//! The disk that an archive is on: its free space, and the size of the archive's write-ahead log.

use std::path::Path;

/// Returns the size of the archive's write-ahead log in bytes; `None` if there is none.
#[must_use]
pub fn log_bytes(path: &Path) -> Option<u64> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    Some(std::fs::metadata(log).ok()?.len())
}

/// Returns the free bytes of the file system that holds a file or will hold it, as far as this process may use them; `None`
/// if the system does not tell.
#[must_use]
pub fn free_bytes(path: &Path) -> Option<u64> {
    // A link to the archive may lead to another file system.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let system = rustix::fs::statvfs(folder).ok()?;
    // Some network file systems report no blocks at all.
    (system.f_blocks > 0).then(|| system.f_bavail.saturating_mul(system.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::free_bytes;

    #[test]
    fn the_free_space_is_that_of_the_file_system_of_a_file_that_need_not_exist() {
        let folder = tempfile::tempdir().unwrap();
        let free = free_bytes(&folder.path().join("no.db")).unwrap();
        let told = std::process::Command::new("df")
            .args(["--output=avail", "--block-size=1"])
            .arg(folder.path())
            .output()
            .unwrap();
        let told = String::from_utf8(told.stdout).unwrap();
        let told: u64 = told.lines().nth(1).unwrap().trim().parse().unwrap();
        // Other programs write meanwhile.
        assert!(free.abs_diff(told) < 1 << 30, "{free} and {told}");
        assert_eq!(free_bytes(&folder.path().join("no folder/no.db")), None);
    }
}
