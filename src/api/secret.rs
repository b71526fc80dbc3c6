//! The API key, in a type that never prints it.

use std::fmt;

/// The API key. `Debug` and `Display` hide it, so no log line or error can contain it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Accepts a key that is valid in an `Authorization` header.
    ///
    /// # Errors
    /// Returns a message that states the problem and never contains the key.
    pub fn new(key: &str) -> Result<Self, &'static str> {
        if key.is_empty() {
            return Err("the API key is empty");
        }
        if key.chars().any(char::is_whitespace) {
            return Err("the API key contains whitespace");
        }
        if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("the API key contains characters other than printable ASCII");
        }
        // With these, a match in a body could cross the borders of a JSON string and the scrubber would break the JSON.
        if key.bytes().any(|byte| br#""'\`,<>[]{}"#.contains(&byte)) {
            return Err("the API key contains quotes, brackets, commas or backslashes");
        }
        Ok(Self(key.to_owned()))
    }

    /// Returns the key, for the header that contains it and the scrubber that removes it.
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
    fn an_invalid_key_is_refused_without_printing_it() {
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
