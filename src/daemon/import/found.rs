//! What an import finds in a file.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::api::Entry;
use crate::replies::import::Kind;
use crate::replies::{Form, People};
use crate::store::ImportedReply;

/// Why something was not imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It is cut, missing, damaged, or nobody can tell what it is.
    Bad,
    /// It is about a person who was erased from the archive.
    Erased,
}

/// A place that was not imported.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct NotImported {
    pub place: String,
    pub why: Why,
    pub reason: String,
}

/// Memory for replies that wait for the writer, in parts of 64 KiB.
const PARTS: u32 = 512;
const PART_BYTES: usize = 64 << 10;

/// The memory of a reply. It is free again when this is dropped.
pub(super) type Room = OwnedSemaphorePermit;

/// The memory that replies of one file may take.
#[derive(Clone)]
pub(super) struct Rooms(Arc<Semaphore>);

impl Rooms {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(PARTS as usize)))
    }

    /// Waits until there is room for a body of so many bytes. `None` if nobody waits for it any more.
    pub(super) fn wait(&self, bytes: usize, runtime: &Handle) -> Option<Room> {
        let parts = u32::try_from(bytes / PART_BYTES + 1).unwrap_or(PARTS);
        let room = self.0.clone().acquire_many_owned(parts.min(PARTS));
        runtime.block_on(room).ok()
    }
}

/// A reply that was found.
pub(super) struct FoundReply {
    pub(super) reply: ImportedReply,
    pub(super) entry: &'static Entry,
    /// As it is stored.
    pub(super) body: Vec<u8>,
    /// SHA-256 of this body.
    pub(super) stored: [u8; 32],
    /// What it says, whatever its formatting is.
    pub(super) form: Option<Form>,
    /// Something says when it was received, and not only the time of the file.
    pub(super) is_dated: bool,
    /// None of these is in it any more.
    pub(super) people: Arc<People>,
    pub(super) room: Option<Room>,
}

/// What the thread finds.
pub(super) enum Read {
    /// What the file is. It comes first.
    Kind(Kind),
    Reply(Box<FoundReply>),
    Not(NotImported),
    /// Something that is no reply of the remote.
    Other(String),
    /// Files of a folder that are no captures by their names.
    PassedOver(u64),
}

/// The most characters of a reason. It may quote what a file says.
const REASON: usize = 500;

impl Read {
    pub(super) fn bad(place: &str, reason: impl Into<String>) -> Self {
        Self::Not(NotImported {
            place: place.to_owned(),
            why: Why::Bad,
            reason: shortened(reason.into()),
        })
    }
}

fn shortened(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(REASON) {
        text.truncate(end);
        text.push('…');
        text.shrink_to_fit();
    }
    text
}
