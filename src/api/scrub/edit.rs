//! A range of a text that is replaced.

use std::ops::Range;

/// A byte range of a capture, and what takes its place.
pub(super) type Cut = (Range<usize>, Vec<u8>);

/// A byte range and its replacement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edit<'s> {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) with: &'s [u8],
}
