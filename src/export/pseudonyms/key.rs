//! The key of a project's pseudonyms. A person who has it can find out whom a pseudonym stands for; without it nobody can.

use std::fmt;
use std::io::ErrorKind;
use std::path::Path;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::key_file::{create_key, key_of, new_key, read_private};
use crate::model::KEY_BYTES;
use crate::model::hex::hex;

/// A key. It is never printed.
#[derive(Clone)]
pub struct Key {
    keyed: Hmac<Sha256>,
}

/// What a pseudonym stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::export) enum Of {
    User,
    Post,
    Comment,
    Attachment,
}

impl Key {
    fn new(bytes: &[u8; KEY_BYTES]) -> Self {
        let keyed = Hmac::new_from_slice(bytes).expect("every length is allowed");
        Self { keyed }
    }

    /// Writes a new key to a file that does not exist.
    ///
    /// # Errors
    /// Returns why the file cannot be written. A file that exists stays as it is.
    pub fn create(path: &Path) -> Result<(), String> {
        create_key(path, &new_key()).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => {
                "the file exists. A key is never overwritten: the pseudonyms made with it could not be made again"
                    .to_owned()
            }
            _ => error.to_string(),
        })
    }

    /// Reads a key.
    ///
    /// # Errors
    /// Returns why the file is no key, or that others may read it.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = read_private(path)?
            .ok_or("there is no such file. `soracrawl new-key FILE` makes one")?;
        Ok(Self::new(&key_of(&text)?))
    }

    /// Returns the pseudonym of an id: a letter for what it is, and 32 digits of HMAC-SHA-256(key, what NUL id).
    pub(in crate::export) fn pseudonym(&self, of: Of, id: &str) -> String {
        let (what, letter) = match of {
            Of::User => ("user", 'u'),
            Of::Post => ("post", 'p'),
            Of::Comment => ("comment", 'c'),
            Of::Attachment => ("attachment", 'a'),
        };
        format!("{letter}_{}", self.digits(what, id))
    }

    /// Returns what stands for a text that is not shown.
    pub(in crate::export) fn hidden(&self, text: &str) -> String {
        self.digits("text", text)
    }

    /// Tells keys apart without showing them.
    pub(in crate::export) fn check(&self) -> String {
        self.digits("key", "")[..8].to_owned()
    }

    fn digits(&self, what: &str, id: &str) -> String {
        let mut keyed = self.keyed.clone();
        keyed.update(what.as_bytes());
        keyed.update(&[0]);
        keyed.update(id.as_bytes());
        let digest: [u8; 32] = keyed.finalize().into_bytes().into();
        hex(&digest[..16])
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Key")
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::{Key, Of};

    #[test]
    fn a_pseudonym_is_the_keyed_hash_of_the_id() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("key");
        fs::write(&file, "00".repeat(31) + "01").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let key = Key::read(&file).unwrap();
        // printf 'user\0user-1' | openssl dgst -sha256 -mac HMAC -macopt hexkey:00…01
        assert_eq!(
            key.pseudonym(Of::User, "user-1"),
            "u_66679d816862cd4d5d327474eb2674fe"
        );
        assert_ne!(
            key.pseudonym(Of::User, "1")[2..],
            key.pseudonym(Of::Post, "1")[2..]
        );
    }

    #[test]
    fn a_key_is_private_and_never_overwritten() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("key");
        assert!(Key::read(&file).unwrap_err().contains("new-key"));
        Key::create(&file).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(text.trim().len(), 64);
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert!(
            Key::create(&file)
                .unwrap_err()
                .contains("never overwritten")
        );
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(Key::read(&file).unwrap_err().contains("640"));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        for wrong in [
            "",
            "abc",
            &"0g".repeat(32),
            &"+1".repeat(32),
            &"é".repeat(32),
        ] {
            fs::write(&file, wrong).unwrap();
            assert!(Key::read(&file).unwrap_err().contains("64"), "{wrong}");
        }
    }
}
