//! Signs of life of the daemon: for other processes in the archive, and for systemd.

use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;

use super::current::Current;
use crate::config::Config;
use crate::crawl::Engine;
use crate::report::condition::Holder;
use crate::report::status::{self, Status};
use crate::store::{Lock, Result, read};

/// How often the work is looked at.
const TICK: Duration = Duration::from_secs(1);
/// How often a sign of life is written, in seconds.
const BEAT_SECONDS: f64 = 10.0;

/// How long a sign of life waits for the archive, which may be locked.
const PATIENCE: Duration = Duration::from_secs(5);

/// Gives signs of life until the run stops: in the archive while it can be written, and beside it.
pub(super) async fn heartbeat(engine: Arc<Engine>, current: Current) {
    let (mut beaten_at, mut work_since) = (f64::NEG_INFINITY, None);
    let mut notified_at = f64::NEG_INFINITY;
    // Not before the archive is prepared: a long migration must not count as a start that failed.
    notify(&[NotifyState::Ready]);
    while !engine.is_stopping() {
        if engine.steady() - notified_at >= BEAT_SECONDS {
            notified_at = engine.steady();
            Lock::give_sign(engine.parts.store.path());
            tell_systemd(&engine, &current).await;
        }
        let beat = beat(&engine, &mut beaten_at, &mut work_since);
        match tokio::time::timeout(PATIENCE, beat).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "no sign of life is written"),
            Err(_) => tracing::debug!("no sign of life is written: the archive is locked"),
        }
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            () = engine.until_stopped() => {}
        }
    }
    notify(&[NotifyState::Stopping]);
}

/// Tells systemd what the daemon does. The watchdog is fed also while the archive cannot be read: a restart would not help.
async fn tell_systemd(engine: &Engine, current: &Current) {
    if std::env::var_os("NOTIFY_SOCKET").is_none() {
        return;
    }
    notify(&[NotifyState::Watchdog]);
    if let Ok(status) = own_status(engine, &current.get()).await {
        notify(&[NotifyState::Status(&status.condition.sentence)]);
    }
}

/// Reads the status of the daemon's own archive.
pub(super) async fn own_status(engine: &Engine, config: &Config) -> Result<Status> {
    let now = engine.now();
    let holder = Holder {
        name: format!("process {}", std::process::id()),
        alive_at: Some(now),
        trouble: engine.parts.writer.trouble(),
        is_disk_full: Some(engine.is_disk_full()),
    };
    status::read(config, engine.parts.store.readers(), Some(holder), now).await
}

fn notify(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "systemd cannot be told");
    }
}

async fn beat(engine: &Engine, beaten_at: &mut f64, work_since: &mut Option<f64>) -> Result<()> {
    let (config, store) = (engine.config(), &engine.parts.store);
    let work = read::work(
        store.readers(),
        &engine.endpoints(),
        config.plan.max_depth(),
        &engine.pauses(),
        &[],
    )
    .await?;
    // The end of the work is no news: it may be the moment between two jobs.
    let is_news = work.is_some() && work_since.is_none();
    let now = engine.steady();
    if !is_news && now - *beaten_at < BEAT_SECONDS {
        return Ok(());
    }
    let since = work
        .is_some()
        .then(|| work_since.unwrap_or_else(|| engine.now()));
    store
        .heartbeat(engine.parts.run.id, since, engine.now())
        .await?;
    (*beaten_at, *work_since) = (now, since);
    Ok(())
}
