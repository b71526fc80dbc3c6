//! People who are erased: how a text or a reply names them, and what takes their place.
//!
//! While an erasure goes on, they are known by their ids and names. Afterwards only keyed hashes of these are left, and the
//! same code recognises them in new replies.

mod body;
mod profiles;
mod quick;
mod spans;

use std::collections::HashSet;

use crate::model::{EraseKey, Erased, ItemHash, is_erased};
pub use body::Taken;
pub use profiles::{Profile, profiles_in};
use quick::Quick;
use spans::Within;

/// What is known of people while they are erased.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// User ids.
    pub users: HashSet<String>,
    /// Usernames in lower case that nobody else has.
    pub names: HashSet<String>,
    /// The ids of their posts and comments, without `s_`.
    pub items: HashSet<String>,
}

/// How people are recognised.
#[derive(Debug, Clone)]
enum Known {
    Terms(Box<Terms>, Quick),
    Hashes(HashSet<[u8; 32]>),
}

/// The erased people of an archive; nobody by default.
#[derive(Debug, Clone, Default)]
pub struct People {
    known: Option<(EraseKey, Known)>,
}

impl People {
    /// Returns people who are known by keyed hashes. The archive of the key may have nobody yet.
    #[must_use]
    pub fn hashed(key: EraseKey, hashes: HashSet<[u8; 32]>) -> Self {
        Self {
            known: Some((key, Known::Hashes(hashes))),
        }
    }

    /// Returns people who are known by ids and names.
    ///
    /// # Errors
    /// Returns why so many terms cannot be searched for.
    pub fn named(key: EraseKey, terms: Terms) -> Result<Self, String> {
        let quick = Quick::new(&terms)?;
        Ok(Self {
            known: Some((key, Known::Terms(Box::new(terms), quick))),
        })
    }

    /// Returns the key; `None` if nobody was ever erased.
    #[must_use]
    pub fn key(&self) -> Option<&EraseKey> {
        self.known.as_ref().map(|(key, _)| key)
    }

    /// Returns what makes the hashes of item ids.
    #[must_use]
    pub fn item_hash(&self) -> ItemHash {
        self.key()
            .map_or_else(ItemHash::default, |key| ItemHash::keyed(key.clone()))
    }

    #[must_use]
    pub fn is_user(&self, id: &str) -> bool {
        self.has(Erased::User, id)
    }

    /// Returns whether this is a username of theirs, in any case.
    #[must_use]
    pub fn is_name(&self, name: &str) -> bool {
        !name.is_empty() && self.has(Erased::Name, &name.to_lowercase())
    }

    /// Returns whether this is the id of a post or comment of theirs.
    #[must_use]
    pub fn is_item(&self, id: &str) -> bool {
        self.has(Erased::Item, bare(id))
    }

    fn has(&self, what: Erased, value: &str) -> bool {
        match &self.known {
            None => false,
            Some((key, Known::Hashes(hashes))) => {
                !hashes.is_empty() && hashes.contains(&key.hash(what, value))
            }
            Some((_, Known::Terms(terms, _))) => match what {
                Erased::User => terms.users.contains(value),
                Erased::Name => terms.names.contains(value),
                Erased::Item => terms.items.contains(value),
            },
        }
    }

    /// Returns false if the bytes certainly name nobody of them.
    #[must_use]
    pub fn may_be_in(&self, bytes: &[u8]) -> bool {
        match &self.known {
            None => false,
            Some((_, Known::Hashes(hashes))) => !hashes.is_empty(),
            Some((_, Known::Terms(_, quick))) => quick.may_be_in(bytes),
        }
    }

    /// Returns whether bytes of a file contain an id or a long name of theirs, plain or in base64.
    #[must_use]
    pub fn names_plainly(&self, bytes: &[u8]) -> bool {
        match &self.known {
            Some((_, Known::Terms(_, quick))) => quick.is_plain_in(bytes),
            _ => false,
        }
    }

    /// Returns whether a text names one of them: by id, by name where it is marked as a name, or in an encoded form.
    #[must_use]
    pub fn are_in(&self, text: &str) -> bool {
        self.may_be_in(text.as_bytes()) && !Within(self).find(text).is_empty()
    }

    /// Returns a text without them; `None` if it does not name them.
    #[must_use]
    pub fn taken_out_of(&self, text: &str) -> Option<String> {
        if !self.may_be_in(text.as_bytes()) {
            return None;
        }
        let found = Within(self).find(text);
        let (mut out, mut from) = (String::with_capacity(text.len()), 0);
        for span in &found {
            out += &text[from..span.start];
            out += TAKEN_OUT;
            from = span.end;
        }
        out += &text[from..];
        (!found.is_empty()).then_some(out)
    }

    /// Returns what replaces a subject of a job, call or seed; `None` if it names nobody of them.
    #[must_use]
    pub fn subject(&self, subject: &str) -> Option<String> {
        let (key, _) = self.known.as_ref()?;
        let is_theirs = !is_erased(subject)
            && (self.is_user(subject) || self.is_name(subject) || self.are_in(subject));
        is_theirs.then(|| key.subject(subject))
    }

    /// Returns what replaces a cursor; `None` if it names nobody of them.
    #[must_use]
    pub fn cursor(&self, cursor: &str) -> Option<String> {
        let (key, _) = self.known.as_ref()?;
        (!is_erased(cursor) && self.are_in(cursor)).then(|| key.seal(cursor))
    }

    /// Returns the cursor to send: the original of one that was replaced.
    #[must_use]
    pub fn opened(&self, cursor: String) -> String {
        self.key()
            .and_then(|key| key.unseal(&cursor))
            .unwrap_or(cursor)
    }
}

/// What stands in a text where it named somebody.
const TAKEN_OUT: &str = "[erased]";

/// Returns the id of a post or comment without its prefix.
fn bare(id: &str) -> &str {
    id.strip_prefix("s_").unwrap_or(id)
}
