//! The engine: leases a job, calls the remote, harvests the reply, commits the page, and repeats.
//!
//! `worker` contains that loop. `acquire`, `read`, `commit`, `fail` and `settle` are its steps, and `walk` is the state
//! between them. The decisions are pure: `decide` (after an answer), `plan` and `admit` (which follow-ups to fetch).
//! `upkeep` releases due jobs and expired leases, and detects the end of the run. `train` creates the dictionaries that
//! compress raw replies.

mod acquire;
pub mod admit;
mod commit;
pub mod decide;
mod engine;
mod fail;
pub mod plan;
mod read;
mod replan;
pub mod seen;
mod settle;
mod train;
mod upkeep;
mod walk;
mod worker;

pub use engine::{Counters, Engine, Parts, Settings, StopCause};
pub use plan::Plan;
pub use settle::{settlement, unpaid};
pub use train::train;
pub use upkeep::tend;
pub use worker::work;

#[cfg(test)]
mod tests;
