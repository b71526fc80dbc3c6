//! Questions about an archive, answered as data.

pub mod estimate;
pub mod status;
