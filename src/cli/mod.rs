//! The commands: one file for each. All of them end in one of these exit codes.

mod alerts;
mod backup;
mod bar;
mod call;
mod check_config;
mod conclude;
mod control;
mod demo;
mod drift;
mod endpoints;
mod erase;
mod estimate;
mod exit;
mod export;
mod generate;
mod import;
mod jobs;
mod logging;
mod media;
pub(crate) mod out;
mod place;
mod progress;
mod refresh;
mod reparse;
mod replay;
mod run;
mod search;
mod seed;
mod sim;
mod source;
mod status;
mod status_json;
mod status_money;
mod steps;
mod table;
mod verify;
mod verify_absent;
mod version;
mod web_url;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use demo::QUERIES as DEMO_QUERIES;
pub use exit::Exit;

use out::errln;
use source::Source;

use crate::config::Config;
use crate::daemon;
use crate::store::{Precaution, Store};

/// Crawl a paid API into one SQLite file, and buy every page once.
#[derive(Debug, Parser)]
#[command(name = "soracrawl", version = version::VERSION.as_str(), max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(flatten)]
    source: Source,

    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 all done; 1 failed; 2 wrong usage or configuration; 3 finished, but something \
was given up; 4 stopped by a budget, missing credit or a refused key; 5 the remote was away longer than \
limits.outage_patience_seconds; 6 `verify` or `reparse --check` could not check; 130 a second signal abandoned calls";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the crawl: work on pending jobs, then wait for more, until SIGINT or SIGTERM
    #[command(after_help = "Example: soracrawl run --until-idle")]
    Run(run::Args),
    /// Add seeds: users, posts, searches, the feed or the leaderboard
    #[command(after_help = "Example: soracrawl seed users user-abc123 @someone")]
    Seed(seed::Args),
    /// Show what the crawl does, what it has and what it costs
    #[command(after_help = "Example: soracrawl status --watch")]
    Status(status::Args),
    /// Import replies that other tools stored, or another archive: JSON, JSON lines, HAR, WARC
    #[command(after_help = "Example: soracrawl import capture.har --dry-run")]
    Import(import::Args),
    /// List jobs, requeue ended ones, or cancel open ones
    #[command(after_help = "Example: soracrawl jobs --state failed --limit 20")]
    Jobs(jobs::Args),
    /// Pause calls: all, those of an endpoint, or those of a seed. Calls in flight end, and a restart keeps it
    #[command(after_help = "Example: soracrawl pause --seed user:user-abc123")]
    Pause(control::Scope),
    /// Resume what is paused; without an argument, everything
    #[command(after_help = "Example: soracrawl resume")]
    Resume(control::Scope),
    /// Buy again what is expected to have changed most per dollar, for the money that is left of the day
    #[command(after_help = "Example: soracrawl refresh --plan")]
    Refresh(refresh::Args),
    /// Let the running daemon read its configuration again: [crawl], [refresh], [limits], [budget], [log], [alerts] and [upkeep]
    #[command(after_help = "Example: soracrawl reload")]
    Reload,
    /// Send a test message to the receivers of alerts
    #[command(after_help = "Example: soracrawl alerts test")]
    Alerts(alerts::Args),
    /// Print the address of the daemon's pages, with the token that opens them
    #[command(after_help = "Example: soracrawl web-url")]
    WebUrl,
    /// Show the cost of the pending jobs before it is spent
    #[command(after_help = "Example: soracrawl estimate")]
    Estimate(estimate::Args),
    /// Find texts in posts, comments and names
    #[command(after_help = "Example: soracrawl search 電車 --in posts,comments")]
    Search(search::Args),
    /// Make the full-text index for `search` and for SQL, or complete it
    #[command(after_help = "Example: soracrawl index")]
    Index,
    /// Write files for other tools from one snapshot of the archive
    #[command(after_help = "Example: soracrawl export parquet --into export --licence none")]
    Export(export::Args),
    /// Write a key for `export --pseudonyms` or `replay --key-file` to a new file
    #[command(after_help = "Example: soracrawl new-key project.key")]
    NewKey {
        /// File that does not exist
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Fetch, check and count the files of videos
    #[command(subcommand)]
    Media(media::Command),
    /// Write a copy of the archive to a new file, also during a crawl, and check it
    #[command(after_help = "Example: soracrawl backup /mnt/backup/sora.db")]
    Backup(backup::Args),
    /// Remove people from everything the archive holds, also during a crawl
    #[command(after_help = "Example: soracrawl erase --users people.txt --dry-run")]
    Erase(erase::Args),
    /// Check that an archive is sound: reads all of it, also during a crawl, and writes nothing
    #[command(after_help = "Example: soracrawl verify")]
    Verify(verify::Args),
    /// Show how the shape of the replies changed: each path, its types, and what is new, vanished or retyped
    #[command(after_help = "Example: soracrawl drift --changed")]
    Drift(drift::Args),
    /// Make all rows again from the kept replies with the readers of this version, in a new file
    #[command(after_help = "Example: soracrawl reparse --check")]
    Reparse(reparse::Args),
    /// List the endpoints of the remote with their prices
    #[command(after_help = "Example: soracrawl endpoints --json")]
    Endpoints(endpoints::Args),
    /// Make one call by hand and print its data
    #[command(after_help = "List the endpoints and their parameters with: soracrawl endpoints")]
    Call(call::Args),
    /// Check the configuration and print the effective values
    #[command(after_help = "Example: soracrawl --config crawler.toml check-config")]
    CheckConfig,
    /// Serve an archive as the API: its stored replies, without the remote and without writing
    #[command(after_help = "Example: soracrawl replay sora.db --listen 127.0.0.1:8080")]
    Replay(replay::Args),
    /// Serve the API from a simulated world on this machine
    #[command(after_help = "Example: soracrawl sim --latency-ms 20")]
    Sim(Box<sim::Args>),
    /// Run a crawl of a simulated world with faults, and compare the archive with that world
    #[command(after_help = "Example: soracrawl demo")]
    Demo(demo::Args),
    /// Print completions for a shell
    #[command(
        after_help = "Example: soracrawl completions bash > /etc/bash_completion.d/soracrawl"
    )]
    Completions {
        /// Shell to complete in
        shell: clap_complete::Shell,
    },
    /// Write manual pages into a folder
    #[command(after_help = "Example: soracrawl man /usr/local/share/man/man1")]
    Man {
        /// Folder; it is made if it is absent
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

/// Parses the arguments, runs the command and returns the exit code.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            errln!("error: cannot start: {error}");
            return Exit::Failed.into();
        }
    };
    let started = async {
        daemon::outlive_full_files()?;
        dispatch(cli).await
    };
    let exit = runtime.block_on(started).unwrap_or_else(|error| {
        errln!("error: {}", table::plain_lines(&format!("{error:#}")));
        exit_of(&error)
    });
    // A blocking read of a closed terminal must not keep the process alive.
    runtime.shutdown_background();
    exit.into()
}

