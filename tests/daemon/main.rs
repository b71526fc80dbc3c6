//! The real program against the simulator: what it archives, what it pays, and how it ends.

mod archive;
mod budget;
mod complete;
mod config;
mod errors;
mod kill;
mod readers;
mod remote;
mod secrets;
mod signals;
mod stops;
mod support;
