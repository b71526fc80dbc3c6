//! Reads one file on a thread of its own: entries, their calls, harvests and compressed bodies.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use sha2::{Digest, Sha256};
use tokio::runtime::Handle;
use tokio::sync::mpsc::Sender;

use super::foreign;
use super::found::{FoundReply, NotImported, Read, Rooms, Why};
use super::wish::{Progress, Wish};
use crate::api::{self, Scrubber};
use crate::clock::Clock;
use crate::config::Config;
use crate::crawl::Engine;
use crate::model::{Harvest, ItemHash, Items, MicroUsd};
use crate::replies::import::{
    self, Entry, Found, Given, Kind, Limits, Recognised, Unrecognised, recognise,
};
use crate::replies::{People, Reader};
use crate::store::{ImportedReply, Outcome, Settlement};

/// The most bytes of a subject, a cursor and a request id.
const NAME: usize = 4 << 10;

/// What the thread needs.
pub(super) struct Reading {
    limits: Limits,
    given: Given,
    scrubber: Scrubber,
    reader: Reader,
    people: Arc<People>,
    item_hash: ItemHash,
    /// Its packer compresses the bodies; `None` if nothing is kept.
    engine: Option<Arc<Engine>>,
    clock: Clock,
    rooms: Rooms,
    runtime: Handle,
}

impl Reading {
    pub(super) fn new(
        config: &Config,
        wish: &Wish,
        engine: Option<&Arc<Engine>>,
        people: Arc<People>,
    ) -> Self {
        Self {
            limits: Limits {
                body_bytes: usize::try_from(config.api.max_body_bytes).unwrap_or(usize::MAX),
            },
            given: wish.given.clone(),
            scrubber: Scrubber::without_key(),
            reader: Reader::default(),
            item_hash: people.item_hash(),
            people,
            engine: engine.cloned(),
            clock: engine.map_or_else(Clock::real, |engine| engine.parts.clock.clone()),
            rooms: Rooms::new(),
            runtime: Handle::current(),
        }
    }

    /// Reads a file, and sends what it finds until nobody listens.
    pub(super) fn read(&self, path: &Path, to: &Sender<Read>, progress: &Progress) {
        let opened = match import::open(path) {
            Ok(opened) => {
                let to = to.clone();
                opened.until(move || to.is_closed())
            }
            Err(why) => {
                let _ =
                    to.blocking_send(Read::bad("the file", format!("it cannot be opened: {why}")));
                return;
            }
        };
        let kind = opened.kind;
        if to.blocking_send(Read::Kind(kind)).is_err() {
            return;
        }
        let before = progress.read.load(Ordering::Relaxed);
        let (bytes, read) = (opened.bytes, opened.read.clone());
        let file_time = opened.changed_at;
        let at = |read: u64| progress.read.store(before + read, Ordering::Relaxed);
        let ended = match kind {
            Kind::Archive => {
                let part = |part: f64| at((bytes as f64 * part) as u64);
                let mut each = |entry: Entry| self.entry(entry, file_time, to, progress);
                foreign::read(path, &self.runtime, self.limits, part, &mut each)
            }
            _ => {
                let mut each = |entry: Entry| {
                    at(read.load(Ordering::Relaxed));
                    self.entry(entry, file_time, to, progress)
                };
                import::read(opened, self.limits, &mut each).map_err(|why| why.to_string())
            }
        };
        if let Err(why) = ended {
            let _ = to.blocking_send(Read::bad(
                "the file",
                format!("it cannot be read further: {why}"),
            ));
        }
        progress.read.store(before + bytes, Ordering::Relaxed);
    }

