//! Meaning of an answer, classified by who must act on it.

mod about;
mod detail;
mod wait;

use std::time::Duration;

pub use about::About;
use detail::Detail;

use super::{Answer, Facts, Malformed, Reply, Scrubber};
use crate::model::is_unseen;

/// Wait after a Cloudflare block. An earlier retry prolongs the block.
const BLOCKED: Duration = Duration::from_secs(30);
/// Maximum characters of a `why`: enough for the vendor's message, too few for an HTML page.
const MAX_WHY: usize = 200;

/// Reason why a call returned no page. Each variant is a kind of evidence; `crawl::decide` weighs it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The remote asks for fewer calls. All workers wait.
    #[error("throttled{}", match after { Some(wait) => format!(": retry after {} s", wait.as_secs_f64()), None => String::new() })]
    Throttled { after: Option<Duration> },
    /// The failure is temporary. The same call may succeed later.
    #[error("temporarily unavailable: {why}")]
    Unavailable {
        why: String,
        /// No answer of the remote arrived, so the failure may concern all endpoints: no connection, no answer in time,
        /// or a gateway that cannot reach the remote.
        is_network: bool,
        /// Wait that the answer asks for.
        after: Option<Duration>,
    },
    /// A 400 that does not say what is wrong. Most often the vendor's own source failed (api/README.md §4).
    #[error("rejected: {why}")]
    Rejected {
        why: String,
        after: Option<Duration>,
    },
    /// A proxy in front of the remote (Cloudflare) blocks the client. The block ends after a long wait.
    #[error("blocked: {why}")]
    Blocked { after: Duration, why: String },
    /// The remote refuses the call: the key, the account, or this subject.
    #[error("refused: {why}")]
    Refused {
        status: u16,
        about: About,
        why: String,
    },
    /// The remote found nothing: the subject, or the path.
    #[error("not found: {why}")]
    Missing { about: About, why: String },
    /// The reply was paid for but is unreadable. The ledger stores the raw reply.
    #[error("unreadable reply at {at}: {why}")]
    Malformed { at: String, why: String },
    /// The request is wrong. A retry rarely succeeds.
    #[error("invalid request: {why}")]
    Invalid { why: String },
    /// The remote refuses the cursor. The walk restarts from its first page, once.
    #[error("cursor refused: {why}")]
    CursorRefused { why: String },
}

impl From<Malformed> for Error {
    fn from(malformed: Malformed) -> Self {
        let Malformed { at, why } = malformed;
        Self::Malformed { at, why }
    }
}

impl Error {
    /// Returns the wait that the answer asks for.
    #[must_use]
    pub fn after(&self) -> Option<Duration> {
        match self {
            Self::Throttled { after }
            | Self::Unavailable { after, .. }
            | Self::Rejected { after, .. } => *after,
            Self::Blocked { after, .. } => Some(*after),
            Self::Refused { .. }
            | Self::Missing { .. }
            | Self::Malformed { .. }
            | Self::Invalid { .. }
            | Self::CursorRefused { .. } => None,
        }
    }
}

/// Facts of the request that the meaning of its answer depends on.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Asked<'a> {
    /// The argument of the call; empty if there is none.
    pub subject: &'a str,
    pub had_cursor: bool,
    /// Local time in Unix seconds, used if the answer has no `Date` header.
    pub now: f64,
}

/// Returns the complete body of a successful reply.
///
/// # Errors
/// Returns the decision about a reply that is not a page; see [`Error`].
pub fn of_reply<'a>(
    reply: &'a Reply,
    asked: Asked<'_>,
    scrub: &Scrubber,
) -> Result<&'a [u8], Error> {
    let unavailable = |why: String| {
        Err(Error::Unavailable {
            why: short(&why, scrub),
            is_network: true,
            after: None,
        })
    };
    match reply {
        Reply::Answered(answer) => of_answer(answer, asked, scrub),
        Reply::NeverSent { why } => unavailable(format!("not sent: {why}")),
        Reply::Unknown { why } => unavailable(format!("no answer: {why}")),
    }
}

