//! soracrawl: a crawler that never pays twice for a page.

pub mod model;
pub mod sim;
