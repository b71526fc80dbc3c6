//! Raw replies: compression, training of dictionaries, parsing, and reading them again.

mod again;
mod ahead;
mod codec;
pub mod drift;
mod form;
pub mod import;
mod people;
mod reparse;
pub mod reread;
mod training;
pub mod warc;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use again::{Again, Means, read_again};
pub use codec::{Packer, checksum};
pub use form::Form;
pub use people::{People, Profile, Taken, Terms, any_part, profiles_in};
pub use reparse::{Purpose, Reparsed, Step, reparse};
pub use reread::Reader;
pub use training::{Training, train_dictionary};

/// Locks a mutex. A poisoned lock means that a thread panicked; the guarded value is still consistent.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
