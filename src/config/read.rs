//! Parses crawler.toml: checks each value against its key and records its line.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::keys::{KEYS, Key};
use super::suggest::nearest;
use super::value::Raw;
use super::{Config, Problem};

/// The value of each key that is set, and its place in the file or environment.
#[derive(Debug, Default)]
pub(super) struct Values(pub(super) BTreeMap<&'static str, (toml::Value, Option<String>)>);

impl Values {
    /// Checks a value against its key, then stores it or adds a problem.
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

    /// Builds the configuration from the values that are set and the defaults of all other keys.
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
        // Cannot fail while KEYS matches the fields of Config, which a test checks.
        root.try_into().map_err(|error: toml::de::Error| Problem {
            key: String::new(),
            at: None,
            why: error.message().to_owned(),
        })
    }

    /// Returns the place where a key is set; `None` if it has its default.
    pub(super) fn place(&self, path: &str) -> Option<String> {
        self.0.get(path).and_then(|(_, at)| at.clone())
    }
}

fn default_value(key: &Key, text: &str) -> Result<toml::Value, Problem> {
    let raw = DeValue::parse(text)
        .map(|parsed| Raw::of(parsed.get_ref()))
        .unwrap_or(Raw::Huge);
    key.kind.read(&raw).map_err(|why| Problem {
        key: key.path.to_owned(),
        at: None,
        why,
    })
}

/// Inserts a value at its path. Creates the parent sections even for an unset value: `Config` requires them.
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

/// Parses a whole file and continues after each problem.
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
    // After a syntax error the parsed tables may be wrong, so checking them would report misleading problems.
    problems.extend(errors.iter().map(|error| Problem {
        key: String::new(),
        at: Some(error.span().map_or_else(|| name.to_owned(), &place)),
        why: format!("invalid TOML: {}", error.message()),
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
            let why = format!("expected a section: write [{path}] and put its keys below it");
            problems.push(Problem {
                key: path,
                at: Some(at),
                why,
            });
        }
    }
}

/// Returns the problem for an unknown key: a suggestion, or a warning if the name suggests a secret.
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
        "secrets do not belong in the configuration, which is copied, shown and committed: put the API key into the \
         environment variable named by api.key_env, or into the file named by api.key_file"
            .to_owned()
    } else {
        let sections = KEYS.iter().filter_map(|key| key.path.rsplit_once('.'));
        let sections = sections.map(|(section, _)| section);
        match nearest(path, KEYS.iter().map(|key| key.path).chain(sections)) {
            Some(meant) => format!("unknown key; did you mean {meant}?"),
            None => "unknown key".to_owned(),
        }
    };
    Problem {
        key: path.escape_debug().to_string(),
        at: Some(at),
        why,
    }
}
