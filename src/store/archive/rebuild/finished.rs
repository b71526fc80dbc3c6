//! The last step of a new file: it takes the archive's place.

use crate::store::Result;
use crate::store::db::{Hold, Partial};

/// A new file that is ready to take the archive's place.
pub struct Finished {
    hold: Hold,
    partial: Partial,
}

impl Finished {
    pub(super) const fn new(hold: Hold, partial: Partial) -> Self {
        Self { hold, partial }
    }

    /// Returns whether no other process has the archive open, which is needed to replace it.
    ///
    /// # Errors
    /// Returns `Changed` if another process wrote to the archive.
    pub async fn is_alone(&mut self) -> Result<bool> {
        self.hold.exclude_readers().await
    }

    /// Puts the new file in the archive's place.
    ///
    /// # Errors
    /// Returns why it cannot be done. The archive is unchanged then.
    pub async fn replace(self) -> Result<()> {
        self.hold.replace_by(self.partial).await
    }

    /// Removes the new file.
    pub async fn discard(self) {
        self.hold.release().await;
    }
}
