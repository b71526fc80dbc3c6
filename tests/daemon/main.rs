//! Tests of the real program against the simulator: its archive, its costs, and how it ends.

mod archive;
mod budget;
mod call;
mod changes;
mod commands;
mod complete;
mod config;
mod dictionaries;
mod errors;
mod export;
mod graphs;
mod hostile;
mod known;
mod missing;
mod opening;
mod plan;
mod program;
mod readers;
mod refusals;
mod remote;
mod secrets;
mod seeds;
mod signals;
mod status;
mod stops;
mod support;
