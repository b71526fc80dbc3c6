//! From the bytes of a reply to its payload: the envelope, errors inside it, and text that is almost JSON.

use super::endpoint::{Entry, Malformed};
use super::json::Json;
use crate::model::Harvest;

/// Everything that a paid reply holds. Pure, so that stored replies can be read again.
///
/// # Errors
/// Where nothing of the reply can be kept: it is not JSON, says that it failed, or lacks what was asked for.
pub fn harvest(entry: &Entry, subject: &str, body: &[u8]) -> Result<Harvest, Malformed> {
    let _ = (entry, subject, body);
    Err(Malformed::new("body", "not read yet"))
}

/// The payload of a reply, printed for people.
///
/// # Errors
/// As [`harvest`].
pub fn payload_json(body: &[u8]) -> Result<String, Malformed> {
    let text =
        std::str::from_utf8(body).map_err(|error| Malformed::new("body", error.to_string()))?;
    let tree = Json::parse(text).map_err(|error| Malformed::new("body", error.to_string()))?;
    serde_json::to_string_pretty(&tree).map_err(|error| Malformed::new("data", error.to_string()))
}