fn of_answer<'a>(
    answer: &'a Answer,
    asked: Asked<'_>,
    scrub: &Scrubber,
) -> Result<&'a [u8], Error> {
    match &answer.body {
        Ok(bytes) => {
            classify(answer.status, &answer.facts, bytes, asked, scrub)?;
            Ok(bytes)
        }
        Err(cut) if answer.is_billed() && cut.too_large => Err(Error::Malformed {
            at: "body".to_owned(),
            why: short(&cut.why, scrub),
        }),
        // A truncated body may lack the words that decide these cases, and a wrong `Retired` retires an endpoint.
        Err(cut) if matches!(answer.status, 200..300 | 400 | 401 | 403..=405 | 410 | 422 | 451) => {
            let why = format!("HTTP {}: body {}", answer.status, cut.why);
            Err(Error::Unavailable {
                why: short(&why, scrub),
                is_network: false,
                after: wait::after(&answer.facts, asked.now),
            })
        }
        Err(cut) => {
            classify(answer.status, &answer.facts, &cut.partial, asked, scrub)?;
            Ok(&cut.partial)
        }
    }
}

/// Classifies an answer by who must act on it (api/README.md §4). Pure. Every `why` is one short, scrubbed line.
///
/// # Errors
/// Returns the decision if the status is not 2xx.
pub fn classify(
    status: u16,
    facts: &Facts,
    body: &[u8],
    asked: Asked<'_>,
    scrub: &Scrubber,
) -> Result<(), Error> {
    if (200..300).contains(&status) {
        return Ok(());
    }
    let detail = Detail::of(body);
    let why = short(&detail.why(status, facts), scrub);
    let after = wait::after(facts, asked.now);
    let unavailable = |why, is_network| {
        Err(Error::Unavailable {
            why,
            is_network,
            after,
        })
    };
    let about = detail.about(asked.subject);
    match status {
        // Following it would send the key to a host that the operator did not configure.
        300..400 => {
            let place = facts.location.as_deref().map_or("a missing location", host);
            let why = format!("HTTP {status}: redirect to {place} not followed");
            unavailable(short(&why, scrub), false)
        }
        // The vendor's phrase for an upstream failure. It is not billed.
        400 if detail.asks_to_retry() => unavailable(why, false),
        400 if asked.had_cursor && detail.names_the_cursor() => Err(Error::CursorRefused { why }),
        400 if detail.forbids_retry() => Err(Error::Invalid { why }),
        400 => Err(Error::Rejected { why, after }),
        422 if asked.had_cursor => Err(Error::CursorRefused { why }),
        403 if about == About::Proxy => Err(Error::Blocked {
            after: after.map_or(BLOCKED, |after| after.max(BLOCKED)),
            why: format!(
                "{why}; a proxy in front of the remote blocks this client, retrying after a long wait"
            ),
        }),
        401..=403 | 451 => Err(Error::Refused { status, about, why }),
        404 | 405 | 410 => Err(Error::Missing { about, why }),
        408 | 429 => Err(Error::Throttled { after }),
        // An overload with `Retry-After` has the same effect as a throttle.
        503 if facts.retry_after.is_some() => Err(Error::Throttled { after }),
        407 | 409 | 421 | 423..=425 => unavailable(why, false),
        402..500 => Err(Error::Invalid { why }),
        // A gateway cannot reach the remote, or Cloudflare cannot (520 to 530).
        502..=504 | 520..=530 => unavailable(why, true),
        _ => unavailable(why, false),
    }
}

/// Shortens a text for the log, the database and the terminal: one line without secrets and control characters.
fn short(text: &str, scrub: &Scrubber) -> String {
    // Control characters are removed first, because they could hide the key from the scrubber.
    let visible: String = text
        .chars()
        .map(|letter| if letter.is_whitespace() { ' ' } else { letter })
        .filter(|letter| !letter.is_control() && !is_unseen(*letter))
        .collect();
    let clean = scrub.scrub_text(&visible);
    let words = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() <= MAX_WHY {
        return words;
    }
    words.chars().take(MAX_WHY - 1).chain(['…']).collect()
}

/// Returns the scheme and host of a URL. The other parts may contain secrets.
fn host(location: &str) -> &str {
    let Some((scheme, rest)) = location.split_once("//") else {
        return "a relative path";
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
