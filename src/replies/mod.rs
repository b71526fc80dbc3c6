//! Raw replies: how they are packed, what they are packed with, and how they are read again.

mod codec;
pub mod reread;
mod training;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use codec::{Packer, checksum};
pub use reread::Reader;
pub use training::{Training, train_dictionary};

/// A poisoned lock means that a thread panicked; what it guards is still whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
