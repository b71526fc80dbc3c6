//! `soracrawl media`: fetches the files of videos, checks them, and shows how many there are.

mod check;
mod fetch;

use clap::Subcommand;

use super::out::{self, outln};
use super::table::{layout, plain, thousands};
use super::{Cli, Exit};
use crate::clock::Clock;
use crate::config::Config;
use crate::store::{Store, read};

pub(super) use check::{check, exit_of, hint, print};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Fetch the files of all videos that the archive knows, in the order in which their URLs expire
    #[command(after_help = "Example: soracrawl media fetch")]
    Fetch {
        /// Ask again also for files of which the remote said that they do not exist
        #[arg(long)]
        also_gone: bool,
    },
    /// Read all files and compare them with the archive
    #[command(after_help = "Example: soracrawl media verify --requeue")]
    Verify {
        /// Mark the files that are missing or changed as wanted, so that the next fetch fetches them again
        #[arg(long)]
        requeue: bool,

        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show how many files are wanted, stored and given up
    #[command(after_help = "Example: soracrawl media status")]
    Status {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(cli: &Cli, command: &Command) -> anyhow::Result<Exit> {
    let config = cli.config()?;
    match command {
        Command::Fetch { also_gone } => fetch::fetch(cli, &config, *also_gone).await,
        Command::Verify { requeue, json } => match requeue {
            true => check::requeue(cli, &config, *json).await,
            false => check::verify(&config, *json).await,
        },
        Command::Status { json } => status(&config, *json).await,
    }
}

async fn status(config: &Config, json: bool) -> anyhow::Result<Exit> {
    let readers = Store::open_current_readers(&config.archive.path).await?;
    let counts = read::media_counts(&readers).await?;
    let expired = read::expired_media(&readers, Clock::real().now()).await?;
    readers.close().await;
    if json {
        out::json(&serde_json::json!({"files": counts, "expired": expired}))?;
        return Ok(Exit::Done);
    }
    if counts.is_empty() {
        outln!("no files are noted yet. Fetch them with `soracrawl media fetch`");
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<String>> = counts
        .iter()
        .map(|it| {
            let why = plain(it.reason.as_deref().unwrap_or(""));
            vec![
                it.state.clone(),
                thousands(it.files),
                thousands(it.bytes),
                why,
            ]
        })
        .collect();
    outln!("{}", layout(&["state", ">files", ">bytes", "why"], &rows));
    outln!(
        "\nnot stored, and without a valid URL: {}",
        thousands(expired)
    );
    Ok(Exit::Done)
}
