//! The end of a run: what it reports, and its exit code.

use anyhow::anyhow;

use super::Exit;
use crate::crawl::{Engine, Retired, StopCause};
use crate::daemon::{self, Signals};
use crate::store::read;

/// Reports the result of the run and returns the exit code.
pub(super) async fn conclude(
    engine: &Engine,
    cause: &StopCause,
    signals: &mut Signals,
) -> anyhow::Result<Exit> {
    let store = &engine.parts.store;
    if *cause == StopCause::Idle {
        // Jobs of a retired endpoint that were found later end like the others.
        for Retired { endpoint, why, .. } in engine
            .retired()
            .into_iter()
            .filter(|retired| !retired.is_failing)
        {
            daemon::retry_until_writable(signals, false, async || {
                store.retire(endpoint, &why, engine.now()).await
            })
            .await?;
        }
    }
    let readers = store.readers();
    let stops = read::stop_counts(readers).await?;
    let charged = read::charged(readers, &engine.parts.clock.today(), engine.parts.run.id).await?;
    let count = |reason: &str| stops.get(reason).copied().unwrap_or(0);
    let missing = count("failed") + count("stalled") + count("truncated");
    let exit = match cause {
        StopCause::Signal => Exit::Done,
        StopCause::Broken(why) => return Err(anyhow!("{why}")),
        StopCause::Refused(why) => {
            tracing::error!(
                "{}. Progress is saved. Fix the API key or the account, then run again",
                why.trim_end_matches('.')
            );
            Exit::Stopped
        }
        StopCause::Budget(spent) => {
            let stopped = daemon::retry_until_writable(signals, false, async || {
                store.stop_all(&spent.to_string(), engine.now()).await
            })
            .await?;
            tracing::warn!(
                stopped,
                "{spent}. Progress is saved. Raise the budget, then run again"
            );
            Exit::Stopped
        }
        StopCause::Paused => {
            tracing::warn!(
                "only paused jobs are left. Continue with `soracrawl resume`, then run again"
            );
            Exit::GaveUp
        }
        StopCause::Away(why) => {
            tracing::error!(
                last_error = why,
                "the remote was away longer than limits.outage_patience_seconds. Nothing is given up. Run again when it answers"
            );
            Exit::Away
        }
        StopCause::Idle if engine.retired().iter().any(|retired| retired.is_failing) => Exit::Away,
        StopCause::Idle if missing > 0 => Exit::GaveUp,
        StopCause::Idle if count("budget") > 0 => Exit::Stopped,
        StopCause::Idle => Exit::Done,
    };
    for Retired {
        endpoint,
        why,
        is_failing,
    } in engine.retired()
    {
        let next = if is_failing {
            "the next run calls it again"
        } else {
            "try its jobs again with `soracrawl jobs requeue`"
        };
        tracing::error!(endpoint, why, next, "endpoint retired in this run");
    }
    let pages = engine
        .counters
        .pages
        .load(std::sync::atomic::Ordering::Relaxed);
    let rows = engine
        .counters
        .rows
        .load(std::sync::atomic::Ordering::Relaxed);
    let (run, total) = (charged.run.to_string(), charged.total.to_string());
    if missing > 0 {
        tracing::warn!(
            failed = count("failed"),
            stalled = count("stalled"),
            truncated = count("truncated"),
            "some lists are incomplete. List them with `soracrawl jobs --state failed` and `--state stopped`, try them again with \
             `soracrawl jobs requeue`"
        );
    }
    tracing::info!(
        cause = cause.as_str(),
        pages,
        rows,
        charged_this_run = run,
        charged_in_all = total,
        gone = count("gone"),
        denied = count("denied"),
        capped = count("capped"),
        "crawl ended"
    );
    Ok(exit)
}
