//! Builds the parts once, runs them, and stops them in order.

mod archive;
mod build;
mod call;
mod preflight;
mod prepare;
mod signals;
mod writable;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::crawl::{self, Engine, StopCause};

pub use archive::{Archive, InUse};
pub use build::{limiter, packer, parts};
pub use call::{ByHand, Called, call};
pub use preflight::preflight;
pub use prepare::{Prepared, plant, prepare};
pub use signals::Signals;
pub use writable::retry_until_writable;

/// How long what is handed over to the writer may take beyond the grace time.
const FLUSH: Duration = Duration::from_secs(2);
/// What becomes of replies that can no longer be written.
const UNWRITTEN: &str =
    "replies that waited for it are lost, and the next run names their calls as unknown";

/// Crawls until the run stops, then lets calls in flight finish for at most `grace`.
///
/// # Errors
/// Where the archive cannot be written.
pub async fn crawl(
    engine: &Arc<Engine>,
    signals: &mut Signals,
    workers: u32,
    grace: Duration,
) -> anyhow::Result<StopCause> {
    let mut tasks = JoinSet::new();
    tasks.spawn(crawl::tend(engine.clone()));
    tasks.spawn(crawl::train(engine.clone()));
    for _ in 0..workers {
        tasks.spawn(crawl::work(engine.clone()));
    }
    while !engine.is_stopping() {
        tokio::select! {
            () = engine.until_stopped() => {}
            name = signals.next() => {
                tracing::warn!(signal = name, "stopping: calls in flight are finished, nothing more is begun");
                engine.stop(StopCause::Signal);
            }
            // A task ends before the run does only if it panicked: without it the run would hang.
            Some(Err(panic)) = tasks.join_next() => {
                engine.stop(StopCause::Broken(format!("a task of the crawl failed: {panic}; please report this")));
            }
        }
    }
    let shutting_down = engine.stopped() == Some(StopCause::Signal);
    let latest = Instant::now() + grace;
    let drained = async { while tasks.join_next().await.is_some() {} };
    tokio::select! {
        () = drained => {}
        () = tokio::time::sleep_until(latest) => {
            tracing::error!("the grace time is over; calls still in flight count as billed");
        }
        name = signals.next() => {
            tracing::error!(signal = name, "stopped at once; calls still in flight count as billed");
        }
    }
    tasks.abort_all();
    while tasks.join_next().await.is_some() {}
    // What a stopped worker had handed over already was paid for: it is waited for, but not by one who was told to end.
    tokio::select! {
        flushed = engine.parts.writer.flush() => flushed?,
        () = tokio::time::sleep_until(latest.max(Instant::now() + FLUSH)), if shutting_down => {
            bail!("the archive cannot be written; {UNWRITTEN}");
        }
        name = signals.next() => bail!("stopped by {name} while the archive cannot be written; {UNWRITTEN}"),
    }
    engine.stopped().context("the crawl ended without a cause")
}
