//! Which keys of which objects the parsers ask for, while somebody records it.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;

/// The keys that were asked for, by the address of their object.
#[derive(Default)]
pub(super) struct Asked(HashSet<(usize, String)>);

thread_local! {
    static IS_RECORDED: Cell<bool> = const { Cell::new(false) };
    static ASKED: RefCell<Asked> = RefCell::default();
}

impl Asked {
    pub(super) fn has<T>(&self, object: &T, key: &str) -> bool {
        let address = std::ptr::from_ref(object).addr();
        self.0.contains(&(address, key.to_owned()))
    }
}

/// Notes that a key is asked for. Outside of a recording this is one look at a flag.
pub(super) fn note<T>(object: &T, key: &str) {
    if IS_RECORDED.get() {
        let address = std::ptr::from_ref(object).addr();
        ASKED.with_borrow_mut(|asked| asked.0.insert((address, key.to_owned())));
    }
}

/// Ends the recording, also if the work panics.
struct Recording;

impl Drop for Recording {
    fn drop(&mut self) {
        IS_RECORDED.set(false);
    }
}

/// Runs some work on this thread, and returns what it asked for. No object may move meanwhile.
pub(super) fn recorded(work: impl FnOnce()) -> Asked {
    ASKED.take();
    IS_RECORDED.set(true);
    let recording = Recording;
    work();
    drop(recording);
    ASKED.take()
}
