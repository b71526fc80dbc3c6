//! WARC 1.1 (iipc/warc-specifications): records, written and read.

mod read;
mod write;

pub use read::{Next, Record, Records};
pub use write::{Written, record};
