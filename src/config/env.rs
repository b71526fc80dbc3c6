//! `SORACRAWL_<SECTION>__<KEY>`: the configuration of a container.

use toml::de::DeValue;

use super::Problem;
use super::keys::{KEYS, Key};
use super::read::{Values, unknown};
use super::value::Raw;

const PREFIX: &str = "SORACRAWL_";

/// Takes every variable that names a key; one that names none is a problem, as it is in the file.
pub(super) fn read(
    env: impl Iterator<Item = (String, String)>,
    values: &mut Values,
    problems: &mut Vec<Problem>,
) {
    let mut ours: Vec<_> = env
        .filter(|(name, _)| {
            name.strip_prefix(PREFIX)
                .is_some_and(|rest| rest.contains("__"))
        })
        .collect();
    ours.sort();
    for (name, text) in ours {
        let path = name[PREFIX.len()..].replace("__", ".").to_ascii_lowercase();
        match KEYS
            .iter()
            .find(|key| key.path == path && variable(key.path) == name)
        {
            Some(key) => values.take(key, &value(key, &text), name, problems),
            None => problems.push(unknown_variable(&path, name)),
        }
    }
}

/// The name of the variable that overrides a key.
#[must_use]
pub fn variable(path: &str) -> String {
    format!("{PREFIX}{}", path.replace('.', "__").to_ascii_uppercase())
}

/// A TOML value where it is one of the key's kind, otherwise the text as it is; lists may be written with commas.
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

fn unknown_variable(path: &str, name: String) -> Problem {
    let mut problem = unknown(path, name);
    if let Some(meant) = KEYS
        .iter()
        .find(|key| problem.why.contains(&format!("mean {}?", key.path)))
    {
        problem.why = format!(
            "there is no such key; did you mean {}?",
            variable(meant.path)
        );
    }
    problem
}
