//! The only reader of replies, for new ones and for those in the archive.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::Packer;
use crate::api::{self, Entry, Malformed, endpoints};
use crate::model::Harvest;

/// Parses the body of an endpoint's reply about `subject` into rows.
pub type HarvestReply =
    fn(entry: &Entry, subject: &str, body: &[u8]) -> std::result::Result<Harvest, Malformed>;

/// Reads replies. A panic of the parser makes the reply unreadable, but does not end the task.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    harvest: HarvestReply,
}

impl Default for Reader {
    fn default() -> Self {
        Self::new(api::harvest)
    }
}

impl Reader {
    /// Returns a reader that parses with `harvest`.
    #[must_use]
    pub fn new(harvest: HarvestReply) -> Self {
        Self { harvest }
    }

    /// Reads the body of a reply.
    ///
    /// # Errors
    /// Returns the place in the reply and the reason if the reply is unreadable, also if the parser panics.
    pub fn read(
        &self,
        entry: &Entry,
        subject: &str,
        body: &[u8],
    ) -> std::result::Result<Harvest, Malformed> {
        catch_unwind(AssertUnwindSafe(|| (self.harvest)(entry, subject, body))).unwrap_or_else(
            |_| {
                Err(Malformed::new(
                    "body",
                    "the parser panicked; please report this bug",
                ))
            },
        )
    }

    /// Parses a raw reply from the archive.
    ///
    /// # Errors
    /// Returns the reason if the endpoint is unknown, or if the reply cannot be decompressed or parsed.
    pub fn reread(
        &self,
        packer: &Packer,
        endpoint: &str,
        subject: &str,
        body: &[u8],
    ) -> std::result::Result<Harvest, String> {
        let entry = endpoints::find(endpoint).ok_or("unknown endpoint")?;
        let body = unpack(packer, Some(body))?;
        self.read(entry, subject, &body)
            .map_err(|why| format!("raw reply unreadable at {why}"))
    }
}

/// Returns the decompressed body of a raw reply.
///
/// # Errors
/// Returns the reason if the raw reply is missing or cannot be decompressed.
pub fn unpack(packer: &Packer, body: Option<&[u8]>) -> std::result::Result<Vec<u8>, String> {
    let body = body.ok_or("raw reply missing")?;
    let reply = packer.unpack(body);
    reply.map_err(|error| format!("raw reply cannot be decompressed: {error}"))
}

/// Returns the subject of a call without a job. The ledger stores all parameters of a call by hand as a JSON object, and
/// the bare subject of an imported reply.
#[must_use]
pub fn by_hand(entry: &Entry, parameters: &str) -> String {
    if !parameters.starts_with('{') {
        return parameters.to_owned();
    }
    let parameters: serde_json::Value = serde_json::from_str(parameters).unwrap_or_default();
    entry
        .subject
        .and_then(|name| parameters.get(name)?.as_str())
        .unwrap_or_default()
        .to_owned()
}
