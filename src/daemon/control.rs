//! Carries out what operators ask. Requests reach a running daemon through the archive.

use std::sync::Arc;
use std::time::Duration;

use super::build::{live_config, rates};
use super::current::Current;
use super::prepare::{plant, prepare};
use crate::api::endpoints;
use crate::config::{Config, Log};
use crate::crawl::{Engine, Plan};
use crate::model::{PauseScope, Request};
use crate::store::{ControlResult, Store};

/// How often requests are looked for.
const TICK: Duration = Duration::from_secs(1);

/// Changes the level of the running log.
pub type SetLog = Box<dyn Fn(&Log) -> Result<(), String> + Send + Sync>;

/// How a daemon reads its configuration again.
pub struct Reload {
    /// Reads the configuration, or says why it is not valid.
    pub load: Box<dyn Fn() -> Result<Config, String> + Send + Sync>,
    /// Changes the level of the log.
    pub set_log: SetLog,
}

/// What carries out requests to a daemon.
pub(super) struct Control {
    pub engine: Arc<Engine>,
    pub current: Current,
    pub reload: Option<Reload>,
}

impl Control {
    /// Carries out requests until the run stops. SIGUSR2 asks for a reload.
    pub(super) async fn listen(self) {
        let engine = &self.engine;
        let mut signal = Usr2::listen();
        while !engine.is_stopping() {
            self.carry_out_asked().await;
            tokio::select! {
                () = tokio::time::sleep(TICK) => {}
                () = signal.received() => {
                    let asked = engine.parts.store.ask(&Request::Reload, "signal", engine.now()).await;
                    if let Err(error) = asked {
                        tracing::warn!(%error, "SIGUSR2 is lost: the archive cannot be written");
                    }
                }
                () = engine.until_stopped() => {}
            }
        }
    }

    /// Carries out the requests that wait.
    pub(super) async fn carry_out_asked(&self) {
        let engine = &self.engine;
        let asked = engine.parts.store.asked().await.unwrap_or_default();
        for control in asked {
            let done = match control.request {
                Err(why) => Err(format!("unknown to this version: {why}")),
                Ok(Request::Reload) => {
                    reload_with(engine, &self.current, self.reload.as_ref()).await
                }
                Ok(request) => {
                    carry_out(
                        &engine.parts.store,
                        Some(engine),
                        &self.current.get(),
                        &request,
                        engine.now(),
                    )
                    .await
                }
            };
            note(engine, control.id, done).await;
        }
    }
}

async fn note(engine: &Engine, id: i64, done: Result<String, String>) {
    let answer = ControlResult::from(done);
    let result = &answer.result;
    match answer.succeeded {
        true => tracing::info!(request = id, result, "request of the operator carried out"),
        false => tracing::warn!(request = id, result, "request of the operator refused"),
    }
    // If it is not written, the request is carried out again, which changes nothing more.
    if let Err(error) = engine.parts.store.answered(id, &answer, engine.now()).await {
        tracing::warn!(%error, "the result of a request is not written");
    }
}

/// Carries out a request: in the daemon's process with its engine, or in a process that holds the lock of an archive
/// without a daemon. Returns what it changed.
///
/// # Errors
/// Returns why it changed nothing, in words.
pub async fn carry_out(
    store: &Store,
    engine: Option<&Arc<Engine>>,
    config: &Config,
    request: &Request,
    now: f64,
) -> Result<String, String> {
    let unwritten = |error: crate::store::Error| error.to_string();
    match request {
        Request::Pause(scope) => {
            let what = named(store, scope).await?;
            let is_new = store.pause(scope, now).await.map_err(unwritten)?;
            read_pauses(engine).await?;
            match is_new {
                true => Ok(format!("{what} paused; calls in flight end")),
                false => Err(format!("{what} already paused")),
            }
        }
        Request::Resume(scope) => {
            let what = named(store, scope).await?;
            let was_paused = store.resume(scope).await.map_err(unwritten)?;
            read_pauses(engine).await?;
            match was_paused {
                true => Ok(format!("{what} resumed")),
                false => Err(format!("{what} not paused")),
            }
        }
        Request::Cancel(jobs) => {
            let _hold = hold(engine).await;
            let cancelled = store
                .cancel(jobs, "cancelled by operator", now)
                .await
                .map_err(unwritten)?;
            match cancelled {
                0 => Err("no open job matches".to_owned()),
                1 => Ok("cancelled 1 job".to_owned()),
                jobs => Ok(format!("cancelled {jobs} jobs")),
            }
        }
        Request::RemoveSeed(id) => remove_seed(store, engine, config, *id, now).await,
        Request::Reload => {
            Err("there is no daemon that could read its configuration again".to_owned())
        }
    }
}

