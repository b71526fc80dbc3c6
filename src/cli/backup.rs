//! `soracrawl backup`: writes a copy of the archive to a new file.

use std::path::PathBuf;

use super::out::{errln, outln};
use super::place::check_place;
use super::table::thousands;
use super::{Cli, Exit, Usage};
use crate::clock::Clock;
use crate::daemon::Signals;
use crate::report::words::span;
use crate::store::{self, Backup, Error};

/// Size of the archive's log above which the user is told, in bytes.
const LARGE_LOG: u64 = 256_000_000;

/// Arguments of `backup`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// New file, in a folder that exists. Nothing is replaced
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) async fn run(cli: &Cli, args: &Args) -> anyhow::Result<Exit> {
    let mut signals = Signals::listen()?;
    let config = cli.config()?;
    check_place(&config, &args.file)?;
    let clock = Clock::real();
    let began = clock.steady();
    let made = tokio::select! {
        made = store::backup(&config.archive.path, &args.file) => made,
        name = signals.next() => anyhow::bail!("stopped by {name}. Nothing was left behind"),
    };
    let made = made.map_err(|error| match error {
        Error::CopyPlace { .. } => anyhow::Error::from(Usage(error.to_string())),
        other => other.into(),
    })?;
    print(&args.file, &made, clock.steady() - began);
    Ok(Exit::Done)
}

fn print(file: &std::path::Path, made: &Backup, seconds: f64) {
    let count = |number: u64| thousands(i64::try_from(number).unwrap_or(i64::MAX));
    outln!("backup   {}", file.display());
    outln!("bytes    {}", count(made.bytes));
    outln!(
        "rows     {}, each equal to that of the archive at the moment of the copy",
        count(made.rows)
    );
    match &made.contents {
        Some(contents) => outln!("contents {contents}"),
        None => outln!("contents not computed: the archive has an older schema"),
    }
    outln!("took     {}", span(seconds));
    if made.log_bytes > LARGE_LOG {
        errln!(
            "warning: the log of the archive grew to {} MB meanwhile. It shrinks when the daemon next writes",
            count(made.log_bytes / 1_000_000)
        );
    }
}
