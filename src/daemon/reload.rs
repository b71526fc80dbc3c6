//! Reads the configuration again while a run goes on.

use std::sync::Arc;

use super::build::{live_config, rates};
use super::current::Current;
use super::hold::{Undone, hold};
use super::prepare::prepare;
use crate::config::{Config, Log};
use crate::crawl::Engine;

/// Changes the level of the running log.
pub type SetLog = Box<dyn Fn(&Log) -> Result<(), String> + Send + Sync>;

/// How a daemon reads its configuration again.
pub struct Reload {
    /// Reads the configuration, or says why it is not valid.
    pub load: Box<dyn Fn() -> Result<Config, String> + Send + Sync>,
    /// Changes the level of the log.
    pub set_log: SetLog,
}

/// Reads the configuration again and follows it. Calls in flight end first.
pub(super) async fn reload_with(
    engine: &Arc<Engine>,
    current: &Current,
    reload: Option<&Reload>,
) -> Result<String, Undone> {
    let config = current.get();
    let Some(reload) = reload else {
        return Err("this run has no configuration file".to_owned().into());
    };
    let new = (reload.load)()?;
    let fixed = [
        ("archive", new.archive != config.archive),
        ("api", new.api != config.api),
        ("seeds", new.seeds != config.seeds),
        ("web", new.web != config.web),
        ("log.format", new.log.format != config.log.format),
    ];
    let fixed: Vec<&str> = fixed
        .iter()
        .filter(|(_, is_changed)| *is_changed)
        .map(|(name, _)| *name)
        .collect();
    // The values that need a restart stay, and must fit to the new ones.
    let new = Config {
        archive: config.archive.clone(),
        api: config.api.clone(),
        seeds: config.seeds.clone(),
        web: config.web.clone(),
        log: Log {
            format: config.log.format,
            ..new.log
        },
        ..new
    };
    let conflicts = new.conflicts().into_iter().map(|why| why.to_string());
    if let Some(why) = conflicts.chain(new.alerts.unreachable()).next() {
        return Err(format!("nothing changed: {why}").into());
    }
    let settings = engine.config().settings;
    let mut live = live_config(&new, settings.until_idle);
    live.settings.estimated = settings.estimated;
    let _hold = hold(Some(engine)).await?;
    if new.crawl != config.crawl {
        let store = &engine.parts.store;
        prepare(store, &live.plan, &[], engine.now())
            .await
            .map_err(|why| format!("{why:#}"))?;
        store
            .note_plan(engine.parts.run.id, &live.plan.json())
            .await
            .map_err(|why| why.to_string())?;
    } else if new.budget != config.budget || new.refresh != config.refresh {
        let resumed = engine.parts.store.resume_budget_stops().await;
        resumed.map_err(|why| why.to_string())?;
    }
    (reload.set_log)(&new.log)?;
    engine.reconfigure(live, &rates(&new.limits));
    current.set(new);
    Ok(match fixed.is_empty() {
        true => "configuration read again".to_owned(),
        false => format!(
            "configuration read again; changes in [{}] need a restart",
            fixed.join("], [")
        ),
    })
}

/// SIGUSR2, where there is one.
pub(super) struct Usr2(#[cfg(unix)] Option<tokio::signal::unix::Signal>);

impl Usr2 {
    #[cfg(unix)]
    pub(super) fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self(signal(SignalKind::user_defined2()).ok())
    }

    #[cfg(not(unix))]
    pub(super) fn listen() -> Self {
        Self()
    }

    pub(super) async fn received(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.0
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}
