//! What an export wrote.

use super::output::Sum;
use crate::store::read::ExportColumn;

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenFile {
    /// In the folder of the export.
    pub path: String,
    pub rows: u64,
    pub sum: Sum,
}

/// A table or network that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub name: String,
    pub about: String,
    /// Empty for a network.
    pub columns: Vec<ExportColumn>,
    /// One, but in a lake.
    pub files: Vec<WrittenFile>,
}

impl Written {
    /// The number of its rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.files.iter().map(|file| file.rows).sum()
    }

    /// The size of its files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.sum.bytes).sum()
    }
}
