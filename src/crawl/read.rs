//! Turns an answer into its harvest or its error, and reads the facts that its decision needs.

use super::engine::Engine;
use crate::api::{self, Answer, Asked, Entry, Reply, error};
use crate::model::{Harvest, Lease};
use crate::replies::People;

/// Takes erased people out of a reply. Also returns the reply as it came, if it showed somebody of them.
pub fn without_erased(people: &People, subject: &str, reply: Reply) -> (Reply, Option<Reply>) {
    let Reply::Answered(answer) = &reply else {
        return (reply, None);
    };
    let Some(taken) = people.taken_out_of_reply(subject, answer.bytes()) else {
        return (reply, None);
    };
    let mut without: Answer = answer.clone();
    match &mut without.body {
        Ok(bytes) => *bytes = taken.body,
        Err(cut) => cut.partial = taken.body,
    }
    (Reply::Answered(without), Some(reply))
}

/// Returns the harvest of a reply. The items are those of the `whole` reply, if people were taken out of it: whether a walk
/// goes on depends on what the remote lists.
///
/// # Errors
/// Returns the classified error if the reply is not a page or is unreadable.
pub(super) fn read(
    engine: &Engine,
    lease: &Lease,
    entry: &Entry,
    reply: &Reply,
    whole: Option<Reply>,
) -> std::result::Result<Harvest, api::Error> {
    let asked = Asked {
        subject: &lease.subject,
        had_cursor: lease.cursor.is_some(),
        now: engine.now(),
    };
    let of = |reply: &Reply| -> std::result::Result<Harvest, api::Error> {
        let body = error::of_reply(reply, asked, &engine.parts.scrubber)?;
        let reader = &engine.parts.reader;
        Ok(reader.read(entry, &lease.subject, body)?)
    };
    let harvest = of(reply)?;
    Ok(match whole.map(|whole| of(&whole)) {
        Some(Ok(whole)) => Harvest {
            items: whole.items,
            doubt: whole.doubt,
            is_redacted: true,
            ..harvest
        },
        _ => harvest,
    })
}

/// Returns what was read for a decision about a paid reply. An error of reading must not lose the reply, so the decision
/// is made without the fact.
pub(super) fn read_or_default<T: Default>(read: crate::store::Result<T>) -> T {
    read.unwrap_or_else(|error| {
        tracing::warn!(%error, "the archive cannot be read; deciding about a reply without it");
        T::default()
    })
}
