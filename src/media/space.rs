//! The free space of the disk, less what the files in flight still need.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::failure::Failure;
use super::folder::Folder;
use crate::store::read;

/// Free space that must be left.
#[derive(Clone)]
pub(super) struct Space {
    /// A file of the folder, which need not exist.
    place: PathBuf,
    min_free_bytes: u64,
    promised: Arc<AtomicU64>,
}

/// Space for the rest of a file.
pub(super) struct Promise {
    promised: Arc<AtomicU64>,
    bytes: u64,
}

impl Space {
    pub(super) fn new(folder: &Folder, min_free_bytes: u64) -> Self {
        Self {
            place: folder.path().join("lock"),
            min_free_bytes,
            promised: Arc::default(),
        }
    }

    /// Sets space aside.
    ///
    /// # Errors
    /// Returns `DiskFull` if too little would be free after it.
    pub(super) fn promise(&self, bytes: u64) -> Result<Promise, Failure> {
        let before = self.promised.fetch_add(bytes, Ordering::Relaxed);
        let promise = Promise {
            promised: self.promised.clone(),
            bytes,
        };
        self.check(before.saturating_add(bytes))?;
        Ok(promise)
    }

    /// Checks that so many bytes can be written.
    pub(super) fn check(&self, bytes: u64) -> Result<(), Failure> {
        match read::free_bytes(&self.place) {
            Some(free) if free < self.min_free_bytes.saturating_add(bytes) => {
                Err(Failure::DiskFull)
            }
            _ => Ok(()),
        }
    }
}

impl Promise {
    /// Notes that bytes were written, which the system counts from now on.
    pub(super) fn used(&mut self, bytes: u64) {
        let used = bytes.min(self.bytes);
        self.bytes -= used;
        self.promised.fetch_sub(used, Ordering::Relaxed);
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.promised.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
