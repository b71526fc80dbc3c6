//! Remembers words that name nobody. Replies repeat most of their words, and a keyed hash of each takes most of the time.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// Words that are remembered. A newer one takes the place of an older one.
const SLOTS: usize = 1 << 15;

/// Hashes of words that name nobody, each in the slot that it determines. They are keyed at random, and nobody can look for
/// two words with the same one; by accident, two words share one in 2^64.
#[derive(Debug)]
pub(super) struct Clean {
    keyed: RandomState,
    slots: Box<[AtomicU64]>,
}

impl Clean {
    pub(super) fn new() -> Self {
        Self {
            keyed: RandomState::new(),
            slots: (0..SLOTS).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// Returns whether a word names somebody. Asks only if it is not remembered.
    pub(super) fn names(&self, word: impl Hash, ask: impl FnOnce() -> bool) -> bool {
        let hash = self.keyed.hash_one(word);
        let slot = usize::try_from(hash % SLOTS as u64).unwrap_or_default();
        if hash != 0 && self.slots[slot].load(Ordering::Relaxed) == hash {
            return false;
        }
        let names = ask();
        if !names {
            self.slots[slot].store(hash, Ordering::Relaxed);
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::{Clean, SLOTS};

    #[test]
    fn only_words_that_name_nobody_are_remembered() {
        let clean = Clean::new();
        let mut asked = 0;
        for word in ["a", "b", "a", "b", "a"] {
            let names = clean.names(word, || {
                asked += 1;
                word == "b"
            });
            assert_eq!(names, word == "b");
        }
        assert_eq!(asked, 3, "`a` once and `b` each time");
        // Many other words may take its place, and are no answer for it.
        for number in 0..4 * SLOTS {
            assert!(!clean.names(number, || false));
        }
        assert!(clean.names("c", || true));
    }
}
