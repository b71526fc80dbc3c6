//! Talking to the remote: what can be called, one request, what came of it, and what that means.

pub mod client;
pub mod endpoint;
pub mod endpoints;
pub mod error;
pub mod json;
pub mod limiter;
mod mend;
mod parse;
mod reply;
pub mod retry;
pub mod scrub;
pub mod secret;

pub use client::{Answer, Body, Client, CutBody, Facts, Method, Reply, Request};
pub use endpoint::{Entry, Malformed};
pub use error::{Asked, Error};
pub use limiter::Limiter;
pub use reply::{harvest, payload_json};
pub use scrub::Scrubber;
pub use secret::Secret;
