//! The remote API: endpoints, requests, replies and the meaning of errors.

pub mod account;
mod asked;
pub mod client;
mod decode;
pub mod endpoint;
pub mod endpoints;
pub mod error;
pub mod json;
pub mod limiter;
mod outcome;
mod parse;
mod payload;
mod proof;
mod repair;
pub mod reply;
pub mod request;
pub mod retry;
pub mod scrub;
pub mod secret;
mod survey;
mod wording;

pub use client::Client;
pub use endpoint::{Entry, Malformed};
pub use error::{Asked, Error};
pub use limiter::Limiter;
pub use parse::url_expiry;
pub use payload::{escaped, harvest, payload_json, repaired};
pub use proof::{is_telling, tells_failure, tells_more};
pub use reply::{Answer, CutBody, Facts, Reply};
pub use request::{Body, Method, Request};
pub use scrub::Scrubber;
pub use secret::Secret;
pub use survey::{JsonType, Sight, masked, survey};
pub use wording::is_no;
