//! Hashes that are written to the archive: they mean the same in every later version.

use super::erased::EraseKey;

/// So many last items of a pass must be in what an earlier pass of the walk saw, if the pass meets it: what is pinned or
/// moved to the front comes before them.
pub const MEETING_ITEMS: usize = 5;

/// First byte of the hashes of a page that are made with the key of the archive. Their number of bytes is odd then.
const KEYED: u8 = 1;
const BYTES: usize = 8;

/// Makes the hashes of item ids: unkeyed, until somebody is erased from the archive.
#[derive(Debug, Clone, Default)]
pub struct ItemHash {
    key: Option<EraseKey>,
}

impl ItemHash {
    #[must_use]
    pub fn keyed(key: EraseKey) -> Self {
        Self { key: Some(key) }
    }

    /// Returns the hash of an id.
    #[must_use]
    pub fn of(&self, id: &str) -> u64 {
        self.keyed_if_due(hash(id.as_bytes()))
    }

    fn keyed_if_due(&self, hash: u64) -> u64 {
        self.key.as_ref().map_or(hash, |key| key.item(hash))
    }

    /// Returns the ids of a page as the ledger keeps them: 8 bytes each, little-endian, after a byte 1 if they are keyed.
    #[must_use]
    pub fn stored(&self, ids: &[String]) -> Vec<u8> {
        self.written(ids.iter().map(|id| self.of(id)))
    }

    /// Returns the hashes of a page. Unkeyed ones become keyed if there is a key.
    #[must_use]
    pub fn read(&self, stored: &[u8]) -> Vec<u64> {
        let (is_keyed, hashes) = parts(stored);
        let hashes = hashes.chunks_exact(BYTES).map(|bytes| {
            let bytes = bytes.try_into().unwrap_or_default();
            u64::from_le_bytes(bytes)
        });
        match is_keyed {
            true => hashes.collect(),
            false => hashes.map(|hash| self.keyed_if_due(hash)).collect(),
        }
    }

    /// Returns whether these are the hashes of these ids; `None` if they are keyed, and there is no key.
    #[must_use]
    pub fn matches(&self, stored: &[u8], ids: &[String]) -> Option<bool> {
        let (is_keyed, hashes) = parts(stored);
        if is_keyed && self.key.is_none() {
            return None;
        }
        let is_whole = hashes.len().is_multiple_of(BYTES);
        let own: Vec<u64> = ids.iter().map(|id| self.of(id)).collect();
        Some(is_whole && self.read(stored) == own)
    }

    /// Returns unkeyed hashes of a page as keyed ones; `None` if they are keyed, or if there are none.
    #[must_use]
    pub fn rekeyed(&self, stored: &[u8]) -> Option<Vec<u8>> {
        let is_due = !stored.is_empty() && !parts(stored).0 && self.key.is_some();
        is_due.then(|| self.written(self.read(stored).into_iter()))
    }

    fn written(&self, hashes: impl Iterator<Item = u64>) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.key.iter().map(|_| KEYED).collect();
        bytes.extend(hashes.flat_map(u64::to_le_bytes));
        if bytes.len() == 1 { Vec::new() } else { bytes }
    }
}

/// Returns whether the hashes of a page are keyed, and the hashes.
fn parts(stored: &[u8]) -> (bool, &[u8]) {
    match stored {
        [KEYED, hashes @ ..] if hashes.len().is_multiple_of(BYTES) => (true, hashes),
        hashes => (false, hashes),
    }
}

/// Returns the hashes of a page, keyed or not, without what tells which they are.
#[must_use]
pub fn stored_hashes(stored: &[u8]) -> &[u8] {
    parts(stored).1
}

/// Returns the unkeyed hashes of a page, as the ledger keeps them until somebody is erased.
#[must_use]
pub fn item_hashes(ids: &[String]) -> Vec<u8> {
    ItemHash::default().stored(ids)
}

/// FNV-1a, because what is written to the file must mean the same in every later version.
#[must_use]
pub fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::{ItemHash, item_hashes};
    use crate::model::EraseKey;

    #[test]
    fn hashes_are_what_earlier_versions_wrote() {
        assert_eq!(
            item_hashes(&["a".to_owned()]),
            0xaf63_dc4c_8601_ec8c_u64.to_le_bytes()
        );
    }

    #[test]
    fn keyed_hashes_are_made_of_unkeyed_ones_once() {
        let ids = ["a", "b"].map(str::to_owned);
        let keyed = ItemHash::keyed(EraseKey::new(&[7; 32]));
        let before = item_hashes(&ids);
        let after = keyed.rekeyed(&before).unwrap();
        assert_eq!(after, keyed.stored(&ids));
        assert_eq!((after.len(), after[0]), (17, 1));
        assert!(
            !after[1..]
                .windows(8)
                .any(|bytes| before.chunks(8).any(|it| it == bytes))
        );
        assert_eq!(keyed.rekeyed(&after), None);
        assert_eq!(keyed.read(&after), keyed.read(&before));
        assert_eq!(keyed.rekeyed(&[]), None);
        assert!(keyed.stored(&[]).is_empty());
    }
}
