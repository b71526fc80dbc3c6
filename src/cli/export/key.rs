//! The key of the pseudonyms of an export.

use std::path::Path;

use crate::cli::Usage;
use crate::export::Key;

/// Reads the key of a file.
pub(super) fn key(file: &Path) -> Result<Key, Usage> {
    Key::read(file).map_err(|why| Usage(format!("{}: {why}", file.display())))
}
