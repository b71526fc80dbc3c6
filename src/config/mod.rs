//! The configuration: crawler.toml and the environment → [`Config`], or all [`Problem`]s at once.

mod address;
mod alerts;
mod api_key;
mod check;
mod crawl;
mod env;
mod keys;
mod kind;
mod loopback;
mod media;
mod problem;
mod read;
mod refresh;
mod retention;
mod seeds;
mod show;
mod suggest;
mod usd;
mod value;
mod web;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::MicroUsd;

pub use crate::api::Secret;
pub use alerts::{ALERTS, AlertFormat, Alerts, Receiver, SecretUrl};
pub use api_key::FoundKey;
pub use crawl::{Crawl, Filter, MaxPages, MaxPerParent};
pub use env::{unused, variable};
pub use keys::{KEYS, Key};
pub use media::Media;
pub use problem::Problem;
pub use refresh::Refresh;
pub use retention::Retention;
pub use show::example;
pub use web::Web;

/// File to read if `--config` is not given. It need not exist.
pub const DEFAULT_PATH: &str = "crawler.toml";

/// The checked configuration. Every value is in range, and the name of a field ends with its unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub archive: Archive,
    pub api: Api,
    pub limits: Limits,
    pub budget: Budget,
    pub seeds: Seeds,
    pub crawl: Crawl,
    pub refresh: Refresh,
    pub media: Media,
    pub upkeep: Upkeep,
    pub retention: Retention,
    pub log: Log,
    pub web: Web,
    pub alerts: Alerts,
}

impl Config {
    /// Reads the file, then applies the overrides from the environment. A missing default file counts as empty.
    ///
    /// # Errors
    /// Returns all problems of both.
    pub fn load(
        path: Option<&Path>,
        env: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, Vec<Problem>> {
        let file = path.unwrap_or(Path::new(DEFAULT_PATH));
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if path.is_none() && error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => {
                let at = Some(file.display().to_string());
                let why = format!("cannot read the file: {error}");
                return Err(vec![Problem {
                    key: String::new(),
                    at,
                    why,
                }]);
            }
        };
        let folder = file.parent().unwrap_or(Path::new(""));
        Self::parse_in(folder, &file.display().to_string(), &text, env)
    }

