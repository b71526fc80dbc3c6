//! Talking to the remote: what can be called, and what its replies mean.

pub mod endpoint;
pub mod endpoints;
pub mod json;
mod mend;
mod parse;
mod reply;

pub use endpoint::{Entry, Malformed};
pub use reply::{harvest, payload_json};
