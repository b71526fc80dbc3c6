//! The kind of file system that holds a file, as Linux reports it. A write-ahead log needs memory shared by all
//! processes, which a network file system does not provide.

use std::path::Path;

/// File systems whose files are on another machine.
const NETWORK: [&str; 14] = [
    "9p",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "fuse.glusterfs",
    "fuse.s3fs",
    "fuse.sshfs",
    "lustre",
    "ncpfs",
    "nfs",
    "nfs4",
    "smb3",
    "smbfs",
];

/// The name of the network file system that holds a file; `None` if there is none or it is unknown.
#[must_use]
pub fn network_file_system(path: &Path) -> Option<String> {
    let table = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).canonicalize().ok()?;
    kind_of(&table, &folder)
        .filter(|kind| NETWORK.contains(kind))
        .map(str::to_owned)
}

/// The kind of the file system that holds a folder, from a table as in proc_pid_mountinfo(5). Of two mounts on one
/// path, the later hides the earlier.
fn kind_of<'t>(table: &'t str, folder: &Path) -> Option<&'t str> {
    let mut found: Option<(usize, &str)> = None;
    for line in table.lines() {
        let Some((place, kind)) = mount(line) else {
            continue;
        };
        let is_nearer = found.is_none_or(|(length, _)| place.len() >= length);
        if folder.starts_with(&place) && is_nearer {
            found = Some((place.len(), kind));
        }
    }
    found.map(|(_, kind)| kind)
}

/// A file system's mount point and kind: the fifth field, and the first field after a lone dash.
fn mount(line: &str) -> Option<(String, &str)> {
    let (place, rest) = line.split_once(" - ")?;
    let place = place.split(' ').nth(4)?;
    Some((unescaped(place), rest.split(' ').next()?))
}

/// Spaces and backslashes in a path are escaped as three octal digits.
fn unescaped(place: &str) -> String {
    [
        ("\\040", " "),
        ("\\011", "\t"),
        ("\\012", "\n"),
        ("\\134", "\\"),
    ]
    .iter()
    .fold(place.to_owned(), |place, (code, letter)| {
        place.replace(code, letter)
    })
}

#[cfg(test)]
mod tests {
    use super::{NETWORK, kind_of};
    use std::path::Path;

    const TABLE: &str = "\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 22 0:35 / /mnt/share rw,relatime shared:20 master:1 - nfs4 host:/export rw,vers=4.2
41 40 8:17 / /mnt/share/local rw - xfs /dev/sdb1 rw
42 22 0:40 / /mnt/two\\040words rw - fuse.sshfs me@host:/ rw
43 22 8:33 / /data rw - btrfs /dev/sdc1 rw
44 43 0:50 / /data rw - cifs //host/data rw
torn line";

    #[test]
    fn the_nearest_mount_decides_and_a_later_mount_hides_an_earlier_one() {
        let kind = |folder: &str| kind_of(TABLE, Path::new(folder));
        assert_eq!(kind("/var/lib/crawl"), Some("ext4"));
        assert_eq!(kind("/mnt/share/crawl"), Some("nfs4"));
        assert_eq!(kind("/mnt/shared"), Some("ext4"), "only whole names count");
        assert_eq!(kind("/mnt/share/local/crawl"), Some("xfs"));
        assert_eq!(kind("/mnt/two words/crawl"), Some("fuse.sshfs"));
        assert_eq!(kind("/data"), Some("cifs"));
        assert_eq!(kind_of("", Path::new("/data")), None);
    }

    #[test]
    fn only_network_shares_are_network_file_systems() {
        for kind in ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "zfs", "fuse"] {
            assert!(!NETWORK.contains(&kind), "{kind}");
        }
        for kind in ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs"] {
            assert!(NETWORK.contains(&kind), "{kind}");
        }
    }
}
