//! The engine: lease a job, call, harvest, keep the page; again.
//!
//! `worker` reads as that sentence; `begin`, `keep` and `outcome` are its parts. What to do after an answer (`decide`) and
//! what to follow (`plan`) are pure; `upkeep` gives back what was abandoned, and sees when there is nothing left; `train`
//! makes the dictionaries that `pack` compresses raw replies with.

pub mod admit;
mod answer;
mod begin;
pub mod decide;
mod engine;
pub mod estimate;
mod keep;
mod outcome;
mod pack;
pub mod plan;
mod replan;
pub mod trail;
mod train;
mod upkeep;
mod worker;

pub use answer::{settlement, unpaid};
pub use engine::{Counters, Engine, Parts, Settings, StopCause, day, now};
pub use pack::Packer;
pub use plan::Plan;
pub use trail::item_hashes;
pub use train::{Training, train};
pub use upkeep::tend;
pub use worker::work;

#[cfg(test)]
mod tests;