    fn entry(
        &self,
        entry: Entry,
        file_time: Option<f64>,
        to: &Sender<Read>,
        progress: &Progress,
    ) -> ControlFlow<()> {
        let Entry { place, found } = entry;
        let captured = match found {
            Found::Foreign(what) => return send(to, Read::Other(self.beside(&what))),
            Found::Bad(why) => return send(to, Read::bad(&place, self.beside(&why))),
            Found::Answer(captured) => captured,
        };
        let is_redacted = captured.is_redacted;
        let status = captured.status;
        let answered = match recognise(captured, &self.given) {
            Ok(answered) => answered,
            Err(Unrecognised {
                is_foreign: true, ..
            }) => return send(to, Read::Other("an answer to another request".to_owned())),
            Err(Unrecognised { why, .. }) => return send(to, Read::bad(&place, self.beside(&why))),
        };
        let at = match answered.received_at(self.given.at, file_time, self.clock.now()) {
            Ok(at) => at,
            Err(why) => return send(to, Read::bad(&place, self.beside(&why))),
        };
        for reply in answered.replies {
            let place = format!("{place}{}", reply.part);
            let about = About {
                at,
                status,
                request_id: answered.request_id.as_deref(),
                is_redacted,
            };
            progress.replies.fetch_add(1, Ordering::Relaxed);
            let read = self.reply(place, reply, &about);
            if send(to, read).is_break() {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    /// Returns a text that stands beside a reply or quotes it, without secrets and people.
    fn beside(&self, text: &str) -> String {
        let text = self.scrubber.scrub_captured_text(text);
        self.people.taken_out_of(&text).unwrap_or(text)
    }

    /// Turns a reply into what is kept of it.
    fn reply(&self, place: String, reply: Recognised, about: &About<'_>) -> Read {
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
        let subject = self.scrubber.scrub_captured_text(&subject);
        let cursor = cursor.map(|cursor| self.scrubber.scrub_captured_text(&cursor));
        if self.people.subject(&subject).is_some() {
            return Read::Not(NotImported {
                place,
                why: Why::Erased,
                reason: "it is about a person who was erased from the archive".to_owned(),
            });
        }
        let sha256: [u8; 32] = Sha256::digest(&body).into();
        let body_bytes = body.len();
        let (mut body, mut is_changed) = match self.scrubber.scrub_captured(&body) {
            Cow::Borrowed(_) => (body, false),
            Cow::Owned(clean) => (clean, true),
        };
        let mut is_redacted = about.is_redacted;
        if let Some(taken) = self.people.taken_out_of_reply(&subject, &body) {
            body = taken.body;
            (is_redacted, is_changed) = (true, true);
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
        if let Some(why) = no_end(entry, &harvest, about.status) {
            return Read::bad(&place, why);
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
            body_bytes: Some(body_bytes),
            body: packed,
        };
        let imported = ImportedReply {
            endpoint: entry.name,
            item_hashes: self.item_hash.stored(&harvest.items),
            cursor: cursor.map(|cursor| self.people.cursor(&cursor).unwrap_or(cursor)),
            subject,
            at: about.at,
            settlement,
            harvest,
            is_ranked: entry.is_ranked(),
            entry: place,
            sha256: sha256.to_vec(),
        };
        match self.rooms.wait(body.len(), &self.runtime) {
            Some(_room) => Read::Reply(Box::new(FoundReply {
                stored: match is_changed {
                    true => Sha256::digest(&body).into(),
                    false => sha256,
                },
                reply: imported,
                body,
                _room,
            })),
            None => Read::bad("the file", "nobody reads it any more"),
        }
    }
}

/// Returns why an empty page is not imported: a job that takes it would end its list. It has nothing to keep.
fn no_end(entry: &api::Entry, harvest: &Harvest, status: Option<u16>) -> Option<String> {
    let is_end = harvest.items.is_empty() && harvest.cursor.is_none();
    if entry.items == Items::None || !is_end {
        return None;
    }
    let odd_status = status.filter(|status| *status != 200);
    let of_status =
        odd_status.map(|status| format!("the page is empty, and its status is {status}"));
    let why = of_status.or(harvest.doubt.map(str::to_owned))?;
    Some(format!(
        "{why}. That is no proof that the list has ended: import the answer as it came, with its envelope"
    ))
}

/// What an entry says about its replies.
struct About<'a> {
    at: f64,
    status: Option<u16>,
    request_id: Option<&'a str>,
    is_redacted: bool,
}

fn send(to: &Sender<Read>, read: Read) -> ControlFlow<()> {
    match to.blocking_send(read) {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    }
}
