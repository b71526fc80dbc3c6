//! Who is told of what happens to the daemon.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::Url;

use super::loopback::is_loopback;
use super::value::Raw;

/// Whom to tell, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alerts {
    pub stalled_after_seconds: f64,
    pub ping_url: Option<SecretUrl>,
    pub ping_every_seconds: f64,
    #[serde(default)]
    pub to: Vec<Receiver>,
}

/// A URL that gives access to what it leads to. It is never shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretUrl(String);

impl SecretUrl {
    /// Returns a URL that alerts may be sent to.
    ///
    /// # Errors
    /// Returns the reason if it is none. The reason does not contain the URL.
    pub fn new(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let url = Url::parse(text).map_err(|error| format!("invalid URL: {error}"))?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(text) => {}
            "http" => return Err("must begin with https://, except for this machine".to_owned()),
            _ => return Err("must begin with https://".to_owned()),
        }
        if url.host().is_none() {
            return Err("must have a host".to_owned());
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns whether it leads to this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretUrl(hidden)")
    }
}

/// One receiver of alerts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receiver {
    pub url: Option<SecretUrl>,
    /// A file that contains only the URL.
    pub url_file: Option<PathBuf>,
    pub format: AlertFormat,
    /// The conditions to tell.
    pub on: Vec<String>,
}

impl Alerts {
    /// Returns which receivers have no URL now, and why.
    #[must_use]
    pub fn unreachable(&self) -> Vec<String> {
        let tables = self.to.iter().enumerate();
        let why = tables.filter_map(|(at, receiver)| {
            let why = receiver.address().err()?;
            Some(format!("alerts.to: table {}: url_file: {why}", at + 1))
        });
        why.collect()
    }
}

impl Receiver {
    /// Returns the URL, from the configuration or from its file.
    ///
    /// # Errors
    /// Returns the reason if the file cannot be read or contains no such URL.
    pub fn address(&self) -> Result<SecretUrl, String> {
        match (&self.url, &self.url_file) {
            (Some(url), _) => Ok(url.clone()),
            (None, Some(path)) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|why| format!("cannot read {}: {why}", path.display()))?;
                SecretUrl::new(&text).map_err(|why| format!("{}: {why}", path.display()))
            }
            (None, None) => Err("has neither url nor url_file".to_owned()),
        }
    }
}

/// The form of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertFormat {
    Json,
    Slack,
    Ntfy,
}

/// The conditions of which receivers are told, in the order of the documents.
pub const ALERTS: [&str; 8] = [
    "stopped",
    "budget",
    "stalled",
    "refused",
    "unwritable",
    "disk",
    "drift",
    "done",
];

const FORMATS: [&str; 3] = ["json", "slack", "ntfy"];

/// Reads the tables of `[[alerts.to]]`.
pub(super) fn receivers(raw: &Raw) -> Result<toml::Value, String> {
    let Raw::List(items) = raw else {
        return Err(format!(
            "expected tables [[alerts.to]], found {}",
            raw.name()
        ));
    };
    let items = items
        .iter()
        .enumerate()
        .map(|(at, item)| receiver(item).map_err(|why| format!("table {}: {why}", at + 1)));
    items.collect::<Result<Vec<_>, _>>().map(toml::Value::Array)
}

fn receiver(raw: &Raw) -> Result<toml::Value, String> {
    let Raw::Table(fields) = raw else {
        return Err(format!("expected a table, found {}", raw.name()));
    };
    let mut table = toml::Table::new();
    table.insert("format".to_owned(), "json".into());
    table.insert("on".to_owned(), ALERTS.to_vec().into());
    let mut addresses = 0;
    for (name, value) in fields {
        let value = match (name.as_str(), value) {
            ("url", Raw::Text(text)) => {
                addresses += 1;
                SecretUrl::new(text)
                    .map_err(|why| format!("url {why}"))?
                    .0
                    .into()
            }
            ("url_file", Raw::Text(text)) if !text.is_empty() => {
                addresses += 1;
                text.clone().into()
            }
            ("format", Raw::Text(text)) => one_of("format", text, &FORMATS)?,
            ("on", Raw::List(items)) if !items.is_empty() => {
                let words = items.iter().map(|item| match item {
                    Raw::Text(text) => one_of("on", text, &ALERTS),
                    other => Err(format!("on: expected a string, found {}", other.name())),
                });
                toml::Value::Array(words.collect::<Result<_, _>>()?)
            }
            ("on", Raw::List(_)) => return Err("on must name a condition".to_owned()),
            ("url" | "url_file" | "format", other) => {
                return Err(format!("{name}: expected a string, found {}", other.name()));
            }
            ("on", other) => {
                return Err(format!(
                    "on: expected a list of strings, found {}",
                    other.name()
                ));
            }
            (other, _) => {
                return Err(format!(
                    "unknown key {}; the keys are url, url_file, format and on",
                    other.escape_debug()
                ));
            }
        };
        table.insert(name.clone(), value);
    }
    match addresses {
        1 => Ok(toml::Value::Table(table)),
        0 => Err("needs url or url_file".to_owned()),
        _ => Err("needs either url or url_file, not both".to_owned()),
    }
}

fn one_of(key: &str, text: &str, words: &[&str]) -> Result<toml::Value, String> {
    match words.contains(&text) {
        true => Ok(text.into()),
        false => Err(format!("{key} must be one of {}", words.join(", "))),
    }
}