async fn hold(engine: Option<&Arc<Engine>>) -> Option<crate::crawl::Hold<'_>> {
    match engine {
        Some(engine) => Some(engine.hold().await),
        None => None,
    }
}

async fn read_pauses(engine: Option<&Arc<Engine>>) -> Result<(), String> {
    match engine {
        Some(engine) => engine.read_pauses().await.map_err(|why| why.to_string()),
        None => Ok(()),
    }
}

/// Returns what a scope means, as the beginning of a sentence.
async fn named(store: &Store, scope: &PauseScope) -> Result<String, String> {
    match scope {
        PauseScope::All => Ok("all calls are".to_owned()),
        PauseScope::Endpoint(name) if endpoints::find(name).is_some() => Ok(format!("{name} is")),
        PauseScope::Endpoint(name) => Err(format!("unknown endpoint {}", name.escape_debug())),
        PauseScope::Seed(id) => {
            let seed = Store::seed_named(store.readers(), "", &id.to_string()).await;
            match seed.map_err(|why| why.to_string())? {
                Some(_) => Ok(format!("seed {id} is")),
                None => Err(format!("there is no seed {id}")),
            }
        }
    }
}

async fn remove_seed(
    store: &Store,
    engine: Option<&Arc<Engine>>,
    config: &Config,
    id: i64,
    now: f64,
) -> Result<String, String> {
    let unwritten = |error: crate::store::Error| error.to_string();
    // A daemon that was killed may have removed the seed and not yet planned the others: repeating it continues.
    let Some((kind, subject)) = store.seed_ever(id).await.map_err(unwritten)? else {
        return Err(format!("there is no seed {id}"));
    };
    let is_configured = config
        .seeds
        .list()
        .iter()
        .any(|seed| seed.kind.as_str() == kind && seed.subject == subject);
    if is_configured {
        return Err(format!(
            "seed {id} is in the section [seeds] of the configuration: remove it there first"
        ));
    }
    let _hold = hold(engine).await;
    let cancelled = store.remove_seed(id, now).await.map_err(unwritten)?;
    let plan = Plan::new(config.crawl.clone());
    let others = store.seeds().await.map_err(unwritten)?;
    plant(store, &plan, &others, now, |_| {})
        .await
        .map_err(|why| format!("{why:#}"))?;
    Ok(format!(
        "seed {id} removed, {cancelled} of its jobs cancelled. What is archived stays, and jobs that other seeds lead to go on"
    ))
}

/// Reads the configuration again and follows it. Calls in flight end first.
async fn reload_with(
    engine: &Arc<Engine>,
    current: &Current,
    reload: Option<&Reload>,
) -> Result<String, String> {
    let config = current.get();
    let Some(reload) = reload else {
        return Err("this run has no configuration file".to_owned());
    };
    let new = (reload.load)()?;
    let fixed = [
        ("archive", new.archive != config.archive),
        ("api", new.api != config.api),
        ("seeds", new.seeds != config.seeds),
        ("web", new.web != config.web),
    ];
    let fixed: Vec<&str> = fixed
        .iter()
        .filter(|(_, is_changed)| *is_changed)
        .map(|(name, _)| *name)
        .collect();
    (reload.set_log)(&new.log)?;
    let settings = engine.config().settings;
    let mut live = live_config(&new, settings.until_idle);
    live.settings.estimated = settings.estimated;
    let _hold = engine.hold().await;
    if new.crawl != config.crawl {
        let store = &engine.parts.store;
        prepare(store, &live.plan, &[], engine.now())
            .await
            .map_err(|why| format!("{why:#}"))?;
        store
            .note_plan(engine.parts.run.id, &live.plan.json())
            .await
            .map_err(|why| why.to_string())?;
    } else if new.budget != config.budget {
        let resumed = engine.parts.store.resume_budget_stops().await;
        resumed.map_err(|why| why.to_string())?;
    }
    engine.reconfigure(live, &rates(&new.limits));
    current.set(Config {
        archive: config.archive.clone(),
        api: config.api.clone(),
        seeds: config.seeds.clone(),
        web: config.web.clone(),
        ..new
    });
    Ok(match fixed.is_empty() {
        true => "configuration read again".to_owned(),
        false => format!(
            "configuration read again; changes in [{}] need a restart",
            fixed.join("], [")
        ),
    })
}

/// SIGUSR2, where there is one.
struct Usr2(#[cfg(unix)] Option<tokio::signal::unix::Signal>);

impl Usr2 {
    #[cfg(unix)]
    fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self(signal(SignalKind::user_defined2()).ok())
    }

    #[cfg(not(unix))]
    fn listen() -> Self {
        Self()
    }

    async fn received(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.0
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}
