//! What a fetch has done so far, for progress bars.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts of a fetch that goes on.
#[derive(Debug, Default)]
pub struct Counters {
    /// Files that this fetch asks for.
    pub wanted: AtomicU64,
    pub stored: AtomicU64,
    /// Files that were given up, or need a new URL.
    pub failed: AtomicU64,
    /// Bytes that were received, useless ones included.
    pub bytes: AtomicU64,
}

impl Counters {
    pub(super) fn received(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}
