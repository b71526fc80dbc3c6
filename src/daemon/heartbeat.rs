//! Signs of life of the daemon: for other processes in the archive, and for systemd.

use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;

use super::current::Current;
use crate::crawl::Engine;
use crate::report::status;
use crate::store::{Result, read};

/// How often the work is looked at.
const TICK: Duration = Duration::from_secs(1);
/// How often a sign of life is written, in seconds.
const BEAT_SECONDS: f64 = 10.0;

/// Writes signs of life until the run stops. While the archive cannot be written there are none.
pub(super) async fn heartbeat(engine: Arc<Engine>, current: Current) {
    let (mut beaten_at, mut work_since) = (f64::NEG_INFINITY, None);
    let mut notified_at = f64::NEG_INFINITY;
    // Not before the archive is prepared: a long migration must not count as a start that failed.
    notify(&[NotifyState::Ready]);
    while !engine.is_stopping() {
        if let Err(error) = beat(&engine, &mut beaten_at, &mut work_since).await {
            tracing::debug!(%error, "no sign of life is written");
        }
        if engine.steady() - notified_at >= BEAT_SECONDS {
            notified_at = engine.steady();
            tell_systemd(&engine, &current).await;
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
    let readers = engine.parts.store.readers();
    let holder = Some(String::new());
    if let Ok(status) = status::read(&current.get(), readers, holder, engine.now()).await {
        notify(&[NotifyState::Status(&status.condition.sentence)]);
    }
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
