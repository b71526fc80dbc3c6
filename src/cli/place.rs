//! Where exports and backups must not be written.

use std::path::Path;

use crate::cli::Usage;
use crate::config::Config;
use crate::daemon;

/// Refuses a place in the folder of the files of videos, whose contents the archive knows.
pub(in crate::cli) fn check_place(config: &Config, into: &Path) -> Result<(), Usage> {
    let folder = daemon::media_folder(config);
    match folder.contains(into) {
        true => Err(Usage(format!(
            "{} is in {}, which has the stored files of videos. Name a folder elsewhere",
            into.display(),
            folder.path().display()
        ))),
        false => Ok(()),
    }
}
