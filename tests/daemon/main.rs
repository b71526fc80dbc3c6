//! The real program against the simulator: what it archives, what it pays, and how it ends.

mod archive;
mod complete;
mod errors;
mod stops;
mod support;
