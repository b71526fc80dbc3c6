//! Reads one file on a thread of its own: its entries, and what is kept of their replies.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::runtime::Handle;
use tokio::sync::mpsc::Sender;

use super::foreign;
use super::found::{Read, Rooms};
use super::maker::{About, Maker};
use super::wish::{Progress, Wish};
use crate::clock::Clock;
use crate::config::Config;
use crate::replies::import::{
    self, Entry, Found, Given, Kind, Limits, Recognised, Unrecognised, recognise,
};

/// Why a file is named in which there is nothing.
const EMPTY: &str = "it is empty, or has no entries: there is no reply in it";

/// What the thread needs.
pub(super) struct Reading {
    limits: Limits,
    given: Given,
    maker: Arc<Maker>,
    clock: Clock,
    rooms: Rooms,
    runtime: Handle,
}

impl Reading {
    pub(super) fn new(config: &Config, wish: &Wish, maker: &Arc<Maker>, clock: Clock) -> Self {
        Self {
            limits: Limits {
                body_bytes: usize::try_from(config.api.max_body_bytes).unwrap_or(usize::MAX),
            },
            given: wish.given.clone(),
            maker: maker.clone(),
            clock,
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
        let mut is_empty = true;
        let ended = match kind {
            Kind::Archive => {
                let part = |part: f64| at((bytes as f64 * part) as u64);
                let mut each = |entry: Entry| {
                    is_empty = false;
                    self.entry(entry, file_time, to, progress)
                };
                foreign::read(path, &self.runtime, self.limits, part, &mut each)
            }
            _ => {
                let mut each = |entry: Entry| {
                    is_empty = false;
                    at(read.load(Ordering::Relaxed));
                    self.entry(entry, file_time, to, progress)
                };
                import::read(opened, self.limits, &mut each).map_err(|why| why.to_string())
            }
        };
        let why = match ended {
            Err(why) => Some(format!("it cannot be read further: {why}")),
            Ok(()) if is_empty => Some(EMPTY.to_owned()),
            Ok(()) => None,
        };
        if let Some(why) = why {
            let _ = to.blocking_send(Read::bad("the file", why));
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
            Found::Foreign(what) => return send(to, Read::Other(self.maker.beside(&what))),
            Found::Bad(why) => return send(to, Read::bad(&place, self.maker.beside(&why))),
            Found::Answer(captured) => captured,
        };
        let is_redacted = captured.is_redacted;
        let (status, beside) = (captured.status, captured.beside.clone());
        let answered = match recognise(captured, &self.given) {
            Ok(answered) => answered,
            Err(Unrecognised {
                is_foreign: true, ..
            }) => return send(to, Read::Other("an answer to another request".to_owned())),
            Err(Unrecognised { why, .. }) => {
                return send(to, Read::bad(&place, self.maker.beside(&why)));
            }
        };
        let at = match answered.received_at(self.given.at, file_time, self.clock.now()) {
            Ok(at) => at,
            Err(why) => return send(to, Read::bad(&place, self.maker.beside(&why))),
        };
        let is_dated = self.given.at.is_some() || answered.times.iter().any(|it| it.at.is_some());
        for reply in answered.replies {
            let place = format!("{place}{}", reply.part);
            let about = About {
                at,
                is_dated,
                status,
                request_id: answered.request_id.as_deref(),
                is_redacted,
                beside: beside.clone(),
            };
            progress.replies.fetch_add(1, Ordering::Relaxed);
            let read = self.reply(place, reply, about);
            if send(to, read).is_break() {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    /// Turns a reply into what is kept of it, and waits until there is memory for it.
    fn reply(&self, place: String, reply: Recognised, about: About<'_>) -> Read {
        let mut read = self.maker.made(place, reply, about);
        if let Read::Reply(found) = &mut read {
            match self.rooms.wait(found.body.len(), &self.runtime) {
                Some(room) => found.room = Some(room),
                None => return Read::bad("the file", "nobody reads it any more"),
            }
        }
        read
    }
}

fn send(to: &Sender<Read>, read: Read) -> ControlFlow<()> {
    match to.blocking_send(read) {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    }
}
