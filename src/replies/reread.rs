//! The one reader of replies: of one that has just arrived, and of every one that is kept.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::Packer;
use crate::api::{self, Entry, Malformed, endpoints};
use crate::model::Harvest;

/// Turns the bytes of an endpoint's reply to `subject` into rows.
pub type HarvestReply =
    fn(entry: &Entry, subject: &str, body: &[u8]) -> std::result::Result<Harvest, Malformed>;

/// Reads replies. A reader that panics is a reply that cannot be read, never the end of a task.
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
    /// Returns a reader that harvests with `harvest`.
    #[must_use]
    pub fn new(harvest: HarvestReply) -> Self {
        Self { harvest }
    }

    /// Reads the body of a reply.
    ///
    /// # Errors
    /// Returns the place in the reply and the reason if nothing of it can be kept, also if the reader panics.
    pub fn read(
        &self,
        entry: &Entry,
        subject: &str,
        body: &[u8],
    ) -> std::result::Result<Harvest, Malformed> {
        catch_unwind(AssertUnwindSafe(|| (self.harvest)(entry, subject, body))).unwrap_or_else(
            |_| {
                Err(Malformed::new(
                    "the reply",
                    "its reader failed; please report this",
                ))
            },
        )
    }

    /// Reads a kept reply again.
    ///
    /// # Errors
    /// Returns why the reply cannot be read.
    pub fn reread(
        &self,
        packer: &Packer,
        endpoint: &str,
        subject: &str,
        body: &[u8],
    ) -> std::result::Result<Harvest, String> {
        let entry = endpoints::find(endpoint).ok_or("there is no such endpoint")?;
        let body = unpack(packer, Some(body))?;
        self.read(entry, subject, &body)
            .map_err(|why| format!("its raw reply cannot be read at {why}"))
    }
}

/// Returns a reply as it was kept.
///
/// # Errors
/// Returns why there is no reply, or why it does not unpack.
pub fn unpack(packer: &Packer, body: Option<&[u8]>) -> std::result::Result<Vec<u8>, String> {
    let body = body.ok_or("its raw reply is not there")?;
    let reply = packer.unpack(body);
    reply.map_err(|error| format!("its raw reply does not unpack: {error}"))
}

/// Returns the subject among the parameters of a call by hand, which the ledger keeps as JSON.
#[must_use]
pub fn by_hand(entry: &Entry, parameters: &str) -> String {
    let parameters: serde_json::Value = serde_json::from_str(parameters).unwrap_or_default();
    entry
        .subject
        .and_then(|name| parameters.get(name)?.as_str())
        .unwrap_or_default()
        .to_owned()
}
