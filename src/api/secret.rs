//! The API key, in a type that cannot be printed.

use std::fmt;

/// The API key. `Debug` and `Display` show nothing of it, so that no log line and no error can.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a key that can stand in an `Authorization` header.
    ///
    /// # Errors
    /// Says what is wrong with it, and never what it is.
    pub fn new(key: &str) -> Result<Self, &'static str> {
        if key.is_empty() {
            return Err("the key is empty");
        }
        if key.chars().any(char::is_whitespace) {
            return Err("the key has whitespace in it");
        }
        if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(
                "the key has characters that no key has (only printable ASCII is possible)",
            );
        }
        // These would let a match run across the borders of a JSON string when a body is scrubbed.
        if key.bytes().any(|byte| br#""'\`,<>[]{}"#.contains(&byte)) {
            return Err("the key has quotes, brackets, commas or backslashes in it");
        }
        Ok(Self(key.to_owned()))
    }

    /// The key itself: for the header that carries it and for the scrubber that removes it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_key_is_never_printed() {
        let key = Secret::new("abc/def+ghi==").unwrap();
        assert_eq!(
            format!("{key} {key:?} {:#?}", Some(&key)),
            "[key] Secret Some(\n    Secret,\n)"
        );
    }

    #[test]
    fn what_cannot_be_a_key_is_refused_without_showing_it() {
        for bad in [
            "",
            " ",
            "abc def",
            "abc\n",
            "schlüssel",
            "a\"b",
            "a\\b",
            "a\u{7f}b",
            "\u{0}x",
        ] {
            let why = Secret::new(bad).unwrap_err();
            assert!(bad.trim().len() < 3 || !why.contains(bad), "{why}");
        }
    }
}
