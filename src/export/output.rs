//! A file that is being written, with its checksum.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::Error;
use crate::model::hex::hex;

/// The size and the checksum of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    pub bytes: u64,
    /// In hexadecimal digits.
    pub sha256: String,
}

pub(super) struct Output {
    file: BufWriter<Hashed>,
    name: String,
}

impl Output {
    /// Creates a file that only its owner can read. Errors call it `name`.
    pub(super) fn create(path: &Path, name: String) -> Result<Self, Error> {
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path);
        match file {
            Ok(file) => Ok(Self {
                file: BufWriter::with_capacity(1 << 16, Hashed::new(file)),
                name,
            }),
            Err(error) => Err(Error::File { path: name, error }),
        }
    }

    /// What errors call the file.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn failed(&self, error: std::io::Error) -> Error {
        Error::File {
            path: self.name.clone(),
            error,
        }
    }

    /// Writes the file to the disk.
    pub(super) fn finish(mut self) -> Result<Sum, Error> {
        let written = self
            .file
            .flush()
            .and_then(|()| self.file.get_ref().file.sync_all());
        written.map_err(|error| self.failed(error))?;
        let Hashed { hash, bytes, .. } = self.file.get_mut();
        Ok(Sum {
            bytes: *bytes,
            sha256: hex(&hash.finalize_reset()),
        })
    }
}

/// Returns the checksum of a file that exists.
pub(super) fn sum_of(path: &Path) -> std::io::Result<Sum> {
    let (mut file, mut hash) = (File::open(path)?, Sha256::new());
    let (mut buffer, mut bytes) = (vec![0; 1 << 16], 0);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(Sum {
                bytes,
                sha256: hex(&hash.finalize()),
            });
        }
        hash.update(&buffer[..read]);
        bytes += read as u64;
    }
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
