//! What is to be imported, and how far it is.

use std::path::PathBuf;
use std::sync::atomic::AtomicU64;

use crate::replies::import::Given;

/// What to import, and how.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    pub paths: Vec<PathBuf>,
    pub given: Given,
}

/// How far an import is, for a progress bar.
#[derive(Debug, Default)]
pub struct Progress {
    /// Bytes of all files.
    pub bytes: AtomicU64,
    pub read: AtomicU64,
    pub replies: AtomicU64,
}
