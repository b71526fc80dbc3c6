//! crawler.toml as it stands there: each value checked against its key, with the line it came from.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::keys::{KEYS, Key};
use super::suggest::nearest;
use super::value::Raw;
use super::{Config, Problem};

/// The value of each key, and where it was said.
#[derive(Debug, Default)]
pub(super) struct Values(pub(super) BTreeMap<&'static str, (toml::Value, Option<String>)>);

impl Values {
    /// Checks a value against its key and takes it, or adds a problem.
    pub(super) fn take(&mut self, key: &Key, raw: &Raw, at: String, problems: &mut Vec<Problem>) {
        match key.kind.read(raw) {
            Ok(value) => {
                self.0.insert(key.path, (value, Some(at)));
            }
            Err(why) => problems.push(Problem {
                key: key.path.to_owned(),
                at: Some(at),
                why,
            }),
        }
    }

    /// The configuration: what was said, and the defaults of the rest.
    pub(super) fn config(&self) -> Result<Config, Problem> {
        let mut root = toml::Table::new();
        for key in KEYS {
            let value = match (self.0.get(key.path), key.default) {
                (Some((value, _)), _) => Some(value.clone()),
                (None, Some(default)) => Some(default_value(key, default)?),
                (None, None) => None,
            };
            put(&mut root, key.path, value);
        }
        // Cannot fail while KEYS and the fields of Config name the same things; a test holds them together.
        root.try_into().map_err(|error: toml::de::Error| Problem {
            key: String::new(),
            at: None,
            why: error.message().to_owned(),
        })
    }

    /// Where the value of a key was said; `None` where it is the default.
    pub(super) fn place(&self, path: &str) -> Option<String> {
        self.0.get(path).and_then(|(_, at)| at.clone())
    }
}

fn default_value(key: &Key, text: &str) -> Result<toml::Value, Problem> {
    let raw = DeValue::parse(text)
        .map(|parsed| Raw::of(parsed.get_ref()))
        .unwrap_or(Raw::Table);
    key.kind.read(&raw).map_err(|why| Problem {
        key: key.path.to_owned(),
        at: None,
        why,
    })
}

/// Puts a value at its place, and makes the sections on the way there, also for a value that is unset.
fn put(table: &mut toml::Table, path: &str, value: Option<toml::Value>) {
    match path.split_once('.') {
        Some((section, rest)) => {
            let section = table
                .entry(section)
                .or_insert_with(|| toml::Table::new().into());
            if let Some(section) = section.as_table_mut() {
                put(section, rest, value);
            }
        }
        None => {
            if let Some(value) = value {
                table.insert(path.to_owned(), value);
            }
        }
    }
}

/// Reads a whole file, going on after each problem.
pub(super) fn read(name: &str, text: &str, values: &mut Values, problems: &mut Vec<Problem>) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let place = |span: Range<usize>| {
        let line = text
            .as_bytes()
            .iter()
            .take(span.start)
            .filter(|byte| **byte == b'\n')
            .count();
        format!("{name}:{}", line + 1)
    };
    if errors.is_empty() {
        walk("", table.get_ref(), &place, values, problems);
        return;
    }
    // What the parser made of the rest may be nonsense, and nonsense about nonsense helps nobody.
    problems.extend(errors.iter().map(|error| Problem {
        key: String::new(),
        at: Some(error.span().map_or_else(|| name.to_owned(), &place)),
        why: format!("this is not TOML: {}", error.message()),
    }));
}

fn walk(
    prefix: &str,
    table: &DeTable<'_>,
    place: &impl Fn(Range<usize>) -> String,
    values: &mut Values,
    problems: &mut Vec<Problem>,
) {
    for (name, value) in table {
        let path = if prefix.is_empty() {
            name.get_ref().to_string()
        } else {
            format!("{prefix}.{}", name.get_ref())
        };
        let at = place(name.span());
        let is_section = KEYS.iter().any(|key| {
            key.path
                .strip_prefix(&path)
                .is_some_and(|rest| rest.starts_with('.'))
        });
        if let Some(key) = KEYS.iter().find(|key| key.path == path) {
            values.take(key, &Raw::of(value.get_ref()), at, problems);
        } else if !is_section {
            problems.push(unknown(&path, at));
        } else if let Some(section) = value.get_ref().as_table() {
            walk(&path, section, place, values, problems);
        } else {
            let why = format!("is a section: write [{path}] and its keys below");
            problems.push(Problem {
                key: path,
                at: Some(at),
                why,
            });
        }
    }
}

/// A key that there is not: what was probably meant, or why a key of the API may not stand here.
pub(super) fn unknown(path: &str, at: String) -> Problem {
    const SECRETS: [&str; 9] = [
        "key",
        "api_key",
        "apikey",
        "token",
        "api_token",
        "secret",
        "password",
        "authorization",
        "bearer",
    ];
    let last = path.rsplit('.').next().unwrap_or(path).to_ascii_lowercase();
    let why = if SECRETS.contains(&last.as_str()) {
        "a key never stands in the configuration, which is copied, shown and committed: put it into the environment \
         variable that api.key_env names, or into the file that api.key_file names"
            .to_owned()
    } else {
        match nearest(path, KEYS.iter().map(|key| key.path)) {
            Some(meant) => format!("there is no such key; did you mean {meant}?"),
            None => "there is no such key".to_owned(),
        }
    };
    Problem {
        key: path.escape_debug().to_string(),
        at: Some(at),
        why,
    }
}
