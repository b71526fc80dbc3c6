//! Watches the write-ahead log of an archive: while a snapshot is held, a daemon's writes make it grow.

use std::path::PathBuf;

use super::Progress;
use crate::store::read::log_bytes;

/// How much the log may grow before somebody is told.
const GROWTH: u64 = 256 << 20;

pub(super) struct Log {
    archive: PathBuf,
    /// The size above which the next warning comes.
    warn_at: u64,
}

impl Log {
    pub(super) fn of(archive: PathBuf) -> Self {
        let bytes = log_bytes(&archive).unwrap_or(0);
        Self {
            archive,
            warn_at: bytes + GROWTH,
        }
    }

    /// Reports the size of the log if it has grown, and again each time it has doubled.
    pub(super) fn watch(&mut self, progress: &mut dyn Progress) {
        let bytes = log_bytes(&self.archive).unwrap_or(0);
        if bytes > self.warn_at {
            self.warn_at = 2 * bytes;
            progress.log_grew(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::{GROWTH, Log, Progress};

    #[derive(Default)]
    struct Told(Vec<u64>);

    impl Progress for Told {
        fn table(&mut self, _: &str, _: u64) {}
        fn rows(&mut self, _: u64) {}
        fn log_grew(&mut self, bytes: u64) {
            self.0.push(bytes);
        }
    }

    #[test]
    fn a_log_that_grows_is_reported_once_for_each_doubling() {
        let place = tempfile::tempdir().unwrap();
        let wal = File::create(place.path().join("a.db-wal")).unwrap();
        wal.set_len(10).unwrap();
        let mut log = Log::of(place.path().join("a.db"));
        let mut told = Told::default();
        for size in [
            GROWTH,
            GROWTH + 11,
            GROWTH + 12,
            2 * GROWTH,
            2 * GROWTH + 30,
        ] {
            wal.set_len(size).unwrap();
            log.watch(&mut told);
        }
        assert_eq!(told.0, [GROWTH + 11, 2 * GROWTH + 30]);
    }
}
