//! Makes what is kept of a reply: without secrets and erased people, parsed and compressed.

use std::borrow::Cow;
use std::sync::Arc;

use memchr::memmem;
use sha2::{Digest, Sha256};

use super::found::{FoundReply, NotImported, Read, Why};
use crate::api::{Entry, Scrubber};
use crate::crawl::Engine;
use crate::model::{Harvest, Items, MicroUsd};
use crate::replies::import::{Beside, Recognised};
use crate::replies::{Form, People, Reader};
use crate::store::{ImportedReply, Outcome, Settlement};

/// The most bytes of a subject, a cursor and a request id.
const NAME: usize = 4 << 10;

/// Is in a reply where a person was taken out of it.
const MARK: &[u8] = br#""erased":true"#;

/// Makes what is kept of replies.
pub(super) struct Maker {
    scrubber: Scrubber,
    reader: Reader,
    /// Its packer compresses the bodies, and it knows who was erased a moment ago; `None` if nothing is kept.
    engine: Option<Arc<Engine>>,
    /// Who is erased if nothing is kept.
    people: Arc<People>,
}

/// What an entry says about its replies.
pub(super) struct About<'a> {
    pub(super) at: f64,
    /// Something says so, and not only the time of the file.
    pub(super) is_dated: bool,
    pub(super) status: Option<u16>,
    pub(super) request_id: Option<&'a str>,
    pub(super) is_redacted: bool,
    /// What stands beside them; nothing for a reply that was read before.
    pub(super) beside: Beside,
}

/// A reply without secrets, from which people are to be taken.
struct Clean<'a> {
    place: String,
    entry: &'static Entry,
    subject: String,
    cursor: Option<String>,
    about: About<'a>,
    /// Of the reply as it was in the file.
    sha256: Vec<u8>,
    body_bytes: Option<usize>,
    body: Vec<u8>,
    /// SHA-256 of this body, if it is known.
    stored: Option<[u8; 32]>,
}

impl Maker {
    /// Returns a maker of replies that an engine keeps.
    pub(super) fn of(engine: &Arc<Engine>) -> Self {
        Self::new(Some(engine.clone()), engine.people())
    }

    /// Returns a maker of replies that nobody keeps.
    pub(super) fn without_archive(people: Arc<People>) -> Self {
        Self::new(None, people)
    }

    fn new(engine: Option<Arc<Engine>>, people: Arc<People>) -> Self {
        Self {
            scrubber: Scrubber::without_key(),
            reader: Reader::default(),
            engine,
            people,
        }
    }

    /// Returns who is erased by now.
    fn people(&self) -> Arc<People> {
        match &self.engine {
            Some(engine) => engine.people(),
            None => self.people.clone(),
        }
    }

    /// Returns a text that stands beside a reply or quotes it, without secrets and people.
    pub(super) fn beside(&self, text: &str) -> String {
        let text = self.scrubber.scrub_captured_text(text);
        self.people().taken_out_of(&text).unwrap_or(text)
    }

    /// Turns a reply into what is kept of it.
    pub(super) fn made(&self, place: String, reply: Recognised, about: About<'_>) -> Read {
        let Recognised {
            entry,
            subject,
            cursor,
            body,
            ..
        } = reply;
        for (what, text) in [
            ("subject", Some(&*subject)),
            ("cursor", cursor.as_deref()),
            ("request id", about.request_id),
        ] {
            if let Some(bytes) = text.map(str::len).filter(|bytes| *bytes > NAME) {
                let why = format!("its {what} has {bytes} bytes, more than {NAME}");
                return Read::bad(&place, why);
            }
        }
        let sha256: [u8; 32] = Sha256::digest(&body).into();
        let body_bytes = Some(body.len());
        let (body, stored) = match self.scrubber.scrub_captured(&body) {
            Cow::Borrowed(_) => (body, Some(sha256)),
            Cow::Owned(clean) => (clean, None),
        };
        self.without_people(Clean {
            place,
            entry,
            subject: self.scrubber.scrub_captured_text(&subject),
            cursor: cursor.map(|cursor| self.scrubber.scrub_captured_cursor(&cursor)),
            about,
            sha256: sha256.to_vec(),
            body_bytes,
            body,
            stored,
        })
    }

    /// Returns what is kept of a reply that may have been read ahead before somebody was erased, or before a dictionary was
    /// replaced.
    pub(super) fn renewed(&self, read: Read) -> Read {
        let found = match read {
            Read::Reply(found) if !Arc::ptr_eq(&found.people, &self.people()) => found,
            other => return other,
        };
        let FoundReply {
            reply,
            entry,
            body,
            stored,
            is_dated,
            room,
            ..
        } = *found;
        let Settlement {
            http_status,
            request_id,
            body_bytes,
            ..
        } = reply.settlement;
        let mut renewed = self.without_people(Clean {
            place: reply.entry,
            entry,
            subject: reply.subject,
            cursor: reply.cursor,
            about: About {
                at: reply.at,
                is_dated,
                status: http_status,
                request_id: request_id.as_deref(),
                is_redacted: reply.harvest.is_redacted,
                beside: Beside::default(),
            },
            sha256: reply.sha256,
            body_bytes,
            body,
            stored: Some(stored),
        });
        if let Read::Reply(found) = &mut renewed {
            found.room = room;
        }
        renewed
    }

