//! How people are recognised: by their ids and names, or by keyed hashes of these.

use std::collections::HashSet;
use std::sync::Arc;

use super::clean::Clean;
use super::quick::Quick;
use super::terms::Terms;
use crate::model::{EraseKey, Erased, ItemHash};

/// How people are recognised.
#[derive(Debug, Clone)]
enum Known {
    Terms(Box<Terms>, Quick),
    Hashes(HashSet<[u8; 32]>, Arc<Clean>),
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
            known: Some((key, Known::Hashes(hashes, Arc::new(Clean::new())))),
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
            Some((key, Known::Hashes(hashes, clean))) => {
                let ask = || hashes.contains(&key.hash(what, value));
                !hashes.is_empty() && clean.names((what, value), ask)
            }
            Some((_, Known::Terms(terms, _))) => match what {
                Erased::User => terms.users.contains(value),
                Erased::Name => terms.names.contains(value),
                Erased::Item => terms.items.contains(value),
            },
        }
    }

    /// Returns whether a word hides one of them. Asks only if it is not remembered. `depth` is how far it is looked into.
    pub(super) fn are_hidden_in(&self, word: &str, depth: u8, ask: impl FnOnce() -> bool) -> bool {
        match &self.known {
            Some((_, Known::Hashes(_, clean))) => clean.names((word, depth), ask),
            _ => ask(),
        }
    }

    /// Returns false if the bytes certainly name nobody of them.
    #[must_use]
    pub fn may_be_in(&self, bytes: &[u8]) -> bool {
        match &self.known {
            None => false,
            Some((_, Known::Hashes(hashes, _))) => !hashes.is_empty(),
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

    /// Returns whether bytes of a file may contain an id or a long name of theirs, perhaps as a part of another one.
    #[must_use]
    pub fn may_be_named_plainly(&self, bytes: &[u8]) -> bool {
        match &self.known {
            Some((_, Known::Terms(_, quick))) => quick.may_be_plain_in(bytes),
            _ => false,
        }
    }
}

/// Returns the id of a post or comment without its prefix.
pub(super) fn bare(id: &str) -> &str {
    id.strip_prefix("s_").unwrap_or(id)
}
