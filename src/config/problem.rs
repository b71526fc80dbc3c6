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

impl Problem {
    /// The line of the file, by which problems are ordered; those from elsewhere come after them.
    pub(super) fn line(&self) -> usize {
        let line = self
            .at
            .as_ref()
            .and_then(|at| at.rsplit_once(':')?.1.parse().ok());
        line.unwrap_or(usize::MAX)
    }
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
