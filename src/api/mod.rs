//! Talking to the remote: one request, what came of it, and what that means.

pub mod client;
pub mod error;
pub mod retry;
pub mod scrub;
pub mod secret;

pub use client::{Answer, Body, Client, CutBody, Facts, Method, Reply, Request};
pub use error::{Asked, Error};
pub use scrub::Scrubber;
pub use secret::Secret;
