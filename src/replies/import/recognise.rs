//! Decides which calls a captured answer answers.

use super::call::{Call, Meaning, Recognised};
use super::{Captured, shape};
use crate::api::Entry;

/// What the user says about answers whose request is unknown.
#[derive(Debug, Clone, Default)]
pub struct Given {
    pub entry: Option<&'static Entry>,
    pub subject: Option<String>,
}

/// An answer that was recognised, with what it says about itself.
#[derive(Debug, Clone)]
pub struct Answered {
    /// When it was received, Unix seconds; `None` if nothing says so.
    pub at: Option<f64>,
    pub request_id: Option<String>,
    pub replies: Vec<Recognised>,
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
    let is_foreign = captured.asked.url.is_some() && captured.asked.names_no_call();
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
    let mut meaning = captured.asked.meaning();
    if matches!(meaning, Meaning::Unknown) {
        meaning = said.asked.meaning();
    }
    let replies = match meaning {
        Meaning::Other(why) => return Err(why),
        Meaning::Call(Call {
            entry,
            subject: Some(subject),
            cursor,
        }) => vec![whole(entry, subject, cursor, captured.body)],
        Meaning::Call(call) => vec![of_call(call, given, captured.body)?],
        Meaning::Unknown => match given.entry {
            Some(entry) => {
                let call = Call {
                    entry,
                    subject: entry.subject.is_none().then(String::new),
                    cursor: None,
                };
                vec![of_call(call, given, captured.body)?]
            }
            None => shape::recognise(&captured.body)?,
        },
    };
    Ok(Answered {
        at: captured.at.or(said.at),
        request_id: captured.request_id.or(said.request_id),
        replies,
    })
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
        Some(subject) => Ok(whole(entry, subject, cursor, body)),
        None => Err(format!(
            "it is a reply of {}, but nothing says of whom. Name it with --subject ID",
            entry.name
        )),
    }
}
