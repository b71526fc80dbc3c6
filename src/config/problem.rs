//! One thing that is wrong with the configuration.

use std::fmt;

/// What is wrong, at which key; all of them are reported at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key's full name, as in `limits.max_in_flight`.
    pub key: String,
    /// `crawler.toml:12`, or the variable's name; `None` where the key stands nowhere.
    pub at: Option<String>,
    /// One sentence; never the value of something that might be secret.
    pub why: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(at) = &self.at {
            write!(f, "{at}: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.why)
    }
}

impl std::error::Error for Problem {}