    /// Parses the configuration from a string. Problems refer to it as `name`.
    ///
    /// # Errors
    /// Returns all problems of the string and the environment.
    pub fn parse(
        name: &str,
        text: &str,
        env: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, Vec<Problem>> {
        Self::parse_in(Path::new(""), name, text, env)
    }

    /// Parses the configuration of a file in `folder`, where the relative paths of its secrets begin.
    fn parse_in(
        folder: &Path,
        name: &str,
        text: &str,
        env: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, Vec<Problem>> {
        let (mut values, mut problems) = (read::Values::default(), Vec::new());
        read::read(name, text, &mut values, &mut problems);
        let in_file = values.config().map_err(|problem| vec![problem])?;
        env::read(env, &mut values, &mut problems);
        let mut config = values.config().map_err(|problem| vec![problem])?;
        let key = config.api.key_file.iter_mut();
        let key = key.filter(|path| in_file.api.key_file.as_ref() == Some(path));
        let token = config.web.token_file.iter_mut();
        let token = token.filter(|path| in_file.web.token_file.as_ref() == Some(path));
        let urls = config.alerts.to.iter_mut();
        let urls = urls.filter_map(|receiver| receiver.url_file.as_mut());
        for path in key.chain(token).chain(urls) {
            *path = folder.join(&*path);
        }
        check::pairs(&config, &values, &mut problems);
        problems.extend(seeds::problems(&config.seeds, &values));
        problems.sort_by_key(Problem::line);
        if problems.is_empty() {
            Ok(config)
        } else {
            Err(problems)
        }
    }

    /// Returns what does not fit together in a configuration whose values come from two files.
    #[must_use]
    pub fn conflicts(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        check::pairs(self, &read::Values::default(), &mut problems);
        problems
    }

    /// Returns the file of the token that opens the pages: `web.token_file`, else one beside the archive.
    #[must_use]
    pub fn token_file(&self) -> PathBuf {
        self.web.token_file.clone().unwrap_or_else(|| {
            let mut name = self.archive.path.clone().into_os_string();
            name.push(".token");
            name.into()
        })
    }

    /// Reads the API key from the variable named by `api.key_env`, else from the file `api.key_file`.
    ///
    /// # Errors
    /// Returns a problem if there is no key or it is malformed. The problem never contains the key.
    pub fn key(&self, env: impl Iterator<Item = (String, String)>) -> Result<FoundKey, Problem> {
        api_key::find(&self.api, env)
    }

    /// Formats the effective configuration as TOML that parses to the same values. Shows only the origin of the key.
    #[must_use]
    pub fn effective_toml(&self, key: Option<&FoundKey>) -> String {
        show::effective(self, key)
    }
}

impl Default for Config {
    fn default() -> Self {
        read::Values::default()
            .config()
            .expect("the defaults of KEYS are a valid configuration")
    }
}

impl From<&Api> for crate::api::client::Settings {
    fn from(api: &Api) -> Self {
        Self {
            base_url: api.base_url.clone(),
            proxy: api.proxy.as_ref().map(|proxy| proxy.expose().to_owned()),
            is_proxied: !loopback::is_loopback(&api.base_url),
            user_agent: api.user_agent.clone(),
            timeout: Duration::from_secs_f64(api.timeout_seconds),
            connect_timeout: Duration::from_secs_f64(api.connect_timeout_seconds),
            max_body_bytes: usize::try_from(api.max_body_bytes).unwrap_or(usize::MAX),
        }
    }
}

/// Location of the archive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    pub path: PathBuf,
}

/// The remote: address, credentials and limits of one call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Api {
    pub base_url: String,
    pub key_env: String,
    pub key_file: Option<PathBuf>,
    pub proxy: Option<SecretUrl>,
    pub user_agent: String,
    pub timeout_seconds: f64,
    pub connect_timeout_seconds: f64,
    pub max_body_bytes: u64,
    pub allow_insecure_http: bool,
}

/// Rates, concurrency, retries and cooldowns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub requests_per_second: f64,
    /// `None` means `requests_per_second`; see [`Limits::endpoint_rate`].
    pub endpoint_requests_per_second: Option<f64>,
    pub max_in_flight: u32,
    pub max_attempts: u32,
    pub max_paid_attempts: u32,
    pub max_empty_pages: u32,
    pub retry_base_seconds: f64,
    pub retry_cap_seconds: f64,
    pub lease_seconds: f64,
    pub breaker_failures: u32,
    pub breaker_cooldown_seconds: f64,
    pub outage_patience_seconds: f64,
    pub grace_seconds: f64,
}

impl Limits {
    /// Returns the rate limit of each endpoint, in calls per second.
    #[must_use]
    pub fn endpoint_rate(&self) -> f64 {
        self.endpoint_requests_per_second
            .unwrap_or(self.requests_per_second)
    }
}

/// Spending limits; `None` means no limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    #[serde(default, with = "usd::optional")]
    pub run_usd: Option<MicroUsd>,
    #[serde(default, with = "usd::optional")]
    pub day_usd: Option<MicroUsd>,
    #[serde(default, with = "usd::optional")]
    pub total_usd: Option<MicroUsd>,
    #[serde(default, with = "usd::optional")]
    pub seed_usd: Option<MicroUsd>,
    #[serde(with = "usd")]
    pub confirm_above_usd: MicroUsd,
}

/// Seeds in the formats that `soracrawl seed` accepts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seeds {
    pub users: Vec<String>,
    pub posts: Vec<String>,
    pub searches: Vec<String>,
    pub folder: Option<PathBuf>,
    pub feed: bool,
    pub leaderboard: bool,
}

/// Care for the archive and its disk during a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upkeep {
    pub min_free_bytes: u64,
    pub optimize_seconds: f64,
}

/// Level and format of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// A directive of `tracing_subscriber::EnvFilter`.
    pub level: String,
    pub format: LogFormat,
}

/// Format of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    Text,
    Json,
}

#[cfg(test)]
mod tests;
