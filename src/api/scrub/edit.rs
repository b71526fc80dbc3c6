//! A range of a text that is replaced.

/// A byte range and its replacement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edit<'s> {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) with: &'s [u8],
}
