//! Kinds of configuration values, each with its check.

use tracing_subscriber::EnvFilter;

use super::address::{base_url, file_hosts, hosts, proxy, renditions, socket};
use super::alerts::{SecretUrl, receivers};
use super::value::Raw;
use crate::clock::unix_seconds;
use crate::model::MicroUsd;

/// One month, longer than any sensible delay. The bound keeps every duration far from overflow.
const MAX_SECONDS: f64 = 2_678_400.0;
/// Calls per second. The limiter counts in nanoseconds and cannot represent much higher rates.
const MAX_RATE: f64 = 1_000_000.0;
/// Calls per second. Less than one call in ten days is a mistake.
const MIN_RATE: f64 = 0.000_001;
/// Largest amount that a TOML float represents without rounding to another micro-dollar.
const MAX_USD: MicroUsd = MicroUsd(1_000_000_000_000_000);

/// The kind of a value. [`Kind::read`] converts each to the form that `Config` deserializes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Flag,
    Count {
        min: i64,
        max: i64,
    },
    Seconds,
    Rate,
    Usd,
    Path,
    BaseUrl,
    /// The name of an environment variable.
    Variable,
    /// A header's value.
    Header,
    List,
    /// A date, or a time with offset.
    Moment,
    OneOf(&'static [&'static str]),
    /// A directive of `tracing_subscriber::EnvFilter`.
    Directive,
    /// An IP address and a port.
    Socket,
    /// Names of hosts, perhaps with a port.
    Hosts,
    /// Names and addresses of hosts that files come from, perhaps with a port.
    FileHosts,
    /// Names of renditions.
    Renditions,
    /// A URL that must not be shown.
    SecretUrl,
    /// The URL of a proxy, perhaps with a password.
    Proxy,
    /// Tables of receivers of alerts, with URLs that must not be shown.
    Receivers,
}

impl Kind {
    /// Returns whether an environment variable may hold the value as plain text, without TOML quotes.
    pub(super) fn is_text(self) -> bool {
        matches!(
            self,
            Self::Path
                | Self::BaseUrl
                | Self::Variable
                | Self::Header
                | Self::OneOf(_)
                | Self::Directive
                | Self::Socket
                | Self::SecretUrl
                | Self::Proxy
        )
    }

    /// Returns whether a value must not be shown.
    pub(super) fn is_secret(self) -> bool {
        matches!(self, Self::SecretUrl | Self::Proxy | Self::Receivers)
    }

    /// Returns whether an environment variable may hold the value as a comma-separated list.
    pub(super) fn is_list(self) -> bool {
        matches!(
            self,
            Self::List | Self::Hosts | Self::FileHosts | Self::Renditions
        )
    }

    /// Formats a value of `Config` as a user would write it in the file.
    pub(super) fn show(self, value: &toml::Value) -> String {
        match (self, value) {
            (Self::Usd, toml::Value::String(amount)) => amount.clone(),
            (Self::Moment, toml::Value::Float(seconds)) => shown_moment(*seconds),
            _ => value.to_string(),
        }
    }

    /// Converts a raw value to the form that `Config` deserializes.
    ///
    /// # Errors
    /// Returns the reason if the value is not of this kind. It never quotes a string: the user may have pasted a
    /// secret.
    pub(super) fn read(self, raw: &Raw) -> Result<toml::Value, String> {
        match self {
            Self::Flag => flag(raw),
            Self::Count { min, max } => count(raw, min, max),
            Self::Seconds => number(raw, "seconds", 0.001, MAX_SECONDS),
            Self::Rate => number(raw, "calls per second", MIN_RATE, MAX_RATE),
            Self::Usd => usd(raw),
            Self::List => list(raw),
            Self::Moment => moment(raw),
            Self::OneOf(words) => text(raw, |text| one_of(text, words)),
            Self::Path => text(raw, |text| {
                if text.is_empty() || text.contains('\0') {
                    Err("must not be empty or contain a NUL byte".into())
                } else {
                    Ok(text.into())
                }
            }),
            Self::BaseUrl => text(raw, base_url),
            Self::Variable => text(raw, variable),
            Self::Header => text(raw, header),
            Self::Directive => text(raw, directive),
            Self::Socket => text(raw, socket),
            Self::Hosts => list(raw).and_then(hosts),
            Self::FileHosts => list(raw).and_then(file_hosts),
            Self::Renditions => list(raw).and_then(renditions),
            Self::SecretUrl => text(raw, |text| {
                SecretUrl::new(text).map(|url| url.expose().to_owned())
            }),
            Self::Proxy => text(raw, proxy),
            Self::Receivers => receivers(raw),
        }
    }
}

fn mismatch(expected: &str, raw: &Raw) -> String {
    format!("expected {expected}, found {}", raw.name())
}

fn text(raw: &Raw, check: impl Fn(&str) -> Result<String, String>) -> Result<toml::Value, String> {
    match raw {
        Raw::Text(text) => check(text).map(toml::Value::String),
        other => Err(mismatch("a string", other)),
    }
}