/// Returns the exit code of an error.
fn exit_of(error: &anyhow::Error) -> Exit {
    if let Some(error) = error.downcast_ref::<crate::api::Error>() {
        return match error {
            crate::api::Error::Refused { .. } => Exit::Stopped,
            _ => Exit::Failed,
        };
    }
    match error.downcast_ref::<crate::store::Error>() {
        Some(crate::store::Error::BudgetSpent(_)) => Exit::Stopped,
        _ if error.is::<Usage>() => Exit::Usage,
        _ => Exit::Failed,
    }
}

/// The user must change the command or the configuration.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

async fn dispatch(cli: Cli) -> anyhow::Result<Exit> {
    match &cli.command {
        Command::Run(args) => run::run(&cli, args).await,
        Command::Seed(args) => seed::run(&cli, args).await,
        Command::Status(args) => status::run(&cli, args).await,
        Command::Import(args) => import::run(&cli, args).await,
        Command::Jobs(args) => jobs::run(&cli, args).await,
        Command::Pause(scope) => control::pause(&cli, scope).await,
        Command::Resume(scope) => control::resume(&cli, scope).await,
        Command::Alerts(args) => alerts::run(&cli, args).await,
        Command::WebUrl => web_url::run(&cli),
        Command::Refresh(args) => refresh::run(&cli, args).await,
        Command::Reload => control::reload(&cli).await,
        Command::Estimate(args) => estimate::run(&cli, args).await,
        Command::Search(args) => search::run(&cli, args).await,
        Command::Index => search::index(&cli).await,
        Command::Export(args) => export::run(&cli, args).await,
        Command::NewKey { file } => export::new_key(file),
        Command::Media(command) => media::run(&cli, command).await,
        Command::Backup(args) => backup::run(&cli, args).await,
        Command::Erase(args) => erase::run(&cli, args).await,
        Command::Verify(args) => verify::run(&cli, args).await,
        Command::Reparse(args) => reparse::run(&cli, args).await,
        Command::Drift(args) => drift::run(&cli, args).await,
        Command::Endpoints(args) => endpoints::run(args),
        Command::Call(args) => call::run(&cli, args).await,
        Command::CheckConfig => Ok(check_config::run(&cli)),
        Command::Replay(args) => replay::run(&cli, args).await,
        Command::Sim(args) => sim::run(&cli, args).await,
        Command::Demo(args) => demo::run(&cli, args).await,
        Command::Completions { shell } => Ok(generate::completions(*shell)),
        Command::Man { folder } => generate::manual(folder),
    }
}

impl Cli {
    /// Returns whether an archive of an older version is copied before its schema changes.
    fn precaution(&self) -> Precaution {
        match self.source.no_copy {
            true => Precaution::NoCopy,
            false => Precaution::Copy,
        }
    }

    /// Opens the archive for a command that writes to it and has no log.
    async fn open(&self, config: &Config) -> crate::store::Result<Store> {
        let store = Store::open_with(&config.archive.path, self.precaution()).await?;
        if let Some(copy) = store.copied() {
            errln!(
                "copied the archive to {} before its schema changed",
                copy.display()
            );
        }
        Ok(store)
    }

    /// Loads the configuration for commands that require one.
    fn config(&self) -> anyhow::Result<Config> {
        Ok(self.source.load_or_describe().map_err(Usage)?)
    }
}
