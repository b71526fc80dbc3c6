//! From an answer to its harvest, or to the error that it means.

use super::engine::Engine;
use crate::api::{self, Asked, Entry, Reply, error};
use crate::model::{Harvest, Lease};

/// What a reply gave, or why it gave nothing.
pub(super) fn read(
    engine: &Engine,
    lease: &Lease,
    entry: &Entry,
    reply: &Reply,
) -> std::result::Result<Harvest, api::Error> {
    let asked = Asked {
        had_cursor: lease.cursor.is_some(),
        now: engine.now(),
    };
    let body = error::of_reply(reply, asked, &engine.parts.scrubber)?;
    let reader = &engine.parts.reader;
    reader
        .read(entry, &lease.subject, body)
        .map_err(api::Error::from)
}
