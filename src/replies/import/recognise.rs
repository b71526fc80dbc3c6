//! Decides which calls a captured answer answers.

use super::asked::call;
use super::call::{Call, Meaning, Recognised};
use super::shape::{self, Said};
use super::stated::Stated;
use super::{Captured, When, times};
use crate::api::Entry;

/// What the user says about answers whose request is unknown.
#[derive(Debug, Clone, Default)]
pub struct Given {
    pub entry: Option<&'static Entry>,
    pub subject: Option<String>,
    /// When they were received, Unix seconds, if the file does not say, or says it in a way that cannot be read.
    pub at: Option<f64>,
}

/// An answer that was recognised, with what it says about itself.
#[derive(Debug, Clone)]
pub struct Answered {
    /// When it was received, as the entry and the envelope say it, Unix seconds.
    pub times: [When; 2],
    pub request_id: Option<String>,
    pub replies: Vec<Recognised>,
}

impl Answered {
    /// Returns when it was received: the first plausible one of what the entry, the envelope, the user and the file say. What
    /// cannot be read is something that only the user can put right. `file` is the time of the file.
    ///
    /// # Errors
    /// Returns how to state it if nothing plausible does.
    pub fn received_at(
        &self,
        given: Option<f64>,
        file: Option<f64>,
        now: f64,
    ) -> Result<f64, String> {
        let is_plausible = |at: &f64| times::is_plausible(*at, now);
        let stated = self.times.iter().filter_map(|when| when.at);
        let at = stated.chain(given).find(is_plausible);
        if let Some(at) = at {
            return Ok(at);
        }
        match self.times.iter().find_map(|when| when.unread.as_ref()) {
            Some(why) => Err(format!("{why}, or name it with --time WHEN")),
            None => file.filter(is_plausible).ok_or_else(|| {
                "nothing says when it was received, or it says a time before the service or in the future. \
                 Name it with --time WHEN"
                    .to_owned()
            }),
        }
    }
}

/// Why an answer is not recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unrecognised {
    /// For people.
    pub why: String,
    /// It answers a request that is none of ours, as a capture of a browser has many.
    pub is_foreign: bool,
}

/// Returns the calls that an answer answers.
///
/// # Errors
/// Returns why it is not recognised.
pub fn recognise(captured: Captured, given: &Given) -> Result<Answered, Unrecognised> {
    let is_foreign = captured.asked.is_foreign();
    recognised(captured, given).map_err(|why| Unrecognised { why, is_foreign })
}

fn recognised(captured: Captured, given: &Given) -> Result<Answered, String> {
    if let Some(status) = captured
        .status
        .filter(|status| !(200..300).contains(status))
    {
        return Err(format!("it is an answer with status {status}, not a page"));
    }
    let said = shape::envelope(&captured.body);
    let renamed = renamed_cursor(&captured, &said);
    let replies = match meaning(&captured, &said)? {
        Meaning::Other(why) | Meaning::Unclear(why) => return Err(why),
        Meaning::Call(call) => vec![of_call(call, given, captured.body)?],
        Meaning::Unknown => {
            let stated = stated(&captured, &said)?;
            // An address or a route of somebody else says that it is no reply of ours.
            let route = said.asked.endpoint.as_deref();
            let is_silent = captured.asked.is_silent() && route.is_none();
            match given.entry.filter(|_| is_silent) {
                Some(entry) => vec![of_call(call(entry, &stated), given, captured.body)?],
                None if captured.asked.is_of_others() => {
                    return Err("it answers a request to another site".to_owned());
                }
                None if captured.asked.is_of_another_list() => shape::apart(&captured.body)?,
                None => {
                    let of_other = |why| match route {
                        Some(route) => format!("`{route}` is no endpoint of this archive"),
                        None => why,
                    };
                    let mut found = shape::recognise(&captured.body).map_err(of_other)?;
                    let whole = found.iter_mut().filter(|found| found.part.is_empty());
                    for found in whole.filter(|found| found.entry.is_paged()) {
                        found.cursor = some(call(found.entry, &stated).cursor);
                    }
                    found
                }
            }
        }
    };
    let is_first = |reply: &Recognised| {
        reply.part.is_empty() && reply.entry.is_paged() && reply.cursor.is_none()
    };
    if let Some(name) = renamed.filter(|_| replies.iter().any(is_first)) {
        return Err(format!(
            "its request is unclear: `{name}` may be the cursor of this page. Write that as `cursor` into `params`, or leave \
             `{name}` out if this is the first page"
        ));
    }
    Ok(Answered {
        times: [captured.when, said.when],
        request_id: captured.request_id.or(said.request_id),
        replies,
    })
}

