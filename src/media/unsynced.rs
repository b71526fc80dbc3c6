//! Parts that a loss of power may have left with holes. While a fetch goes on, a file beside the parts names the start of the
//! system. If another start finds it, nothing tells which bytes of the parts had reached the disk.

use std::io::{self, ErrorKind, Read, Write};
use std::path::PathBuf;

use super::folder::{Folder, PARTS};

/// Its name is no part's: those begin with a digit.
const MARK: &str = "boot";
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
/// Longest mark.
const MAX_BYTES: u64 = 200;

impl Folder {
    /// Begins to write parts. Deletes those that may have holes, and returns their number. The caller holds the turn.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be read or written.
    pub fn begin_parts(&self) -> io::Result<usize> {
        // Without a name, each start counts as another one.
        let boot = std::fs::read_to_string(BOOT_ID).unwrap_or_default();
        let mark = self.mark();
        let earlier = match self.open(&mark) {
            Ok(file) => {
                let mut text = String::new();
                let read = file.take(MAX_BYTES).read_to_string(&mut text);
                Some(read.map_or_else(|_| String::new(), |_| text))
            }
            Err(why) if why.kind() == ErrorKind::NotFound => None,
            // What is no file is no mark of ours.
            Err(_) => Some(String::new()),
        };
        let is_whole = earlier.is_none_or(|earlier| earlier == boot && !boot.is_empty());
        let doubtful = match is_whole {
            true => Vec::new(),
            false => self.parts()?,
        };
        for part in &doubtful {
            self.delete(part)?;
        }
        let mut file = self.create(&mark)?;
        file.write_all(boot.as_bytes())?;
        file.sync_all()?;
        self.sync_names(&self.mark())?;
        Ok(doubtful.len())
    }

    /// Ends it: all bytes of the parts are on the disk.
    ///
    /// # Errors
    /// Returns an error if a part cannot be written to the disk. Then the mark stays.
    pub fn end_parts(&self) -> io::Result<()> {
        for part in self.parts()? {
            match self.open(&part) {
                Ok(file) => file.sync_all()?,
                // It is never continued.
                Err(why) if why.kind() == ErrorKind::InvalidInput => {}
                Err(why) => return Err(why),
            }
        }
        self.sync_names(&self.mark())?;
        self.delete(&self.mark())
    }

    fn mark(&self) -> PathBuf {
        self.path().join(PARTS).join(MARK)
    }

    /// Returns whatever is among the parts.
    pub(super) fn parts(&self) -> io::Result<Vec<PathBuf>> {
        let mut parts = Vec::new();
        let entries = match std::fs::read_dir(self.path().join(PARTS)) {
            Err(why) if why.kind() == ErrorKind::NotFound => return Ok(parts),
            entries => entries?,
        };
        for entry in entries {
            let path = entry?.path();
            if path != self.mark() {
                parts.push(path);
            }
        }
        Ok(parts)
    }
}
