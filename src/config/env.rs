//! Environment variables `SORACRAWL_<SECTION>__<KEY>`, which override the file, for example in a container.

use toml::de::DeValue;

use super::Problem;
use super::keys::{KEYS, Key};
use super::read::{Values, unknown};
use super::value::Raw;

const PREFIX: &str = "SORACRAWL_";

/// Reads every `SORACRAWL_…__…` variable. A variable that names no known key is a problem, as an unknown key is, and so is
/// one that names a key with single underscores. Others may belong to another program, such as an orchestrator.
pub(super) fn read(
    env: impl Iterator<Item = (String, String)>,
    values: &mut Values,
    problems: &mut Vec<Problem>,
) {
    let mut ours: Vec<_> = env
        .filter(|(name, _)| {
            name.strip_prefix(PREFIX)
                .is_some_and(|rest| rest.contains("__") || meant(name).is_some())
        })
        .collect();
    ours.sort();
    for (name, text) in ours {
        let path = name[PREFIX.len()..].replace("__", ".").to_ascii_lowercase();
        let key = KEYS
            .iter()
            .find(|key| key.path == path && variable(key.path) == name);
        match key {
            Some(key) => values.take(key, &value(key, &text), name, problems),
            None => problems.push(unknown_variable(&path, name)),
        }
    }
}

/// Returns the name of the environment variable that overrides the key `path`.
#[must_use]
pub fn variable(path: &str) -> String {
    format!("{PREFIX}{}", path.replace('.', "__").to_ascii_uppercase())
}

/// Parses `text` as a TOML value of the key's kind, else takes it as a plain string or a comma-separated list.
fn value(key: &Key, text: &str) -> Raw {
    if let Ok(parsed) = DeValue::parse(text) {
        let raw = Raw::of(parsed.get_ref());
        if key.kind.read(&raw).is_ok() || !(key.kind.is_text() || key.kind.is_list()) {
            return raw;
        }
    }
    if key.kind.is_list() && !text.trim_start().starts_with('[') {
        let items = text
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty());
        return Raw::List(items.map(|item| Raw::Text(item.to_owned())).collect());
    }
    Raw::Text(text.to_owned())
}

/// Returns the key whose variable has the same letters, whatever its underscores and its case.
fn meant(name: &str) -> Option<&'static Key> {
    let letters = |text: &str| -> String {
        let letters = text.chars().filter(|letter| *letter != '_');
        letters.map(|letter| letter.to_ascii_uppercase()).collect()
    };
    let wanted = letters(name);
    KEYS.iter()
        .find(|key| letters(&variable(key.path)) == wanted)
}

/// Returns the variables with our prefix that name no key and are no mistake of one.
#[must_use]
pub fn unused(names: impl Iterator<Item = String>) -> Vec<String> {
    let unused = names.filter(|name| {
        name.strip_prefix(PREFIX)
            .is_some_and(|rest| !rest.contains("__") && meant(name).is_none())
    });
    unused.collect()
}

fn unknown_variable(path: &str, name: String) -> Problem {
    let key = meant(&name);
    let mut problem = unknown(path, name);
    if let Some(key) = key {
        problem.why = format!("unknown key; did you mean {}?", variable(key.path));
    } else if let Some(meant) = KEYS
        .iter()
        .find(|key| problem.why.contains(&format!("mean {}?", key.path)))
    {
        problem.why = format!("unknown key; did you mean {}?", variable(meant.path));
    }
    problem
}
