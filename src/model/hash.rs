//! Hashes that are written to the archive: they mean the same in every later version.

/// So many last items of a page must all be in what an earlier pass of the walk saw, if the page meets it: what is pinned or
/// moved to the front comes before them.
pub const MEETING_ITEMS: usize = 5;

/// The ids of a page as the ledger keeps them: 8 bytes each, little-endian.
#[must_use]
pub fn item_hashes(ids: &[String]) -> Vec<u8> {
    ids.iter()
        .flat_map(|id| hash(id.as_bytes()).to_le_bytes())
        .collect()
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
    use super::item_hashes;

    #[test]
    fn hashes_are_what_earlier_versions_wrote() {
        assert_eq!(
            item_hashes(&["a".to_owned()]),
            0xaf63_dc4c_8601_ec8c_u64.to_le_bytes()
        );
    }
}
