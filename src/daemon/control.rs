//! Carries out what operators ask. Requests reach a running daemon through the archive.

use std::sync::Arc;
use std::time::Duration;

use super::current::Current;
use super::hold::{Undone, hold};
use super::prepare::plant;
use super::refresh::refresh;
use super::reload::{Reload, Usr2, reload_with};
use crate::api::endpoints;
use crate::config::Config;
use crate::crawl::{Engine, Plan};
use crate::erase;
use crate::model::{PauseScope, Request};
use crate::store::{ControlResult, Error, Store};

/// How often requests are looked for.
const TICK: Duration = Duration::from_secs(1);

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
            self.carry_out_waiting().await;
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
    pub(super) async fn carry_out_waiting(&self) {
        let engine = &self.engine;
        let (store, now) = (&engine.parts.store, engine.now());
        // If an answer is not written, the request is carried out again, which changes nothing more.
        if let Err(error) = carry_out_waiting(store, Some(self), &self.current.get(), now).await {
            tracing::warn!(%error, "the requests of the operator wait");
        }
    }
}

/// Carries out the requests that wait, oldest first, and notes their results: in the daemon's process, or in a process that
/// holds the lock of an archive without a daemon.
///
/// # Errors
/// Returns an error if the archive cannot be read or written.
pub(super) async fn carry_out_waiting(
    store: &Store,
    daemon: Option<&Control>,
    config: &Config,
    now: f64,
) -> Result<(), Error> {
    for control in store.asked().await? {
        let done = match (control.request, daemon) {
            (Err(why), _) => Err(format!("unknown to this version: {why}").into()),
            (Ok(Request::Reload), Some(daemon)) => {
                reload_with(&daemon.engine, &daemon.current, daemon.reload.as_ref()).await
            }
            (Ok(request), _) => {
                let engine = daemon.map(|daemon| &daemon.engine);
                carry_out(store, engine, config, &request, now).await
            }
        };
        let done = match done {
            Ok(done) => Ok(done),
            Err(Undone::Refused(why)) => Err(why),
            Err(Undone::Later) => return Ok(()),
        };
        let answer = ControlResult::from(done);
        let (request, result) = (control.id, &answer.result);
        match answer.succeeded {
            true => tracing::info!(request, result, "request of the operator carried out"),
            false => tracing::warn!(request, result, "request of the operator refused"),
        }
        store.answered(control.id, &answer, now).await?;
    }
    Ok(())
}

/// Carries out what waits in an archive without a daemon. The caller holds its lock.
///
/// # Errors
/// Returns an error if the archive cannot be read or written.
pub async fn carry_out_without_daemon(
    store: &Store,
    config: &Config,
    now: f64,
) -> Result<(), Error> {
    carry_out_waiting(store, None, config, now).await
}

/// Carries out a request. Returns what it changed, in words.
async fn carry_out(
    store: &Store,
    engine: Option<&Arc<Engine>>,
    config: &Config,
    request: &Request,
    now: f64,
) -> Result<String, Undone> {
    let unwritten = |error: Error| error.to_string();
    match request {
        Request::Pause(scope) => {
            let what = named(store, scope).await?;
            let is_new = store.pause(scope, now).await.map_err(unwritten)?;
            read_pauses(engine).await?;
            match is_new {
                true => Ok(format!("{what} paused; calls in flight end")),
                false => Err(format!("{what} already paused").into()),
            }
        }
        Request::Resume(scope) => {
            let what = named(store, scope).await?;
            let was_paused = store.resume(scope).await.map_err(unwritten)?;
            read_pauses(engine).await?;
            match was_paused {
                true => Ok(format!("{what} resumed")),
                false => Err(format!("{what} not paused").into()),
            }
        }
        Request::Cancel(jobs) => {
            let _hold = hold(engine).await?;
            let cancelled = store
                .cancel(jobs, "cancelled by operator", now)
                .await
                .map_err(unwritten)?;
            match cancelled {
                0 => Err("no open job matches".to_owned().into()),
                1 => Ok("cancelled 1 job".to_owned()),
                jobs => Ok(format!("cancelled {jobs} jobs")),
            }
        }
        Request::Refresh => refresh(store, engine, config, now).await,
        Request::RemoveSeed(id) => remove_seed(store, engine, config, *id, now).await,
        Request::Erase => {
            let _hold = hold(engine).await?;
            learn_erasures(store, engine).await?;
            Ok("erased people are known".to_owned())
        }
        Request::Reload => Err("there is no daemon that could read its configuration again"
            .to_owned()
            .into()),
    }
}

/// Lets a crawl know who is erased, and which dictionaries replaced others. No call is in flight.
pub(super) async fn learn_erasures(
    store: &Store,
    engine: Option<&Arc<Engine>>,
) -> Result<(), String> {
    let Some(engine) = engine else { return Ok(()) };
    let people = erase::people_of(store).await?;
    let dictionaries = store.dictionaries().await.map_err(|why| why.to_string())?;
    engine.learn_erasures(people, &dictionaries);
    Ok(())
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
) -> Result<String, Undone> {
    let unwritten = |error: Error| error.to_string();
    // A daemon that was killed may have removed the seed and not yet planned the others: repeating it continues.
    let Some((kind, subject)) = store.seed_ever(id).await.map_err(unwritten)? else {
        return Err(format!("there is no seed {id}").into());
    };
    let is_configured = config
        .seeds
        .list()
        .iter()
        .any(|seed| seed.kind.as_str() == kind && seed.subject == subject);
    if is_configured {
        return Err(format!(
            "seed {id} is in the section [seeds] of the configuration: remove it there first"
        )
        .into());
    }
    let _hold = hold(engine).await?;
    let cancelled = store.remove_seed(id, now).await.map_err(unwritten)?;
    let plan = Plan::new(config.crawl.clone());
    let others = store.seeds().await.map_err(unwritten)?;
    plant(store, &plan, &others, now, |_| {})
        .await
        .map_err(|why| format!("{why:#}"))?;
    let scope = PauseScope::Seed(id);
    if store.resume(&scope).await.map_err(unwritten)? {
        read_pauses(engine).await?;
    }
    Ok(format!(
        "seed {id} removed, {cancelled} of its jobs cancelled. What is archived stays, and jobs that other seeds lead to go on"
    ))
}
