//! A problem of the configuration.

use std::fmt;

/// One problem, its key and its place. All problems are reported together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Full name of the key, for example `limits.max_in_flight`; empty if the problem concerns the whole file.
    pub key: String,
    /// `crawler.toml:12` or the name of an environment variable; `None` if the key is set nowhere.
    pub at: Option<String>,
    /// The reason in one sentence. It never contains a value that might be a secret.
    pub why: String,
}

impl Problem {
    /// Returns the line in the file, the sort key of problems. Problems from elsewhere sort last.
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
