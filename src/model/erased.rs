//! What stands for an erased person: keyed hashes, a replaced subject, a sealed cursor.
//!
//! A hash by a key says nothing to a reader without the key. A reader with the key can only ask whether somebody whom they
//! name was erased. So the archive is pseudonymous towards the owner of the key, not anonymous.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::hex::hex;

/// The bytes of a key.
pub const KEY_BYTES: usize = 32;
/// The beginning of what replaces a subject or a cursor that names an erased person.
const MARK: &str = "erased:";
/// Bytes of the check in front of a sealed cursor.
const CHECK: usize = 16;

/// Returns whether a subject, or a cursor, is what replaced one that named an erased person.
#[must_use]
pub fn is_erased(text: &str) -> bool {
    text.starts_with(MARK)
}

/// What a hash is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Erased {
    /// A user id.
    User,
    /// A username in lower case.
    Name,
    /// The id of a post or a comment, without `s_`.
    Item,
}

impl Erased {
    fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Name => "name",
            Self::Item => "item",
        }
    }
}

/// The key of the hashes of an archive. It is never printed.
#[derive(Clone)]
pub struct EraseKey {
    keyed: Hmac<Sha256>,
}

impl EraseKey {
    #[must_use]
    pub fn new(bytes: &[u8; KEY_BYTES]) -> Self {
        let keyed = Hmac::new_from_slice(bytes).expect("every length is allowed");
        Self { keyed }
    }

    /// Returns the hash by which an erased person, or what they wrote, is recognised.
    #[must_use]
    pub fn hash(&self, what: Erased, value: &str) -> [u8; 32] {
        self.digest(what.word(), value.as_bytes())
    }

    /// Returns the keyed hash of an item, from its unkeyed one (`model::hash`).
    #[must_use]
    pub fn item(&self, hash: u64) -> u64 {
        let digest = self.digest("seen", &hash.to_le_bytes());
        let half: [u8; 8] = std::array::from_fn(|at| digest[at]);
        u64::from_le_bytes(half)
    }

    /// Returns what replaces a subject. The same subject always becomes the same.
    #[must_use]
    pub fn subject(&self, subject: &str) -> String {
        let digest = self.digest("subject", subject.as_bytes());
        format!("{MARK}{}", hex(&digest[..8]))
    }

    /// Returns a cursor that only the owner of the key can read. The same cursor always becomes the same.
    #[must_use]
    pub fn seal(&self, cursor: &str) -> String {
        let check = self.digest("cursor", cursor.as_bytes());
        let check = &check[..CHECK];
        let mut bytes = check.to_vec();
        bytes.extend(self.stream(check, cursor.as_bytes()));
        format!("{MARK}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Returns the cursor of a sealed one; `None` if it is none of this key.
    #[must_use]
    pub fn unseal(&self, sealed: &str) -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed.strip_prefix(MARK)?).ok()?;
        let (check, rest) = bytes.split_at_checked(CHECK)?;
        let cursor = String::from_utf8(self.stream(check, rest)).ok()?;
        (self.digest("cursor", cursor.as_bytes())[..CHECK] == *check).then_some(cursor)
    }

    /// Combines bytes with a stream that follows from `check`. Doing it twice returns the bytes.
    fn stream(&self, check: &[u8], bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len());
        for (number, block) in (0_u32..).zip(bytes.chunks(32)) {
            let key = self.digest("stream", &[check, &number.to_le_bytes()].concat());
            out.extend(block.iter().zip(key).map(|(byte, key)| byte ^ key));
        }
        out
    }

    fn digest(&self, what: &str, value: &[u8]) -> [u8; 32] {
        let mut keyed = self.keyed.clone();
        keyed.update(what.as_bytes());
        keyed.update(&[0]);
        keyed.update(value);
        keyed.finalize().into_bytes().into()
    }
}

impl fmt::Debug for EraseKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("EraseKey")
    }
}

#[cfg(test)]
mod tests {
    use super::{EraseKey, Erased, is_erased};

    #[test]
    fn a_sealed_cursor_opens_with_its_key_alone() {
        let [key, other] = [1, 2].map(|byte| EraseKey::new(&[byte; 32]));
        for cursor in ["", "x", "eyJ1c2VyX2lkIjoidXNlci0xIn0=", &"é".repeat(100)] {
            let sealed = key.seal(cursor);
            assert!(is_erased(&sealed) && sealed == key.seal(cursor));
            assert_eq!(key.unseal(&sealed).as_deref(), Some(cursor));
            assert_eq!(other.unseal(&sealed), None);
            assert_eq!(key.unseal(cursor), None);
        }
    }

    #[test]
    fn hashes_tell_a_user_from_a_name_and_one_key_from_another() {
        let [key, other] = [1, 2].map(|byte| EraseKey::new(&[byte; 32]));
        // printf 'user\0user-1' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0101…01
        let hash = super::hex(&key.hash(Erased::User, "user-1"));
        assert_eq!(hash.len(), 64);
        assert_ne!(key.hash(Erased::User, "a"), key.hash(Erased::Name, "a"));
        assert_ne!(key.hash(Erased::User, "a"), other.hash(Erased::User, "a"));
        assert_ne!(key.subject("a"), key.subject("b"));
    }
}
