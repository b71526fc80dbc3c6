//! The folder of an export: all of it appears at once, or nothing does.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Error;

/// A folder that is being filled, beside its final place. It is removed if it is dropped unfinished.
pub(super) struct Folder {
    place: PathBuf,
    partial: PathBuf,
    is_finished: bool,
}

impl Folder {
    /// Begins to fill a folder that must not exist or be empty.
    pub(super) fn begin(place: &Path) -> Result<Self, Error> {
        let refused = |why: String| Error::Folder {
            path: place.to_owned(),
            why,
        };
        match fs::read_dir(place) {
            Ok(entries) => {
                if entries.count() > 0 {
                    let why = "the folder is not empty. Name a new one, or empty it";
                    return Err(refused(why.to_owned()));
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(refused(error.to_string())),
        }
        let mut name = place
            .file_name()
            .ok_or_else(|| refused("this is no name of a folder".to_owned()))?
            .to_owned();
        name.push(format!(".partial-{}", std::process::id()));
        let partial = place.with_file_name(name);
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&partial)
            .map_err(|error| refused(error.to_string()))?;
        Ok(Self {
            place: place.to_owned(),
            partial,
            is_finished: false,
        })
    }

    /// Creates a file that only its owner can read.
    pub(super) fn file(&self, name: &str) -> Result<Output, Error> {
        let path = self.partial.join(name);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        let name = self.place.join(name).display().to_string();
        match file {
            Ok(file) => Ok(Output {
                file: BufWriter::with_capacity(1 << 16, Hashed::new(file)),
                name,
            }),
            Err(error) => Err(Error::File { path: name, error }),
        }
    }

    /// Moves the folder to its place.
    pub(super) fn finish(mut self) -> Result<(), Error> {
        let failed = |error| Error::File {
            path: self.place.display().to_string(),
            error,
        };
        File::open(&self.partial)
            .and_then(|folder| folder.sync_all())
            .map_err(failed)?;
        // The folder may exist and be empty, which a rename allows.
        fs::rename(&self.partial, &self.place).map_err(failed)?;
        self.is_finished = true;
        let above = match self.place.parent() {
            Some(above) if !above.as_os_str().is_empty() => above,
            _ => Path::new("."),
        };
        // The files are safe; only the name could be lost with the power.
        let _ = File::open(above).and_then(|above| above.sync_all());
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.is_finished {
            let _ = fs::remove_dir_all(&self.partial);
        }
    }
}

/// A file that is being written, with its checksum.
pub(super) struct Output {
    file: BufWriter<Hashed>,
    name: String,
}

/// A file with the checksum of what was written to it.
struct Hashed {
    file: File,
    hash: Sha256,
    bytes: u64,
}

impl Hashed {
    fn new(file: File) -> Self {
        Self {
            file,
            hash: Sha256::new(),
            bytes: 0,
        }
    }
}

impl Output {
    pub(super) fn failed(&self, error: std::io::Error) -> Error {
        Error::File {
            path: self.name.clone(),
            error,
        }
    }

    /// Writes the file to the disk. Returns its size and the checksum in hexadecimal digits.
    pub(super) fn finish(mut self) -> Result<(u64, String), Error> {
        let written = self
            .file
            .flush()
            .and_then(|()| self.file.get_ref().file.sync_all());
        written.map_err(|error| self.failed(error))?;
        let Hashed { hash, bytes, .. } = self.file.get_mut();
        let digits = hash.finalize_reset();
        let digits = digits.iter().map(|byte| format!("{byte:02x}"));
        Ok((*bytes, digits.collect()))
    }
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}
