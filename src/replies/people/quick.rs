//! A fast search over bytes, so that only what may name somebody is parsed.

use aho_corasick::AhoCorasick;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use memchr::memchr;

use super::terms::Terms;

/// Shortest base64 of a term that is searched for.
const LEAST_CODED: usize = 4;
/// Shortest term, and base64 of a term, that is searched for in compressed bytes.
const LONG: usize = 6;
const LONG_CODED: usize = 8;

/// Finds terms in bytes: plain in any case, in base64 at any offset, and both inside percent-encoding.
#[derive(Debug, Clone)]
pub(super) struct Quick {
    plain: AhoCorasick,
    coded: AhoCorasick,
    /// Ids and names that are so long that they are in no compressed bytes by accident.
    long_ids: AhoCorasick,
    long_names: AhoCorasick,
}

impl Quick {
    pub(super) fn new(terms: &Terms) -> Result<Self, String> {
        let plain = || terms.users.iter().chain(&terms.names);
        let mut coded: Vec<String> = plain().flat_map(|term| base64_forms(term)).collect();
        coded.sort_unstable();
        coded.dedup();
        let failed = |why: aho_corasick::BuildError| why.to_string();
        let ids = terms.users.iter();
        let long_ids = ids.clone().flat_map(|id| base64_forms(id));
        let long_ids = long_ids
            .filter(|it| it.len() >= LONG_CODED)
            .chain(ids.cloned());
        let long_names = terms.names.iter().filter(|it| it.len() >= LONG);
        Ok(Self {
            plain: AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .build(plain().chain(&terms.items))
                .map_err(failed)?,
            long_ids: AhoCorasick::new(long_ids).map_err(failed)?,
            long_names: AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .build(long_names)
                .map_err(failed)?,
            coded: AhoCorasick::new(&coded).map_err(failed)?,
        })
    }

    pub(super) fn may_be_in(&self, bytes: &[u8]) -> bool {
        // An escape of JSON may hide any letter, and so may a name outside ASCII in another case.
        if self.are_in(bytes) || memchr::memmem::find(bytes, b"\\u").is_some() {
            return true;
        }
        memchr(b'%', bytes).is_some() && {
            let decoded: Vec<u8> = percent_encoding::percent_decode(bytes).collect();
            self.are_in(&decoded)
        }
    }

    /// Returns whether bytes of a file contain an id, its base64, or a long name as a whole token.
    pub(super) fn is_plain_in(&self, bytes: &[u8]) -> bool {
        let is_part = |at: Option<usize>| {
            let byte = at.and_then(|at| bytes.get(at));
            byte.is_some_and(|it| it.is_ascii_alphanumeric() || b"._-".contains(it))
        };
        let is_whole = |start: usize, end| !is_part(start.checked_sub(1)) && !is_part(Some(end));
        let mut names = self.long_names.find_overlapping_iter(bytes);
        self.long_ids.is_match(bytes) || names.any(|at| is_whole(at.start(), at.end()))
    }

    /// Returns whether bytes of a file may contain an id or a long name. SQLite stores texts without a gap between them, so a
    /// longer name that contains one counts too.
    pub(super) fn may_be_plain_in(&self, bytes: &[u8]) -> bool {
        self.long_ids.is_match(bytes) || self.long_names.is_match(bytes)
    }

    fn are_in(&self, bytes: &[u8]) -> bool {
        self.plain.is_match(bytes) || self.coded.is_match(bytes)
    }
}

/// Returns what base64 of any text with the term contains, for each of the three offsets and both alphabets.
pub(super) fn base64_forms(term: &str) -> Vec<String> {
    let mut forms = Vec::new();
    for offset in 0..3 {
        let bytes = [&[0; 2][..offset], term.as_bytes()].concat();
        // Digits that also encode bits of what is before or after the term are left out.
        let from = [0, 2, 3][offset];
        let whole = bytes.len() * 8 / 6;
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            let text = engine.encode(&bytes);
            let core = text.get(from..whole).unwrap_or_default();
            if core.len() >= LEAST_CODED && !forms.iter().any(|form| form == core) {
                forms.push(core.to_owned());
            }
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::{Quick, Terms};

    #[test]
    fn a_term_is_found_in_base64_at_every_offset_and_in_percent_encoding() {
        let terms = Terms {
            users: ["user-AbC1".to_owned()].into(),
            names: ["mira.k".to_owned()].into(),
            ..Terms::default()
        };
        let quick = Quick::new(&terms).unwrap();
        for before in ["", "a", "ab", "abc", "~~?"] {
            for after in ["", "z", "zz", "\"}"] {
                for term in ["user-AbC1", "mira.k"] {
                    let text = STANDARD.encode(format!("{before}{term}{after}"));
                    assert!(quick.may_be_in(text.as_bytes()), "{before} {term} {after}");
                    let url = text.replace('+', "%2B").replace('=', "%3D");
                    assert!(quick.may_be_in(url.as_bytes()));
                    let whole = format!("?u={before}%{:02x}{}", term.as_bytes()[0], &term[1..]);
                    assert!(quick.may_be_in(whole.as_bytes()));
                }
            }
        }
        assert!(quick.may_be_in(b"@MIRA.K") && quick.may_be_in(b"\\u006dira.k"));
        assert!(!quick.may_be_in(b"user-AbC2, mira, 100%"));
    }
}
