//! The only writer: pages, failures, leases and calls, many per transaction.

mod batch;
mod by_hand;
mod group;
mod imported;
mod operation;
pub(in crate::store) mod page;
mod times;

pub use batch::Writer;
pub use imported::{ImportedReply, Importing};
pub use page::{Next, PageCommit};
