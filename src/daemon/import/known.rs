//! Whether the archive has a reply already.

use std::collections::HashSet;

use sqlx::SqlitePool;

use crate::api::{Scrubber, endpoints};
use crate::replies::Packer;
use crate::store::read::{Wanted, answers_to, has_replies, was_imported};
use crate::store::{ImportedReply, Result};

/// Hashes that are held in memory. More of them are looked up in the archive.
const HASHES: usize = 1 << 20;

/// What the archive has, as far as it saves looking there.
pub(super) struct Known {
    has_imports: bool,
    has_answers: bool,
    /// Of the replies that were found in this import.
    hashes: HashSet<Vec<u8>>,
}

impl Known {
    /// Looks at an archive.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub(super) async fn of(readers: &SqlitePool) -> Result<Self> {
        let (has_imports, has_answers) = has_replies(readers).await?;
        Ok(Self {
            has_imports,
            has_answers,
            hashes: HashSet::new(),
        })
    }

    /// Returns whether the archive may have a reply, or this import had it before. Notes it.
    pub(super) fn may_have(&mut self, reply: &ImportedReply) -> bool {
        if self.hashes.len() >= HASHES {
            self.has_imports = true;
            self.hashes = HashSet::new();
        }
        let is_new = self.hashes.insert(reply.sha256.clone());
        !is_new || self.has_imports || self.has_answers
    }
}

/// Returns whether the archive has a reply: imported before, or received from the remote. `body` is the reply as it is stored.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub(super) async fn is_known(
    readers: &SqlitePool,
    packer: &Packer,
    reply: &ImportedReply,
    body: &[u8],
) -> Result<bool> {
    let wanted = Wanted {
        endpoint: reply.endpoint,
        subject: &reply.subject,
        cursor: reply.cursor.as_deref(),
    };
    if was_imported(readers, wanted, &reply.sha256).await? {
        return Ok(true);
    }
    let parameters = by_hand(reply);
    let answers = answers_to(readers, wanted, &parameters).await?;
    let same = |packed: &Vec<u8>| packer.unpack(packed).is_ok_and(|known| known == body);
    Ok(answers.iter().any(same))
}

/// Returns the request as the ledger stores it for a call by hand.
fn by_hand(reply: &ImportedReply) -> String {
    let mut all = serde_json::Map::new();
    let entry = endpoints::find(reply.endpoint);
    if let Some(name) = entry.and_then(|entry| entry.subject) {
        all.insert(name.to_owned(), reply.subject.clone().into());
    }
    if let Some(cursor) = &reply.cursor {
        all.insert("cursor".to_owned(), cursor.clone().into());
    }
    Scrubber::without_key().scrub_text(&serde_json::Value::Object(all).to_string())
}
