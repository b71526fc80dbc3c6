//! Whether the archive has a reply already.

use std::collections::HashSet;

use sha2::{Digest, Sha256};
use sqlx::SqlitePool;

use super::found::FoundReply;
use crate::api::{Scrubber, endpoints};
use crate::replies::{Form, Packer};
use crate::store::read::{Kept, Wanted, answers_to, has_replies, imported_before, was_imported};
use crate::store::{ImportedReply, Result};

/// Hashes that are held in memory twice. Older ones are looked up in the archive.
const HASHES: usize = 1 << 20;

/// The replies that an import has before it keeps one: those of the archive, and those that it found itself.
pub(super) struct Known<'a> {
    /// `None` if there is no archive yet.
    readers: Option<&'a SqlitePool>,
    packer: &'a Packer,
    /// The archive has replies, so that it must be asked.
    has_replies: bool,
    /// What is found is kept, so that the archive has it later.
    is_kept: bool,
    found: HashSet<[u8; 16]>,
    found_before: HashSet<[u8; 16]>,
}

impl<'a> Known<'a> {
    /// Looks at an archive.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub(super) async fn of(
        readers: Option<&'a SqlitePool>,
        packer: &'a Packer,
        is_kept: bool,
    ) -> Result<Self> {
        let has = match readers {
            Some(readers) => has_replies(readers).await?,
            None => (false, false),
        };
        Ok(Self {
            readers,
            packer,
            has_replies: has.0 || has.1,
            is_kept,
            found: HashSet::new(),
            found_before: HashSet::new(),
        })
    }

    /// Returns whether a reply is known, and notes it.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub(super) async fn has(&mut self, found: &FoundReply) -> Result<bool> {
        if self.note(found) {
            return Ok(true);
        }
        match self.readers.filter(|_| self.has_replies) {
            Some(readers) => is_known(readers, self.packer, found).await,
            None => Ok(false),
        }
    }

    /// Notes that people may have been erased. Cursors that name them differ from now on from those that were found before, so
    /// the archive must be asked.
    pub(super) fn note_erasures(&mut self) {
        self.has_replies = true;
    }

    /// Notes a reply. Returns whether this import found it before, perhaps with other secrets.
    fn note(&mut self, found: &FoundReply) -> bool {
        if self.is_kept && self.found.len() >= HASHES {
            self.has_replies = true;
            self.found_before = std::mem::take(&mut self.found);
        }
        let reply = &found.reply;
        let hashes = [&reply.sha256[..], &found.stored].map(|hash| of_request(reply, hash));
        // In another formatting it is the same if it came at the same time, or if nothing says when it came.
        let forms = found.form.map(|form| {
            let (form, at) = (form.bytes(), (reply.at * 1_000.0).round().to_le_bytes());
            [form.to_vec(), [form, at].concat()].map(|hash| of_request(reply, &hash))
        });
        let decides = forms.map(|forms| forms[usize::from(found.is_dated)]);
        let is_found = |hash| self.found.contains(hash) || self.found_before.contains(hash);
        let was_found = hashes.iter().chain(&decides).any(is_found);
        self.found
            .extend(hashes.into_iter().chain(forms.into_iter().flatten()));
        was_found
    }
}

/// Returns a hash of a request and its reply.
fn of_request(reply: &ImportedReply, hash: &[u8]) -> [u8; 16] {
    let request = (reply.endpoint, reply.subject.trim_start(), &reply.cursor);
    let mut all = Sha256::new();
    all.update(format!("{request:?}"));
    all.update(hash);
    let mut short = [0; 16];
    short.copy_from_slice(&all.finalize()[..16]);
    short
}

/// Returns whether the archive has a reply: imported before, or received from the remote. An erasure that goes on may not have
/// come to what the archive has.
///
/// # Errors
/// Returns an error if the archive cannot be read.
async fn is_known(readers: &SqlitePool, packer: &Packer, found: &FoundReply) -> Result<bool> {
    let (reply, people) = (&found.reply, &found.people);
    let opened = reply.cursor.clone().map(|cursor| people.opened(cursor));
    let plain = by_hand(reply, opened.as_deref());
    let erased = people.subject(&plain);
    let now = (&reply.cursor, erased.as_deref().unwrap_or(&plain));
    let before = (reply.cursor != opened).then_some((&opened, &*plain));
    for (cursor, parameters) in std::iter::once(now).chain(before) {
        let wanted = Wanted {
            endpoint: reply.endpoint,
            subject: &reply.subject,
            cursor: cursor.as_deref(),
        };
        if was_imported(readers, wanted, &reply.sha256).await? {
            return Ok(true);
        }
        let same = |kept: &Kept| {
            let known = packer.unpack(&kept.body);
            known.is_ok_and(|known| found.is(&known, kept.settled_at))
        };
        let answers = answers_to(readers, wanted, parameters).await?;
        if answers.iter().any(same) {
            return Ok(true);
        }
        let at = Some(reply.at).filter(|_| found.is_dated);
        let imported = imported_before(readers, wanted, at).await?;
        if imported.iter().any(same) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How much the times of the same reply may differ, in seconds.
const SAME: f64 = 0.001;

impl FoundReply {
    /// Returns whether this is the body of a reply of the archive, from which people may have to be taken yet. In another
    /// formatting it is the same if it came at the same time, or if nothing says when this one came.
    fn is(&self, known: &[u8], at: f64) -> bool {
        let may_differ = !self.is_dated || (self.reply.at - at).abs() <= SAME;
        let own = self.form.filter(|_| may_differ);
        let is = |known: &[u8]| known == self.body || (own.is_some() && Form::of(known) == own);
        let taken = || self.people.taken_out_of_reply(&self.reply.subject, known);
        is(known) || taken().is_some_and(|taken| is(&taken.body))
    }
}

/// Returns the request with this cursor as the ledger stores it for a call by hand.
fn by_hand(reply: &ImportedReply, cursor: Option<&str>) -> String {
    let mut all = serde_json::Map::new();
    let entry = endpoints::find(reply.endpoint);
    if let Some(name) = entry.and_then(|entry| entry.subject) {
        all.insert(name.to_owned(), reply.subject.clone().into());
    }
    if let Some(cursor) = cursor {
        all.insert("cursor".to_owned(), cursor.into());
    }
    Scrubber::without_key().scrub_text(&serde_json::Value::Object(all).to_string())
}
