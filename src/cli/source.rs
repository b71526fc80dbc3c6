//! The options of every command: where the configuration comes from, and what replaces parts of it.

use std::path::PathBuf;

use super::table;
use crate::config::{Config, LogFormat, Problem};

/// Where the configuration comes from.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct Source {
    /// Configuration file [default: crawler.toml, if it exists]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,

    /// Archive file, instead of archive.path
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) archive: Option<PathBuf>,

    /// Log format, instead of log.format
    #[arg(long, global = true, value_name = "FORMAT", value_parser = log_format)]
    pub(super) log: Option<LogFormat>,

    /// Do not copy an archive of an older version before its schema changes
    #[arg(long, global = true)]
    pub(super) no_copy: bool,
}

fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "auto" => Ok(LogFormat::Auto),
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("expected auto, text or json".to_owned()),
    }
}

/// Returns the environment variables that are text. [`Cli::load`] refuses others that belong to this program.
pub(super) fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

impl Source {
    /// Loads the configuration and applies the options of the command line.
    ///
    /// # Errors
    /// Returns every problem of the configuration.
    pub(super) fn load(&self) -> Result<Config, Vec<Problem>> {
        let unreadable: Vec<Problem> = std::env::vars_os()
            .filter_map(|(name, value)| {
                let name = name.into_string().ok()?;
                (name.starts_with("SORACRAWL_") && value.to_str().is_none()).then(|| Problem {
                    key: name,
                    at: None,
                    why: "is not UTF-8 text".to_owned(),
                })
            })
            .collect();
        if !unreadable.is_empty() {
            return Err(unreadable);
        }
        let mut config = Config::load(self.config.as_deref(), environment())?;
        if let Some(path) = &self.archive {
            config.archive.path.clone_from(path);
        }
        if let Some(format) = self.log {
            config.log.format = format;
        }
        Ok(config)
    }

    /// Loads the configuration, or describes all problems of it.
    pub(super) fn load_or_describe(&self) -> Result<Config, String> {
        self.load().map_err(|problems| {
            let list: Vec<String> = problems
                .iter()
                .map(|problem| format!("  {problem}"))
                .collect();
            format!(
                "invalid configuration, {}:\n{}",
                table::counted(list.len(), "problem"),
                list.join("\n")
            )
        })
    }
}
