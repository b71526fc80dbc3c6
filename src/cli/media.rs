//! `soracrawl media`: fetches the files of videos, checks them, and shows how many there are.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context;
use clap::Subcommand;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::out::{errln, outln};
use super::table::{counted, layout, plain, thousands};
use super::{Cli, Exit, logging};
use crate::clock::Clock;
use crate::config::{Config, Secret};
use crate::daemon::{self, Archive, Buyer, Fetched, InUse, Signals};
use crate::media::{self, Checked, Counters, Failure};
use crate::model::MicroUsd;
use crate::store::{RunKind, Store, read};

const REFRESH: Duration = Duration::from_millis(500);
/// Most files that are named.
const NAMED: u32 = 40;

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
    #[command(after_help = "Example: soracrawl media verify")]
    Verify {
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
        Command::Fetch { also_gone } => fetch(cli, &config, *also_gone).await,
        Command::Verify { json } => verify(&config, *json).await,
        Command::Status { json } => status(&config, *json).await,
    }
}

async fn fetch(cli: &Cli, config: &Config, also_gone: bool) -> anyhow::Result<Exit> {
    let bars = (std::io::stderr().is_terminal() && !logging::is_dumb()).then(MultiProgress::new);
    let _ = logging::start(&config.log, bars.as_ref())?;
    let mut signals = Signals::listen()?;
    // Opening for writing would create a missing archive.
    Store::open_readers(&config.archive.path)
        .await?
        .close()
        .await;
    let folder = daemon::media_folder(config);
    let turn = folder
        .take()
        .with_context(|| format!("{} cannot be used", folder.path().display()))?;
    let clock = Clock::real();
    let buying = match config.media.resign_usd {
        Some(limit) => buying(cli, config, limit, &clock).await?,
        None => None,
    };
    let fetched = match buying {
        Some((archive, key, limit)) => {
            let buyer = Buyer {
                archive: &archive,
                key: &key,
                limit,
            };
            let fetched = show(
                &archive.store,
                &clock,
                config,
                also_gone,
                Some(buyer),
                bars,
                &mut signals,
            )
            .await;
            let reason = match &fetched {
                Ok(fetched) if fetched.is_spent => "budget",
                Ok(Fetched {
                    stopped_by: Some(_),
                    ..
                }) => "signal",
                _ => "idle",
            };
            archive
                .close_when_writable((reason, None), &mut signals, false)
                .await?;
            fetched
        }
        None => {
            let store = cli.open(config).await?;
            let fetched = show(&store, &clock, config, also_gone, None, bars, &mut signals).await;
            store.close().await?;
            fetched
        }
    };
    drop(turn);
    conclude(config, &fetched?).await
}