fn flag(raw: &Raw) -> Result<toml::Value, String> {
    match raw {
        Raw::Flag(flag) => Ok((*flag).into()),
        other => Err(mismatch("true or false", other)),
    }
}

fn count(raw: &Raw, min: i64, max: i64) -> Result<toml::Value, String> {
    match raw {
        Raw::Integer(count) if (min..=max).contains(count) => Ok((*count).into()),
        Raw::Integer(count) if max == i64::MAX => {
            Err(format!("must be at least {min}, not {count}"))
        }
        Raw::Integer(count) => Err(format!("must be from {min} to {max}, not {count}")),
        other => Err(mismatch("an integer", other)),
    }
}

fn number(raw: &Raw, unit: &str, min: f64, max: f64) -> Result<toml::Value, String> {
    let number = match raw {
        #[expect(
            clippy::cast_precision_loss,
            reason = "numbers in range are far below 2^53"
        )]
        Raw::Integer(number) => *number as f64,
        Raw::Float(text) => text.parse().map_err(|_| mismatch("a number", raw))?,
        other => return Err(mismatch("a number", other)),
    };
    if (min..=max).contains(&number) {
        Ok(number.into())
    } else if number <= 0.0 {
        Err(format!("must be above 0 {unit}, not {number}"))
    } else {
        Err(format!("must be from {min} to {max} {unit}, not {number}"))
    }
}

fn usd(raw: &Raw) -> Result<toml::Value, String> {
    let text = match raw {
        Raw::Integer(dollars) => dollars.to_string(),
        Raw::Float(text) => text.trim_start_matches('+').to_owned(),
        Raw::Text(text) if text.len() <= 32 => text.clone(),
        Raw::Text(_) => return Err("is not an amount of dollars such as 12.50".to_owned()),
        other => return Err(mismatch("an amount of dollars such as 12.50", other)),
    };
    let amount = MicroUsd::parse_usd(&text)?;
    if amount > MAX_USD {
        return Err(format!("must be at most {MAX_USD}"));
    }
    Ok(super::usd::plain(amount).into())
}

fn list(raw: &Raw) -> Result<toml::Value, String> {
    let Raw::List(items) = raw else {
        return Err(mismatch("a list of strings", raw));
    };
    let items = items.iter().enumerate().map(|(at, item)| match item {
        Raw::Text(text) if text.trim().is_empty() => Err(format!("item {} is empty", at + 1)),
        Raw::Text(text) if text.chars().any(char::is_control) => {
            Err(format!("item {} contains control characters", at + 1))
        }
        Raw::Text(text) => Ok(toml::Value::from(text.trim())),
        other => Err(format!("item {}: {}", at + 1, mismatch("a string", other))),
    });
    items.collect::<Result<Vec<_>, _>>().map(toml::Value::Array)
}

fn moment(raw: &Raw) -> Result<toml::Value, String> {
    let (Raw::Text(text) | Raw::Moment(text)) = raw else {
        return Err(mismatch("a date such as 2025-10-01", raw));
    };
    unix_seconds(text).map(toml::Value::Float)
}

/// Formats Unix seconds as an instant that parses to the same value, or as a number if they are out of range.
fn shown_moment(seconds: f64) -> String {
    let instant = jiff::SignedDuration::try_from_secs_f64(seconds)
        .ok()
        .and_then(|since_epoch| jiff::Timestamp::from_duration(since_epoch).ok());
    instant.map_or_else(|| seconds.to_string(), |instant| instant.to_string())
}

fn one_of(text: &str, words: &[&str]) -> Result<String, String> {
    if words.contains(&text) {
        return Ok(text.to_owned());
    }
    let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    Err(format!("must be one of {}", words.join(", ")))
}

fn variable(text: &str) -> Result<String, String> {
    let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    if text.is_empty() || text.as_bytes()[0].is_ascii_digit() || !text.bytes().all(allowed) {
        return Err(
            "must be the name of an environment variable (A to Z, 0 to 9, _), not the key itself"
                .to_owned(),
        );
    }
    Ok(text.to_owned())
}

fn header(text: &str) -> Result<String, String> {
    if text.trim().is_empty() || !text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Err("must be non-empty printable ASCII".to_owned());
    }
    Ok(text.trim().to_owned())
}

fn directive(text: &str) -> Result<String, String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let is_level = |word: &str| LEVELS.contains(&word.to_ascii_lowercase().as_str());
    // EnvFilter accepts any word as a target, so a mistyped level would silence the log.
    let plausible = |part: &str| part.contains(['=', '[']) || is_level(part.trim());
    if !text.split(',').all(plausible) || EnvFilter::builder().parse(text).is_err() {
        return Err(format!(
            "must be one of {}, or a list of target=level such as \"info,sqlx=warn\"",
            LEVELS.join(", ")
        ));
    }
    Ok(text.to_owned())
}
