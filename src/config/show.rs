//! Formats the configuration: the example file and the effective values.

use std::fmt::Write as _;

use super::keys::KEYS;
use super::{Config, FoundKey};
use crate::model::is_control;

const WIDTH: usize = 98;

/// Returns the content of crawler.toml.example: every key with its default, unit and purpose.
#[must_use]
pub fn example() -> String {
    let mut out = String::from(
        "# Configuration of soracrawl. This file lists every key with its default. Keys that are unset by default are\n\
         # commented out and show an example value. Copy this file to crawler.toml and keep only what you change.\n\
         # An environment variable overrides each key, for example SORACRAWL_LIMITS__MAX_IN_FLIGHT=8.\n",
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

/// Formats the effective configuration as TOML that parses to the same values. Hides the API key.
pub(super) fn effective(config: &Config, key: Option<&FoundKey>) -> String {
    let mut out = String::new();
    let _ = match key {
        Some(key) => writeln!(out, "# API key: set (from {})", clean(&key.from)),
        None => writeln!(out, "# API key: not set"),
    };
    // Fails only for values that no file can contain, such as a non-UTF-8 path from the command line.
    let values = match toml::Value::try_from(config) {
        Ok(values) => values,
        Err(error) => {
            return format!(
                "{out}# cannot show the other values as TOML: {}\n",
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
            Some(value)
                if key.kind.is_secret() && value.as_array().is_none_or(|list| !list.is_empty()) =>
            {
                writeln!(out, "# {name}: set, not shown")
            }
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
    text.chars().filter(|letter| !is_control(*letter)).collect()
}

/// Appends `text` as comment lines of at most `WIDTH` columns.
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
