//! What an answer means, by who must act on it.

use std::time::Duration;

use super::{Answer, Facts, Reply, Scrubber};

/// Why a call gave no page. Each variant is a decision, not a diagnosis.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The remote wants fewer calls; all workers obey.
    #[error("throttled{}", match after { Some(wait) => format!(", for {} s", wait.as_secs_f64()), None => String::new() })]
    Throttled { after: Option<Duration> },
    /// Temporary: the same call may succeed later.
    #[error("temporarily unavailable: {why}")]
    Unavailable { why: String },
    /// Something before the remote (Cloudflare) turns us away: temporary, but only patience helps.
    #[error("blocked: {why}")]
    Blocked { after: Duration, why: String },
    /// The key or the account: the operator must act, and the run stops.
    #[error("refused: {why}")]
    Refused { status: u16, why: String },
    /// The path itself is gone: the endpoint stops, not one job after another.
    #[error("the endpoint is not offered any more: {why}")]
    Retired { why: String },
    /// The subject does not exist (any more): the job ends.
    #[error("gone: {why}")]
    Gone { why: String },
    /// Paid for and not readable: the raw reply is kept.
    #[error("cannot be read at {at}: {why}")]
    Malformed { at: String, why: String },
    /// The request itself is wrong: no repetition can help.
    #[error("not a valid request: {why}")]
    Invalid { why: String },
    /// The cursor that was sent is not accepted: the walk goes back to its head, once.
    #[error("the cursor was refused: {why}")]
    CursorRefused { why: String },
}

/// What of the request decides over the meaning of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Asked {
    pub had_cursor: bool,
    /// Our clock, Unix seconds; used where the answer has no `Date` of its own.
    pub now: f64,
}

/// The whole body of a successful reply, or what to do about its failure.
///
/// # Errors
/// What came back was no page; see [`Error`].
pub fn of_reply<'a>(reply: &'a Reply, asked: Asked, scrub: &Scrubber) -> Result<&'a [u8], Error> {
    match reply {
        Reply::Answered(answer) => of_answer(answer, asked, scrub),
        Reply::NeverSent { why } => Err(Error::Unavailable {
            why: format!("not sent: {why}"),
        }),
        Reply::Unknown { why } => Err(Error::Unavailable {
            why: format!("no answer: {why}"),
        }),
    }
}

fn of_answer<'a>(answer: &'a Answer, asked: Asked, scrub: &Scrubber) -> Result<&'a [u8], Error> {
    classify(answer.status, &answer.facts, answer.bytes(), asked, scrub)?;
    match &answer.body {
        Ok(bytes) => Ok(bytes),
        Err(cut) if cut.too_large => Err(Error::Malformed {
            at: "the body".to_owned(),
            why: cut.why.clone(),
        }),
        Err(cut) => Err(Error::Unavailable {
            why: format!("the body was {}", cut.why),
        }),
    }
}

/// Sorts an answer by who must act on it (api/README.md §4). Pure; every `why` is scrubbed, short and one line.
///
/// # Errors
/// The answer is not a success.
pub fn classify(
    status: u16,
    facts: &Facts,
    body: &[u8],
    asked: Asked,
    scrub: &Scrubber,
) -> Result<(), Error> {
    let _ = (facts, body, asked, scrub);
    if (200..300).contains(&status) {
        Ok(())
    } else {
        Err(Error::Unavailable {
            why: format!("HTTP {status}"),
        })
    }
}
