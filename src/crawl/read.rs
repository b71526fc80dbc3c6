//! Turns an answer into its harvest or its error, and reads the facts that its decision needs.

use super::engine::Engine;
use crate::api::{self, Asked, Entry, Reply, error};
use crate::model::{Harvest, Lease};

/// Returns the harvest of a reply.
///
/// # Errors
/// Returns the classified error if the reply is not a page or is unreadable.
pub(super) fn read(
    engine: &Engine,
    lease: &Lease,
    entry: &Entry,
    reply: &Reply,
) -> std::result::Result<Harvest, api::Error> {
    let asked = Asked {
        subject: &lease.subject,
        had_cursor: lease.cursor.is_some(),
        now: engine.now(),
    };
    let body = error::of_reply(reply, asked, &engine.parts.scrubber)?;
    let reader = &engine.parts.reader;
    reader
        .read(entry, &lease.subject, body)
        .map_err(api::Error::from)
}

/// Returns what was read for a decision about a paid reply. An error of reading must not lose the reply, so the decision
/// is made without the fact.
pub(super) fn read_or_default<T: Default>(read: crate::store::Result<T>) -> T {
    read.unwrap_or_else(|error| {
        tracing::warn!(%error, "the archive cannot be read; deciding about a reply without it");
        T::default()
    })
}
