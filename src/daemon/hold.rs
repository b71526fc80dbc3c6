//! Requests that change the queue wait until no call is in flight.

use std::sync::Arc;

use crate::crawl::{Engine, Hold};

/// Why a request changed nothing.
pub(super) enum Undone {
    Refused(String),
    /// The daemon stops; the next one carries it out.
    Later,
}

impl From<String> for Undone {
    fn from(why: String) -> Self {
        Self::Refused(why)
    }
}

/// Waits until no call is in flight, and keeps calls from beginning; nothing to do without an engine.
pub(super) async fn hold(engine: Option<&Arc<Engine>>) -> Result<Option<Hold<'_>>, Undone> {
    match engine {
        Some(engine) => engine.hold().await.map(Some).ok_or(Undone::Later),
        None => Ok(None),
    }
}
