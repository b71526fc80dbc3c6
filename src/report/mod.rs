//! Questions about an archive, answered as data.

pub mod condition;
mod drift;
pub mod estimate;
pub mod follow_ups;
mod pages;
pub mod stale;
mod state;
pub mod status;
pub mod to_go;
pub mod words;
