//! The way from the folder to a file. It follows no symbolic link, and a part with a second name is none: what is outside the
//! folder is neither read nor written. Only the folder itself may be a link.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, mkdirat, open, openat, renameat, statat, unlinkat,
};
use rustix::io::Errno;

use super::folder::Folder;

const FOLDER: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC);
/// Without waiting for the other end of a pipe.
const OWN: OFlags = OFlags::NOFOLLOW
    .union(OFlags::NONBLOCK)
    .union(OFlags::CLOEXEC);

/// What to do about folders that are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    Refuse,
    /// Create them, for their owner only.
    Create,
}

/// The open folders above a file, and its name in the last one.
struct Way {
    folders: Vec<OwnedFd>,
    name: OsString,
}

impl Folder {
    /// Opens the folders above a file of this one.
    fn way(&self, path: &Path, missing: Missing) -> io::Result<Way> {
        let rest = path.strip_prefix(self.path());
        let rest = rest.map_err(|_| refused(path, "is not in the folder of the files"))?;
        let mut names = Vec::new();
        for part in rest.components() {
            match part {
                Component::Normal(name) => names.push(name.to_owned()),
                _ => return Err(refused(path, "is not in the folder of the files")),
            }
        }
        let name = names.pop();
        let name = name.ok_or_else(|| refused(path, "is the folder of the files itself"))?;
        let mut folders = vec![open(self.path(), FOLDER, Mode::empty())?];
        let mut seen = self.path().to_owned();
        for name in names {
            seen.push(&name);
            let above = &folders[folders.len() - 1];
            if missing == Missing::Create {
                match mkdirat(above, &name, Mode::RWXU) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(why) => return Err(named(&seen, why)),
                }
            }
            let next = openat(above, &name, FOLDER | OFlags::NOFOLLOW, Mode::empty());
            folders.push(next.map_err(|why| named(&seen, why))?);
        }
        Ok(Way { folders, name })
    }

    /// Creates the folder and the one for parts, and opens the file of the lock.
    pub(super) fn open_lock(&self, path: &Path, part: &Path) -> io::Result<File> {
        self.way(part, Missing::Create)?;
        let way = self.way(path, Missing::Refuse)?;
        let flags = OWN | OFlags::WRONLY | OFlags::CREATE;
        regular(way.open(path, flags)?, path)
    }

    /// Opens a file for reading.
    pub(super) fn open(&self, path: &Path) -> io::Result<File> {
        let way = self.way(path, Missing::Refuse)?;
        regular(way.open(path, OWN | OFlags::RDONLY)?, path)
    }

    /// Returns the path of a file that is there and no link.
    pub(super) fn present(&self, path: PathBuf) -> Option<PathBuf> {
        let way = self.way(&path, Missing::Refuse).ok()?;
        let about = statat(way.last(), &way.name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        (FileType::from_raw_mode(about.st_mode) == FileType::RegularFile).then_some(path)
    }

    /// Returns how many bytes of a part can be continued. One that is a link, or has a second name, has none.
    pub(super) fn part_bytes(&self, path: &Path) -> io::Result<u64> {
        let way = self.way(path, Missing::Refuse)?;
        match statat(way.last(), &way.name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(about)
                if FileType::from_raw_mode(about.st_mode) == FileType::RegularFile
                    && about.st_nlink == 1 =>
            {
                Ok(u64::try_from(about.st_size).unwrap_or(0))
            }
            Ok(_) | Err(Errno::NOENT) => Ok(0),
            Err(why) => Err(named(path, why)),
        }
    }

    /// Opens a part of this size, to write to its end.
    pub(super) fn append(&self, path: &Path, bytes: u64) -> io::Result<File> {
        let way = self.way(path, Missing::Refuse)?;
        let file = regular(way.open(path, OWN | OFlags::WRONLY | OFlags::APPEND)?, path)?;
        let about = file.metadata()?;
        match about.nlink() == 1 && about.len() == bytes {
            true => Ok(file),
            false => Err(refused(path, "was changed by another process")),
        }
    }

    /// Creates an empty file. What had its name before is deleted, and does not come back after a loss of power.
    pub(super) fn create(&self, path: &Path) -> io::Result<File> {
        let way = self.way(path, Missing::Refuse)?;
        let was_there = way.delete(path)?;
        let flags = OWN | OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::EXCL;
        let file = File::from(way.open(path, flags)?);
        if was_there {
            file.sync_all()?;
            way.sync()?;
        }
        Ok(file)
    }

    /// Deletes a file that may be gone already.
    pub(super) fn delete(&self, path: &Path) -> io::Result<()> {
        match self.way(path, Missing::Refuse) {
            Ok(way) => way.delete(path).map(drop),
            Err(why) if why.kind() == ErrorKind::NotFound => Ok(()),
            Err(why) => Err(why),
        }
    }

    /// Writes the names in the folders above a file to the disk.
    pub(super) fn sync_names(&self, path: &Path) -> io::Result<()> {
        self.way(path, Missing::Refuse)?.sync()
    }

    /// Writes to the disk that files of all folders were deleted.
    pub(super) fn sync_deleted(&self) -> io::Result<()> {
        let folder = open(self.path(), FOLDER, Mode::empty())?;
        #[cfg(target_os = "linux")]
        rustix::fs::syncfs(&folder)?;
        #[cfg(not(target_os = "linux"))]
        rustix::fs::fsync(&folder)?;
        Ok(())
    }

    /// Gives a file another name, which is on the disk afterwards.
    pub(super) fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let source = self.way(from, Missing::Refuse)?;
        let place = self.way(to, Missing::Create)?;
        let moved = renameat(source.last(), &source.name, place.last(), &place.name);
        moved.map_err(|why| named(to, why))?;
        place.sync()
    }
}

impl Way {
    fn last(&self) -> &OwnedFd {
        &self.folders[self.folders.len() - 1]
    }

    fn open(&self, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        openat(self.last(), &self.name, flags, Mode::RUSR | Mode::WUSR)
            .map_err(|why| named(path, why))
    }

    /// Returns whether there was something to delete.
    fn delete(&self, path: &Path) -> io::Result<bool> {
        match unlinkat(self.last(), &self.name, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(why) => Err(named(path, why)),
        }
    }

    /// Writes the names in all folders to the disk.
    fn sync(&self) -> io::Result<()> {
        for folder in self.folders.iter().rev() {
            rustix::fs::fsync(folder)?;
        }
        Ok(())
    }
}

/// Refuses what is no file, such as a pipe.
fn regular(file: impl Into<File>, path: &Path) -> io::Result<File> {
    let file = file.into();
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(refused(path, "is no file")),
    }
}

/// Returns an error of the system with the path. Linux refuses to open a link as a folder with `ENOTDIR`.
fn named(path: &Path, why: Errno) -> io::Error {
    let is_link = path.is_symlink();
    match why {
        Errno::LOOP | Errno::NOTDIR if is_link => refused(path, "is a symbolic link"),
        why => {
            let error = io::Error::from(why);
            io::Error::new(error.kind(), format!("{}: {error}", path.display()))
        }
    }
}

fn refused(path: &Path, why: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, format!("{} {why}", path.display()))
}
