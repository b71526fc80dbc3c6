//! soracrawl: a crawler that never pays twice for a page.

pub mod api;
pub mod config;
pub mod crawl;
pub mod model;
pub mod store;
