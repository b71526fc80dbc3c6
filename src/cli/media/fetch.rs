//! `soracrawl media fetch`: fetches the files of videos.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::cli::out::{errln, outln};
use crate::cli::table::{counted, plain, thousands};
use crate::cli::{Cli, Exit, logging, source};
use crate::clock::Clock;
use crate::config::{Config, Secret};
use crate::daemon::{self, Archive, Buyer, Fetched, InUse, Signals};
use crate::media::{Counters, Failure};
use crate::model::MicroUsd;
use crate::store::read::{self, MissingMedia};
use crate::store::{self, RunKind, Store};

const REFRESH: Duration = Duration::from_millis(500);
/// Most files that are named.
const NAMED: u32 = 40;

pub(super) async fn fetch(cli: &Cli, config: &Config, also_gone: bool) -> anyhow::Result<Exit> {
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
    let (fetched, missing) = match buying {
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
            let missing = missing(&archive.store).await;
            archive
                .close_when_writable((reason, None), &mut signals, false)
                .await?;
            (fetched, missing)
        }
        None => {
            let store = cli.open(config).await?;
            let fetched = show(&store, &clock, config, also_gone, None, bars, &mut signals).await;
            let missing = missing(&store).await;
            store.close().await?;
            (fetched, missing)
        }
    };
    drop(turn);
    Ok(conclude(&fetched?, missing?))
}

/// Returns some of the files that are not stored, and their number. A connection of its own would leave an empty log beside the
/// archive.
async fn missing(store: &Store) -> store::Result<(Vec<MissingMedia>, i64)> {
    read::missing_media(store.readers(), NAMED).await
}

/// Locks the archive for buying URLs, if there is a key and no daemon runs.
async fn buying(
    cli: &Cli,
    config: &Config,
    limit: MicroUsd,
    clock: &Clock,
) -> anyhow::Result<Option<(Archive, Secret, MicroUsd)>> {
    let key = match config.key(source::environment()) {
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
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
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
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        bar.set_length(count(&counters.wanted));
        bar.set_position(count(&counters.stored) + count(&counters.failed));
        bar.set_message(format!("{} MB", count(&counters.bytes) / 1_000_000));
        tokio::time::sleep(REFRESH).await;
    }
}

/// Names the files that are not stored, and returns the exit code.
fn conclude(fetched: &Fetched, (missing, number): (Vec<MissingMedia>, i64)) -> Exit {
    if let Some(name) = fetched.stopped_by {
        errln!("stopped by {name}; the next fetch goes on");
        return Exit::Done;
    }
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
    match (&fetched.halted, fetched.is_spent, number) {
        (Some(Failure::Unwritable(_)), ..) => Exit::Failed,
        (_, true, _) => Exit::Stopped,
        (Some(_), ..) => Exit::GaveUp,
        (None, _, 0) => Exit::Done,
        (None, ..) => Exit::GaveUp,
    }
}
