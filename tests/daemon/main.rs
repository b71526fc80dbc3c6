//! The real program against the simulator: what it archives, what it pays, and how it ends.

mod archive;
mod budget;
mod complete;
mod errors;
mod kill;
mod readers;
mod remote;
mod signals;
mod stops;
mod support;
