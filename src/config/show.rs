//! The configuration as text: the example file, and what is in force.

use std::fmt::Write as _;

use super::keys::KEYS;
use super::{Config, FoundKey};

const WIDTH: usize = 98;

/// The whole of crawler.toml.example: every key with its default, its unit and why one would change it.
#[must_use]
pub fn example() -> String {
    let mut out = String::from(
        "# The configuration of soracrawl. Every key is here with its default; those that are unset by default are\n\
         # commented out, with an example. Copy the file to crawler.toml and keep what you change.\n\
         # Each key can be overridden by an environment variable: SORACRAWL_LIMITS__MAX_IN_FLIGHT=8.\n",
    );
    let mut section = "";
    for key in KEYS {
        let (before, name) = split(key.path);
        if before != section {
            section = before;
            let _ = writeln!(out, "\n[{section}]");
        }
        let unit = if key.unit.is_empty() {
            String::new()
        } else {
            format!(" ({})", key.unit)
        };
        wrap(&mut out, &format!("{}{unit}", key.why));
        let mark = if key.default.is_some() { "" } else { "# " };
        let _ = writeln!(out, "{mark}{name} = {}", key.example);
    }
    out
}

/// What is in force, as TOML that reads back to the same, with the key hidden.
pub(super) fn effective(config: &Config, key: Option<&FoundKey>) -> String {
    let mut out = String::new();
    let _ = match key {
        Some(key) => writeln!(out, "# API key: set (from {})", clean(&key.from)),
        None => writeln!(out, "# API key: not set"),
    };
    // Only values that no file gave can fail here, such as a path that is not UTF-8 from the command line.
    let values = match toml::Value::try_from(config) {
        Ok(values) => values,
        Err(error) => {
            return format!(
                "{out}# the rest cannot be shown as TOML: {}\n",
                clean(&error.to_string())
            );
        }
    };
    let mut section = "";
    for key in KEYS {
        let (before, name) = split(key.path);
        if before != section {
            section = before;
            let _ = writeln!(out, "\n[{section}]");
        }
        let value = key
            .path
            .split('.')
            .try_fold(&values, |table, part| table.get(part));
        let _ = match value {
            Some(value) => writeln!(out, "{name} = {}", key.kind.show(value)),
            None => writeln!(out, "# {name}: not set"),
        };
    }
    out
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('.').unwrap_or(("", path))
}

fn clean(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).collect()
}

/// Comment lines of a readable width.
fn wrap(out: &mut String, text: &str) {
    let mut line = String::from("#");
    for word in text.split(' ') {
        if line.chars().count() + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(out, "{line}");
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    let _ = writeln!(out, "{line}");
}
