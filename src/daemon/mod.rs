//! Builds the parts of a crawl once, runs them, and stops them in order.

mod alerts;
mod archive;
mod build;
mod call;
mod catch_up;
mod control;
mod current;
mod heartbeat;
mod hold;
mod import;
mod media;
mod pages;
mod preflight;
mod prepare;
mod refresh;
mod reload;
mod retention;
pub mod seed_file;
mod seed_folder;
mod signals;
mod writable;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::task::JoinSet;
use tokio::time::Instant;

use self::current::Current;

use crate::config::Config;
use crate::crawl::{self, Engine, StopCause};

pub use alerts::{
    Message as AlertMessage, Sender as AlertSender, archive_name, send as send_alert, tell_end,
};
pub use archive::{Archive, InUse, lock_for};
pub use build::{limiter, packer, parts};
pub use call::{ByHand, Called, call};
pub use catch_up::catch_up;
pub use control::carry_out_without_daemon;
pub use import::{
    FileReport, NotImported, Progress as ImportProgress, Report as ImportReport, Why as WhyNot,
    Wish as ImportWish, dry_run as import_dry, import,
};
pub use media::{Buyer, Fetched, fetch_media, media_folder};
pub use pages::{Listening, listen};
pub use preflight::preflight;
pub use prepare::{Prepared, plant, prepare};
pub use reload::{Reload, SetLog};
pub use retention::forget_before;
pub use signals::{Signals, outlive_full_files};
pub use writable::retry_until_writable;

/// Minimum time for the writer to finish its queue after a signal, even if the grace time is over.
const FLUSH: Duration = Duration::from_secs(2);
/// Consequence for replies that can no longer be written.
const UNWRITTEN: &str =
    "its pending replies are lost, and the next run marks their calls as unknown";

/// How a crawl ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crawled {
    pub cause: StopCause,
    /// Calls that a second signal abandoned. They may have been paid for.
    pub abandoned: usize,
}

/// What steers a crawl from outside.
#[derive(Default)]
pub struct Steering {
    /// How to read the configuration again; `None` if it has no file.
    pub reload: Option<Reload>,
    /// Where the pages are served.
    pub listening: Option<Listening>,
}

/// Crawls until the run stops, then waits at most `limits.grace_seconds` for the calls in flight.
///
/// # Errors
/// Returns an error if the archive cannot be written.
pub async fn crawl(
    engine: &Arc<Engine>,
    signals: &mut Signals,
    config: &Config,
    steering: Steering,
) -> anyhow::Result<Crawled> {
    let current = Current::new(config.clone());
    let crawled = crawl_to_end(engine, signals, &current, steering).await;
    let cause = match &crawled {
        Ok(crawled) => crawled.cause.clone(),
        Err(why) => StopCause::Broken(format!("{why:#}")),
    };
    let config = current.get();
    tokio::select! {
        () = tell_end(engine, &config, &cause) => {}
        name = signals.next() => {
            tracing::warn!(signal = name, "not every receiver of alerts knows that the run ended");
        }
    }
    crawled
}

async fn crawl_to_end(
    engine: &Arc<Engine>,
    signals: &mut Signals,
    current: &Current,
    steering: Steering,
) -> anyhow::Result<Crawled> {
    let grace = || Duration::from_secs_f64(current.get().limits.grace_seconds);
    let mut tasks = JoinSet::new();
    let control = control::Control {
        engine: engine.clone(),
        current: current.clone(),
        reload: steering.reload,
    };
    // Before the first worker: what is paused stays paused, a full disk is not filled, and what an earlier daemon was asked
    // is carried out.
    engine.read_pauses().await?;
    crawl::look_at_disk(engine);
    crawl::look_for_imported(engine).await?;
    tokio::select! {
        () = control.carry_out_waiting() => {}
        _ = signals.next() => engine.stop(StopCause::Signal),
    }
    tasks.spawn(control.listen());
    tasks.spawn(heartbeat::heartbeat(engine.clone(), current.clone()));
    tasks.spawn(seed_folder::seed_folder(engine.clone(), current.clone()));
    tasks.spawn(retention::retention(engine.clone(), current.clone()));
    tasks.spawn(alerts::alerts(engine.clone(), current.clone()));
    if let Some(listening) = steering.listening {
        tasks.spawn(pages::serve(engine.clone(), current.clone(), listening));
    }
    tasks.spawn(crawl::tend(engine.clone()));
    tasks.spawn(crawl::watch(engine.clone()));
    tasks.spawn(crawl::train(engine.clone()));
    tasks.spawn(crawl::guard_disk(engine.clone()));
    tasks.spawn(crawl::optimize(engine.clone()));
    tasks.spawn(crawl::renew(engine.clone()));
    tasks.spawn(crawl::watch_shapes(engine.clone()));
    let mut workers = 0;
    while !engine.is_stopping() {
        // A higher limit starts further workers; above a lower one they stay idle.
        for number in workers..engine.config().settings.workers {
            tasks.spawn(crawl::work(engine.clone(), number));
        }
        workers = workers.max(engine.config().settings.workers);
        tokio::select! {
            () = engine.until_stopped() => {}
            () = engine.until_reconfigured() => {}
            name = signals.next() => {
                tracing::warn!(
                    signal = name,
                    in_flight = engine.counters.in_flight.load(Ordering::Relaxed),
                    grace_seconds = grace().as_secs_f64(),
                    "stopping: finishing the calls in flight, starting no new ones. A second signal abandons them, and they \
                     count as billed"
                );
                engine.stop(StopCause::Signal);
            }
            // A task ends before the run only if it panicked. Without that task the run could hang.
            Some(Err(panic)) = tasks.join_next() => {
                engine.stop(StopCause::Broken(format!("a crawl task failed: {panic}; please report this bug")));
            }
        }
    }
    let shutting_down = engine.stopped() == Some(StopCause::Signal);
    let latest = Instant::now() + grace();
    let mut abandoned = 0;
    let drained = async { while tasks.join_next().await.is_some() {} };
    tokio::select! {
        () = drained => {}
        () = tokio::time::sleep_until(latest) => {
            tracing::error!("grace time exceeded; calls in flight count as billed");
        }
        name = signals.next() => {
            abandoned = engine.counters.in_flight.load(Ordering::Relaxed);
            tracing::error!(signal = name, abandoned, "stopped at once; calls in flight count as billed");
        }
    }
    tasks.abort_all();
    while tasks.join_next().await.is_some() {}
    // The writer's queue contains paid replies, so an ordinary stop waits for it. A stop by signal waits for a limited
    // time.
    tokio::select! {
        flushed = engine.parts.writer.flush() => flushed?,
        () = tokio::time::sleep_until(latest.max(Instant::now() + FLUSH)), if shutting_down => {
            bail!("the archive cannot be written; {UNWRITTEN}");
        }
        name = signals.next() => bail!("stopped by {name} while the archive cannot be written; {UNWRITTEN}"),
    }
    if !matches!(engine.stopped(), Some(StopCause::Broken(_))) {
        crawl::look_at_shapes(engine).await;
    }
    let cause = engine
        .stopped()
        .context("the crawl ended without a stop cause; please report this bug")?;
    Ok(Crawled { cause, abandoned })
}