/// Returns what the request and the envelope say together.
fn meaning(captured: &Captured, said: &Said) -> Result<Meaning, String> {
    let (asked, envelope) = (captured.asked.meaning(), said.asked.meaning());
    // What was taken out of the reply may have been taken out of its envelope, too.
    if captured.is_redacted && matches!(asked, Meaning::Call(_)) {
        return Ok(asked);
    }
    match (asked, envelope) {
        (unclear @ Meaning::Unclear(_), _) | (Meaning::Unknown, unclear @ Meaning::Unclear(_)) => {
            Ok(unclear)
        }
        (Meaning::Call(one), Meaning::Call(other)) => {
            let both = one.with(other, "the envelope of the reply")?;
            stated(captured, said)?;
            Ok(Meaning::Call(both))
        }
        (Meaning::Call(one), Meaning::Unknown) => {
            let other = call(one.entry, &said.asked.stated()?);
            let both = one.with(other, "the envelope of the reply")?;
            stated(captured, said)?;
            Ok(Meaning::Call(both))
        }
        (Meaning::Call(_), Meaning::Other(why) | Meaning::Unclear(why)) => Err(format!(
            "its request is unclear: its envelope says that {why}"
        )),
        (Meaning::Unknown, Meaning::Call(one)) => {
            let other = call(one.entry, &stated(captured, said)?);
            one.with(other, "the entry").map(Meaning::Call)
        }
        (Meaning::Unknown, other) => Ok(other),
        (other @ Meaning::Other(_), _) => Ok(other),
    }
}

/// Returns the parameters that the entry and the envelope state.
fn stated(captured: &Captured, said: &Said) -> Result<Stated, String> {
    if let Some(why) = &said.unclear {
        return Err(why.clone());
    }
    let mut stated = captured.asked.stated()?;
    for (name, value) in &said.asked.parameters {
        stated.add(name, value, "the envelope of the reply")?;
    }
    stated.of_one_post()
}

/// Returns the name of what may be the cursor, if none is stated. A page is not the first one of its list because nobody reads
/// its cursor.
fn renamed_cursor(captured: &Captured, said: &Said) -> Option<String> {
    let mut stated = captured.asked.stated().ok()?;
    for (name, value) in &said.asked.parameters {
        // What contradicts it is named where the call is looked for.
        let _ = stated.add(name, value, "the envelope of the reply");
    }
    let is_next = |value: &str| shape::is_next_cursor(&captured.body, value);
    stated.renamed_cursor(is_next).map(str::to_owned)
}

/// Returns the cursor; none for an empty one.
fn some(cursor: Option<String>) -> Option<String> {
    cursor.filter(|cursor| !cursor.is_empty())
}

fn whole(
    entry: &'static Entry,
    subject: String,
    cursor: Option<String>,
    body: Vec<u8>,
) -> Recognised {
    Recognised {
        entry,
        subject,
        cursor,
        part: String::new(),
        body,
    }
}

/// Returns the reply to a call whose subject the request does not say: the user or the reply must.
fn of_call(call: Call, given: &Given, body: Vec<u8>) -> Result<Recognised, String> {
    let Call {
        entry,
        subject,
        cursor,
    } = call;
    let of_shape = || {
        let found = shape::recognise(&body).ok()?;
        let mut same = found
            .into_iter()
            .filter(|found| found.entry.name == entry.name);
        same.next().map(|found| found.subject)
    };
    let subject = subject.or_else(|| given.subject.clone()).or_else(of_shape);
    match subject {
        Some(subject) => Ok(whole(entry, subject, some(cursor), body)),
        None => Err(format!(
            "it is a reply of {}, but nothing says of whom. Name it with --subject ID",
            entry.name
        )),
    }
}
