//! What an answer means, by who must act on it.

mod detail;
mod wait;

use std::time::Duration;

use detail::Detail;

use super::{Answer, Facts, Malformed, Reply, Scrubber};

/// How long a block of Cloudflare is left alone: asking again soon prolongs it.
const BLOCKED: Duration = Duration::from_secs(30);
/// Letters of a `why`: enough for the vendor's sentence, not for a page of HTML.
const MAX_WHY: usize = 200;

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
    /// A 404 that names neither the path nor the subject.
    #[error("not found: {why}")]
    Unclear { why: String },
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

impl From<Malformed> for Error {
    fn from(malformed: Malformed) -> Self {
        let Malformed { at, why } = malformed;
        Self::Malformed { at, why }
    }
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
    let unavailable = |why: String| {
        Err(Error::Unavailable {
            why: short(&why, scrub),
        })
    };
    match reply {
        Reply::Answered(answer) => of_answer(answer, asked, scrub),
        Reply::NeverSent { why } => unavailable(format!("not sent: {why}")),
        Reply::Unknown { why } => unavailable(format!("no answer: {why}")),
    }
}

fn of_answer<'a>(answer: &'a Answer, asked: Asked, scrub: &Scrubber) -> Result<&'a [u8], Error> {
    match &answer.body {
        Ok(bytes) => {
            classify(answer.status, &answer.facts, bytes, asked, scrub)?;
            Ok(bytes)
        }
        Err(cut) if answer.is_billed() && cut.too_large => Err(Error::Malformed {
            at: "the body".to_owned(),
            why: short(&cut.why, scrub),
        }),
        // Half a body may have lost the very word that these depend on, and a wrong "retired" stops an endpoint.
        Err(cut) if matches!(answer.status, 200..300 | 400 | 403 | 404 | 410 | 422) => {
            let why = format!("HTTP {}, and the body was {}", answer.status, cut.why);
            Err(Error::Unavailable {
                why: short(&why, scrub),
            })
        }
        Err(cut) => {
            classify(answer.status, &answer.facts, &cut.partial, asked, scrub)?;
            Ok(&cut.partial)
        }
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
    if (200..300).contains(&status) {
        return Ok(());
    }
    let detail = Detail::of(body);
    let why = short(&detail.why(status, facts), scrub);
    let unavailable = |why| Err(Error::Unavailable { why });
    match status {
        // Followed, it would carry the key to a host that nobody named.
        300..400 => {
            let place = facts.location.as_deref().map_or("nowhere", host);
            unavailable(short(
                &format!("HTTP {status}: redirect to {place} not followed"),
                scrub,
            ))
        }
        // The vendor's word for "the upstream failed"; it is not billed.
        400 if detail.asks_to_retry() => unavailable(why),
        400 | 422 if asked.had_cursor => Err(Error::CursorRefused { why }),
        401 | 402 => Err(Error::Refused { status, why }),
        403 if detail.is_vendors() => Err(Error::Refused { status, why }),
        403 => Err(Error::Blocked {
            after: BLOCKED,
            why: format!(
                "{why}; something before the remote turns us away, trying again after a long wait"
            ),
        }),
        404 | 410 if detail.names_the_subject() => Err(Error::Gone { why }),
        404 | 410 if !detail.names_the_path() => Err(Error::Unclear { why }),
        404 | 405 | 410 => Err(Error::Retired { why }),
        451 => Err(Error::Gone { why }),
        408 | 429 => Err(Error::Throttled {
            after: wait::after(facts, asked.now),
        }),
        // Overload that says when to come back is a throttle by another name.
        503 if facts.retry_after.is_some() => Err(Error::Throttled {
            after: wait::after(facts, asked.now),
        }),
        407 | 409 | 421 | 423..=425 => unavailable(why),
        400..500 => Err(Error::Invalid { why }),
        _ => unavailable(why),
    }
}

/// A text for the log, the database and the terminal: without secrets and control characters, on one line, not long.
fn short(text: &str, scrub: &Scrubber) -> String {
    // First the control characters, so that none of them can hide the key from the scrubber.
    let visible: String = text
        .chars()
        .map(|letter| if letter.is_whitespace() { ' ' } else { letter })
        .filter(|letter| !letter.is_control() && !is_direction(*letter))
        .collect();
    let clean = scrub.scrub_text(&visible);
    let words = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() <= MAX_WHY {
        return words;
    }
    words.chars().take(MAX_WHY - 1).chain(['…']).collect()
}

/// Characters that turn or hide the text after them on a terminal.
fn is_direction(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The scheme and host of a URL; the rest may hold anything.
fn host(location: &str) -> &str {
    let Some((scheme, rest)) = location.split_once("//") else {
        return "a path of its own";
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host_start = rest[..end].rfind('@').map_or(0, |at| at + 1);
    if host_start > 0 {
        &rest[host_start..end]
    } else {
        &location[..scheme.len() + 2 + end]
    }
}

#[cfg(test)]
mod tests;
