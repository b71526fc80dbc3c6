//! How the shape of the remote's replies changes: every path, when it was seen, and what is new, gone or of another type.

mod history;
mod mark;
mod paths;
mod scan;

pub use history::PathHistory;
pub use mark::mark;
pub use paths::{EndpointPaths, Seen};
pub use scan::{Drift, drift, look};