/// Locks the archive for buying URLs, if there is a key and no daemon runs.
async fn buying(
    cli: &Cli,
    config: &Config,
    limit: MicroUsd,
    clock: &Clock,
) -> anyhow::Result<Option<(Archive, Secret, MicroUsd)>> {
    let key = match config.key(super::source::environment()) {
        Ok(key) => key.secret,
        Err(problem) => {
            errln!("no URLs are bought: {problem}");
            return Ok(None);
        }
    };
    let path = &config.archive.path;
    match Archive::open_with(path, RunKind::Call, cli.precaution(), clock.clone()).await {
        Ok(archive) => {
            daemon::catch_up(&archive.store).await?;
            Ok(Some((archive, key, limit)))
        }
        Err(error) if error.is::<InUse>() => {
            errln!("no URLs are bought: {error}");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Fetches with a progress bar, if there is a terminal.
async fn show(
    store: &Store,
    clock: &Clock,
    config: &Config,
    also_gone: bool,
    buyer: Option<Buyer<'_>>,
    bars: Option<MultiProgress>,
    signals: &mut Signals,
) -> anyhow::Result<Fetched> {
    let counters = Arc::new(Counters::default());
    let drawing = bars.map(|bars| tokio::spawn(draw(counters.clone(), bars)));
    let fetched = daemon::fetch_media(
        store,
        clock,
        config,
        also_gone,
        buyer,
        counters.clone(),
        signals,
    )
    .await;
    if let Some(drawing) = drawing {
        drawing.abort();
    }
    let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    outln!(
        "{} stored, {} received",
        counted(count(&counters.stored), "file"),
        counted(count(&counters.bytes), "byte")
    );
    fetched
}

async fn draw(counters: Arc<Counters>, bars: MultiProgress) {
    let bar = bars.add(ProgressBar::new(0));
    let style = ProgressStyle::with_template("files {wide_bar} {pos:>6}/{len:<6} {msg:>24}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    loop {
        let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        bar.set_length(count(&counters.wanted));
        bar.set_position(count(&counters.stored) + count(&counters.failed));
        bar.set_message(format!("{} MB", count(&counters.bytes) / 1_000_000));
        tokio::time::sleep(REFRESH).await;
    }
}

/// Names the files that are not stored, and returns the exit code.
async fn conclude(config: &Config, fetched: &Fetched) -> anyhow::Result<Exit> {
    if let Some(name) = fetched.stopped_by {
        errln!("stopped by {name}; the next fetch goes on");
        return Ok(Exit::Done);
    }
    let readers = Store::open_current_readers(&config.archive.path).await?;
    let (missing, number) = read::missing_media(&readers, NAMED).await?;
    readers.close().await;
    for file in &missing {
        let why = file.reason.as_deref().unwrap_or("not asked for yet");
        errln!("missing  {}: {}", plain(&file.url_path), plain(why));
    }
    if number > i64::from(NAMED) {
        errln!(
            "… and {} more; see `soracrawl media status`",
            thousands(number - i64::from(NAMED))
        );
    }
    if fetched.expired > 0 {
        errln!("{} without a valid URL", counted(fetched.expired, "file"));
    }
    if let Some(why) = &fetched.unsigned {
        errln!("no further URLs were bought: {}", plain(why));
    }
    if let Some(why) = &fetched.halted {
        errln!("error: {why}. No further file is fetched; the next fetch goes on");
    }
    Ok(match (&fetched.halted, fetched.is_spent, number) {
        (Some(Failure::Unwritable(_)), ..) => Exit::Failed,
        (_, true, _) => Exit::Stopped,
        (Some(_), ..) => Exit::GaveUp,
        (None, _, 0) => Exit::Done,
        (None, ..) => Exit::GaveUp,
    })
}

/// Compares the files of an archive with their rows. The inner error says why they cannot be compared.
pub(super) async fn check(config: &Config) -> anyhow::Result<Result<Checked, String>> {
    let readers = Store::open_current_readers(&config.archive.path).await?;
    let checked = media::check(&readers, &daemon::media_folder(config), |_| {}).await;
    readers.close().await;
    Ok(checked)
}

/// Returns the exit code of a comparison.
pub(super) fn exit_of(checked: &Result<Checked, String>) -> Exit {
    match checked {
        Ok(checked) if checked.is_sound() => Exit::Done,
        Ok(_) => Exit::Failed,
        Err(_) => Exit::Unchecked,
    }
}

/// Prints a comparison.
pub(super) fn print(checked: &Result<Checked, String>) {
    let checked = match checked {
        Ok(checked) => checked,
        Err(why) => {
            errln!("error: {}", plain(why));
            return;
        }
    };
    let named = [
        ("missing", &checked.missing),
        ("changed", &checked.changed),
        ("unknown", &checked.unknown),
    ];
    for (what, files) in named {
        for file in files {
            outln!("{what}  {}", plain(file));
        }
    }
    outln!(
        "{}, {}: {}",
        counted(checked.files, "file"),
        counted(checked.bytes, "byte"),
        match checked.is_sound() {
            true => "all as their rows say",
            false => "NOT all as their rows say",
        }
    );
}

async fn verify(config: &Config, json: bool) -> anyhow::Result<Exit> {
    let checked = check(config).await?;
    match (&checked, json) {
        (Ok(checked), true) => {
            let mut shown = serde_json::to_value(checked)?;
            shown["sound"] = checked.is_sound().into();
            outln!("{shown:#}");
        }
        _ => print(&checked),
    }
    Ok(exit_of(&checked))
}

async fn status(config: &Config, json: bool) -> anyhow::Result<Exit> {
    let readers = Store::open_current_readers(&config.archive.path).await?;
    let counts = read::media_counts(&readers).await?;
    let expired = read::expired_media(&readers, Clock::real().now()).await?;
    readers.close().await;
    if json {
        outln!(
            "{:#}",
            serde_json::json!({"files": counts, "expired": expired})
        );
        return Ok(Exit::Done);
    }
    if counts.is_empty() {
        outln!("no files are noted yet. Fetch them with `soracrawl media fetch`");
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<String>> = counts
        .iter()
        .map(|it| {
            let why = plain(it.reason.as_deref().unwrap_or("")).into();
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
