//! Builds the parts of a crawl once, runs them, and stops them in order.

mod archive;
mod build;
mod call;
mod catch_up;
mod preflight;
mod prepare;
mod signals;
mod writable;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::crawl::{self, Engine, StopCause};

pub use archive::{Archive, InUse};
pub use build::{limiter, packer, parts};
pub use call::{ByHand, Called, call};
pub use catch_up::catch_up;
pub use preflight::preflight;
pub use prepare::{Prepared, plant, prepare};
pub use signals::Signals;
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

/// Crawls until the run stops, then waits at most `grace` for the calls in flight.
///
/// # Errors
/// Returns an error if the archive cannot be written.
pub async fn crawl(
    engine: &Arc<Engine>,
    signals: &mut Signals,
    workers: u32,
    grace: Duration,
) -> anyhow::Result<Crawled> {
    // Before the first call.
    crawl::look_at_disk(engine);
    let mut tasks = JoinSet::new();
    tasks.spawn(crawl::tend(engine.clone()));
    tasks.spawn(crawl::watch(engine.clone()));
    tasks.spawn(crawl::train(engine.clone()));
    tasks.spawn(crawl::guard_disk(engine.clone()));
    tasks.spawn(crawl::optimize(engine.clone()));
    for _ in 0..workers {
        tasks.spawn(crawl::work(engine.clone()));
    }
    while !engine.is_stopping() {
        tokio::select! {
            () = engine.until_stopped() => {}
            name = signals.next() => {
                tracing::warn!(
                    signal = name,
                    in_flight = engine.counters.in_flight.load(Ordering::Relaxed),
                    grace_seconds = grace.as_secs_f64(),
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
    let latest = Instant::now() + grace;
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
    let cause = engine
        .stopped()
        .context("the crawl ended without a stop cause; please report this bug")?;
    Ok(Crawled { cause, abandoned })
}
