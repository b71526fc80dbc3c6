//! The file: its lock, the file system it is on, transactions, and statements of many rows.

pub(in crate::store) mod copy;
mod hold;
pub(in crate::store) mod identity;
mod lock;
mod mounts;
mod optimize;
mod partial;
mod place;
mod statement;
mod transaction;

pub(in crate::store) use hold::Hold;
pub use lock::{Held, Lock};
pub use mounts::network_file_system;
pub(in crate::store) use partial::{Partial, folder_of};
pub(in crate::store) use place::{Place, check_is_file_name, check_name, create_private};
pub(in crate::store) use statement::{GivenRow, Statement, Value};
pub(in crate::store) use transaction::Writing;
