//! What an erasure tells others: a daemon, and a person who waits.

/// A daemon that works on the archive meanwhile.
pub trait Daemon {
    /// Lets the daemon read the erased people and the dictionaries again. Returns when no reply is kept without them.
    fn learn(&self) -> impl Future<Output = Result<(), String>>;
    /// Returns whether no other process may write to the archive.
    fn is_absent(&self) -> bool;
}

/// How far an erasure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub step: &'static str,
    pub done: i64,
    pub all: i64,
}

/// What an erasure did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    pub rows: u64,
    pub texts: u64,
    pub replies: u64,
    pub dictionaries: usize,
    pub shared_names: Vec<String>,
    /// A daemon uses the file, so its bytes are not overwritten yet.
    pub is_waiting: bool,
}
