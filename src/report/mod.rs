//! Questions about an archive, answered as data.

pub mod estimate;
pub mod follow_ups;
mod pages;
pub mod status;
