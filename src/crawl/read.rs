//! Turns an answer, or a reply of the archive, into its harvest or its error, and reads the facts that its decision needs.

use super::engine::{Engine, Parts};
use crate::api::{self, Answer, Asked, Entry, Malformed, Reply, endpoints, error};
use crate::model::{Harvest, Lease};
use crate::replies::People;
use crate::replies::reread::unpack;

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
        let harvest = reader.read(entry, &lease.subject, body)?;
        match harvest.doubt.filter(|doubt| doubt.is_failure) {
            Some(doubt) => Err(Malformed::new("data", doubt.why).into()),
            None => Ok(harvest),
        }
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

/// A reply of the archive that was read again.
pub(super) struct Reread {
    pub(super) harvest: Harvest,
    body: Vec<u8>,
}

impl Reread {
    /// Reads a reply about `subject` without the people who are erased by now: their erasure may not have come to it yet.
    ///
    /// # Errors
    /// Returns the reason if the reply cannot be decompressed or parsed.
    pub(super) fn of(
        engine: &Engine,
        endpoint: &str,
        subject: &str,
        packed: &[u8],
    ) -> std::result::Result<Self, String> {
        let Parts { packer, reader, .. } = &engine.parts;
        let entry = endpoints::find(endpoint).ok_or("unknown endpoint")?;
        let body = unpack(packer, Some(packed))?;
        let harvest = |body: &[u8]| {
            let harvest = reader.read(entry, subject, body);
            harvest.map_err(|why| format!("raw reply unreadable at {why}"))
        };
        let Some(taken) = engine.people().taken_out_of_reply(subject, &body) else {
            let harvest = harvest(&body)?;
            return Ok(Self { harvest, body });
        };
        let whole = harvest(&body)?;
        let harvest = Harvest {
            items: whole.items,
            doubt: whole.doubt,
            is_redacted: true,
            ..harvest(&taken.body)?
        };
        let body = taken.body;
        Ok(Self { harvest, body })
    }

    /// Returns the reply as it is stored. It is packed again: an erasure may remove the dictionary that it was packed with.
    ///
    /// # Errors
    /// Returns an error if zstd cannot allocate memory.
    pub(super) fn packed(
        &self,
        engine: &Engine,
        endpoint: &str,
    ) -> std::result::Result<Vec<u8>, String> {
        let packed = engine.parts.packer.pack(endpoint, &self.body);
        packed.map_err(|why| format!("it cannot be compressed: {why}"))
    }
}

/// Returns what was read for a decision about a paid reply. An error of reading must not lose the reply, so the decision
/// is made without the fact.
pub(super) fn read_or_default<T: Default>(read: crate::store::Result<T>) -> T {
    read.unwrap_or_else(|error| {
        tracing::warn!(%error, "the archive cannot be read; deciding about a reply without it");
        T::default()
    })
}
