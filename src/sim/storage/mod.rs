//! The storage that serves the files of a world: signed URLs, ranges, and faults of its own.

mod answer;
mod file;
mod range;
mod served;

pub(super) use answer::answer;
pub use file::File;
pub(super) use file::files;
pub use served::Requests;
pub(super) use served::Served;
