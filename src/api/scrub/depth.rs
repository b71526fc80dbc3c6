//! How deep a value of a capture is: in brackets, and in texts that are JSON.

use super::units::LEVELS;

/// Values deeper than this are passed over, also those in texts: no reply is read as deep.
const DEEPEST: u32 = 256;

/// How deep a value is.
#[derive(Clone, Copy, Default)]
pub(super) struct Depth {
    brackets: u32,
    /// Texts that are JSON. An escape of an escape may be so short that brackets alone allow many of these.
    texts: u32,
}

impl Depth {
    pub(super) fn in_brackets(self) -> Self {
        let brackets = self.brackets + 1;
        Self { brackets, ..self }
    }

    /// Returns the depth of what is in a text; `None` if that is not looked at.
    pub(super) fn in_text(self) -> Option<Self> {
        let texts = self.texts + 1;
        (self.is_open() && texts <= LEVELS).then_some(Self { texts, ..self })
    }

    /// Returns whether what is in brackets here is looked at.
    pub(super) fn is_open(self) -> bool {
        self.brackets < DEEPEST
    }
}