    fn without_people(&self, clean: Clean<'_>) -> Read {
        // Before the packer is used: who has these people has the dictionaries that were made with them.
        let people = self.people();
        let Clean {
            place,
            entry,
            subject,
            cursor,
            about,
            sha256,
            body_bytes,
            mut body,
            mut stored,
        } = clean;
        if people.subject(&subject).is_some() {
            return Read::Not(NotImported {
                place,
                why: Why::Erased,
                reason: "it is about a person who was erased from the archive".to_owned(),
            });
        }
        let mut is_redacted = about.is_redacted;
        let mut whole = None;
        if let Some(taken) = people.taken_out_of_reply(&subject, &body) {
            whole = self.reader.read(entry, &subject, &body).ok();
            body = taken.body;
            (is_redacted, stored) = (true, None);
        }
        let mut harvest = match self.reader.read(entry, &subject, &body) {
            Ok(harvest) => harvest,
            Err(why) => {
                let why = format!("its reply cannot be read: {why}");
                return Read::bad(&place, self.beside(&why));
            }
        };
        if !is_redacted && let Some(odd) = harvest.odd.iter().find(|odd| odd.is_of_other()) {
            let why = format!("it is {} of its request. State the right one", odd.why);
            return Read::bad(&place, why);
        }
        // What the remote listed decides, and an item that was taken out earlier left a mark.
        let listed = whole.as_ref().unwrap_or(&harvest);
        let had_more = about.is_redacted && memmem::find(&body, MARK).is_some();
        if let Some(why) = no_end(entry, listed, &about).filter(|_| !had_more) {
            return Read::bad(&place, self.beside(&why));
        }
        if let Some(whole) = whole {
            harvest.doubt = whole.doubt;
        }
        harvest.is_redacted = is_redacted;
        let packer = self.engine.as_ref().map(|engine| &engine.parts.packer);
        let packed = match packer.map(|packer| packer.pack(entry.name, &body)) {
            Some(Err(why)) => return Read::bad(&place, format!("it cannot be compressed: {why}")),
            Some(Ok(packed)) => Some(packed),
            None => None,
        };
        let settlement = Settlement {
            outcome: Outcome::Imported,
            charge: MicroUsd(0),
            http_status: Some(about.status.unwrap_or(200)),
            error: None,
            request_id: about.request_id.map(|id| self.beside(id)),
            body_bytes,
            body: packed,
        };
        let reply = ImportedReply {
            endpoint: entry.name,
            item_hashes: people.item_hash().stored(&harvest.items),
            cursor: cursor.map(|cursor| people.cursor(&cursor).unwrap_or(cursor)),
            subject,
            at: about.at,
            settlement,
            harvest,
            is_ranked: entry.is_ranked(),
            entry: place,
            sha256,
        };
        Read::Reply(Box::new(FoundReply {
            reply,
            entry,
            stored: stored.unwrap_or_else(|| Sha256::digest(&body).into()),
            form: Form::of(&body),
            is_dated: about.is_dated,
            body,
            people,
            room: None,
        }))
    }
}

/// Returns why a page is not imported: a job that takes it would end a list that may go on. Only one with items has something to
/// keep, so it may do without a proof, but nothing beside it may say that a page follows.
fn no_end(entry: &Entry, harvest: &Harvest, about: &About<'_>) -> Option<String> {
    let is_end = harvest.cursor.is_none() || harvest.has_more == Some(false);
    if entry.items == Items::None || !is_end {
        return None;
    }
    let more = about.beside.more.as_ref().filter(|_| entry.is_paged());
    let more = more.map(|why| format!("{why}, but the reply has no cursor for it"));
    if !harvest.items.is_empty() {
        return more
            .map(|why| format!("{why}. Write it into the reply as `cursor`, or leave it out"));
    }
    let odd_status = about.status.filter(|status| *status != 200);
    let of_status =
        odd_status.map(|status| format!("the page is empty, and its status is {status}"));
    let failure = about.beside.failure.as_ref();
    let failure = failure.map(|why| format!("the page is empty, and {why}"));
    let doubt = harvest.doubt.map(|doubt| doubt.why.to_owned());
    let in_reply = of_status.or(doubt);
    let advice = match in_reply {
        Some(_) => "import the answer as it came, with its envelope",
        None => "leave that out if it is about something else",
    };
    let why = in_reply.or(failure).or(more)?;
    Some(format!(
        "{why}. That is no proof that the list has ended: {advice}"
    ))
}
