//! Talking to the remote: one request, what came of it, and what that means.

pub mod client;
pub mod error;
pub mod reply;
pub mod request;
pub mod retry;
pub mod scrub;
pub mod secret;

pub use client::Client;
pub use error::{Asked, Error};
pub use reply::{Answer, CutBody, Facts, Reply};
pub use request::{Body, Method, Request};
pub use scrub::Scrubber;
pub use secret::Secret;
