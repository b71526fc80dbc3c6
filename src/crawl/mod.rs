//! The engine: lease a job, call, harvest, keep the page; again.
//!
//! `worker` reads as that sentence; `acquire`, `read`, `commit` and `fail` are its parts, and `walk` is what it holds. What to
//! do after an answer (`decide`) and what to follow (`plan`, `admit`) are pure; `upkeep` gives back what was abandoned, and
//! sees when there is nothing left; `train` makes the dictionaries that raw replies are compressed with.

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
