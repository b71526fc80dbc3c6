//! The file: its lock, the file system it is on, transactions, and statements of many rows.

pub(in crate::store) mod identity;
mod lock;
mod mounts;
mod statement;
mod transaction;

pub use lock::{Held, Lock};
pub use mounts::network_file_system;
pub(in crate::store) use statement::{GivenRow, Statement, Value};
pub(in crate::store) use transaction::Writing;
