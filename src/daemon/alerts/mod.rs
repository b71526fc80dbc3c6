//! Tells the operator's receivers when a condition begins and when it is over. What each was told is in the archive, so
//! that a restart does not tell it twice.

mod message;
mod send;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::current::Current;
use crate::config::{ALERTS, Config, Receiver};
use crate::crawl::{Engine, StopCause};
use crate::report::condition::{State, stopped};
use crate::report::status::{self, Status};

pub use message::Message;
pub use send::{Sender, send};

/// How often conditions are looked at.
const TICK: Duration = Duration::from_secs(5);
/// Attempts to send one message. After them it counts as told.
const ATTEMPTS: u32 = 5;
/// Wait after a failed attempt, in seconds. It doubles.
const WAIT_SECONDS: f64 = 10.0;

/// The conditions that hold (`true`) or do not; about the others nothing is known now.
type Conditions = BTreeMap<&'static str, bool>;

/// Returns which conditions hold while the daemon runs. Pure.
fn conditions(
    state: State,
    is_day_spent: bool,
    has_trouble: bool,
    is_disk_full: bool,
) -> Conditions {
    let mut now = Conditions::from([
        ("stalled", state == State::Stalled),
        ("unwritable", has_trouble),
        ("disk", is_disk_full),
    ]);
    match state {
        // Work shows that what had ended the last run is over.
        State::Working => {
            for name in ["stopped", "budget", "refused", "done"] {
                now.insert(name, false);
            }
        }
        State::Idle => {
            now.insert("done", true);
        }
        State::Waiting if is_day_spent => {
            now.insert("budget", true);
        }
        _ => {}
    }
    now
}

/// Returns the condition that the end of a run means; `None` after a signal of the operator.
fn at_end(cause: &StopCause) -> Option<&'static str> {
    match cause {
        StopCause::Idle => Some("done"),
        StopCause::Budget(_) => Some("budget"),
        StopCause::Refused(_) => Some("refused"),
        StopCause::Away(_) | StopCause::Broken(_) => Some("stopped"),
        StopCause::Signal | StopCause::Paused => None,
    }
}

/// A message that could not be sent yet.
#[derive(Debug, Default)]
struct Failed {
    attempts: u32,
    next_at: f64,
}

/// What could not be sent, by condition and receiver.
type Pending = HashMap<(&'static str, String), Failed>;

/// Returns what identifies a receiver in the archive, without its URL.
fn identity(url: &str) -> String {
    let digest = Sha256::digest(url.as_bytes());
    digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Watches the conditions until the run stops.
pub async fn alerts(engine: Arc<Engine>, current: Current) {
    let sender = match Sender::new() {
        Ok(sender) => sender,
        Err(why) => {
            tracing::error!(why, "alerts cannot be sent");
            return;
        }
    };
    let mut pending = Pending::new();
    let mut pinged_at = f64::NEG_INFINITY;
    while !engine.is_stopping() {
        let config = current.get();
        if !config.alerts.to.is_empty() || config.alerts.ping_url.is_some() {
            let status = read(&engine, &config).await;
            if let Ok(status) = &status {
                let trouble = engine.parts.writer.trouble().is_some();
                let now = conditions(
                    status.condition.state,
                    status.is_day_spent,
                    trouble,
                    engine.is_disk_full(),
                );
                tell(&engine, &config, &sender, &now, status, &mut pending).await;
                ping(&engine, &config, &sender, status, &mut pinged_at).await;
            }
        }
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            () = engine.until_stopped() => {}
        }
    }
}

/// Tells how the run ended. Tries each receiver once.
pub async fn tell_end(engine: &Engine, current: &Current, cause: &StopCause) {
    let (config, Ok(sender)) = (current.get(), Sender::new()) else {
        return;
    };
    let Some(name) = at_end(cause).filter(|_| !config.alerts.to.is_empty()) else {
        return;
    };
    let Ok(mut status) = read(engine, &config).await else {
        return;
    };
    status.condition = stopped(cause.as_str(), cause.note().as_deref());
    let now = Conditions::from([(name, true)]);
    tell(engine, &config, &sender, &now, &status, &mut Pending::new()).await;
}

async fn read(engine: &Engine, config: &Config) -> crate::store::Result<Status> {
    let readers = engine.parts.store.readers();
    status::read(config, readers, Some(String::new()), engine.now()).await
}

/// Sends what has changed since each receiver was told last.
async fn tell(
    engine: &Engine,
    config: &Config,
    sender: &Sender,
    now: &Conditions,
    status: &Status,
    pending: &mut Pending,
) {
    let store = &engine.parts.store;
    let Ok(told) = store.alerts_told().await else {
        return;
    };
    for receiver in &config.alerts.to {
        let Ok(url) = receiver.address() else {
            continue;
        };
        let id = identity(url.expose());
        for name in ALERTS.into_iter().filter(|name| listens(receiver, name)) {
            let Some(is_firing) = now.get(name) else {
                continue;
            };
            let was_firing = told
                .iter()
                .any(|told| told.name == name && told.receiver == id && told.is_firing);
            let key = (name, id.clone());
            if was_firing == *is_firing {
                pending.remove(&key);
                continue;
            }
            let failed = pending.entry(key.clone()).or_default();
            if failed.next_at > engine.steady() {
                continue;
            }
            let message = Message {
                alert: name,
                is_firing: *is_firing,
                sentence: status.condition.sentence.clone(),
                archive: archive_name(config),
                time: engine.now(),
            };
            match send(sender, receiver.format, &url, &message).await {
                Ok(()) => {}
                Err(why) if failed.attempts + 1 < ATTEMPTS => {
                    tracing::warn!(
                        alert = name,
                        receiver = id,
                        why,
                        "alert not sent; trying again"
                    );
                    failed.next_at =
                        engine.steady() + WAIT_SECONDS * f64::from(1_u32 << failed.attempts);
                    failed.attempts += 1;
                    continue;
                }
                Err(why) => {
                    tracing::error!(alert = name, receiver = id, why, "alert given up");
                }
            }
            pending.remove(&key);
            if let Err(error) = store.alert_told(name, &id, *is_firing, engine.now()).await {
                tracing::debug!(%error, "what was told is not written");
            }
        }
    }
}

fn listens(receiver: &Receiver, name: &str) -> bool {
    receiver.on.iter().any(|wanted| wanted == name)
}

/// Returns the name of the archive's file: enough to tell one archive from another.
#[must_use]
pub fn archive_name(config: &Config) -> String {
    let name = config.archive.path.file_name();
    name.map_or(String::new(), |name| name.to_string_lossy().into_owned())
}

/// Calls the URL of a service that reports if the calls stop.
async fn ping(
    engine: &Engine,
    config: &Config,
    sender: &Sender,
    status: &Status,
    pinged_at: &mut f64,
) {
    let Some(url) = &config.alerts.ping_url else {
        return;
    };
    let is_well = status.condition.state.is_alive() && status.condition.state != State::Stalled;
    if !is_well || engine.steady() - *pinged_at < config.alerts.ping_every_seconds {
        return;
    }
    *pinged_at = engine.steady();
    if let Err(why) = sender.get(url).await {
        tracing::warn!(why, "alerts.ping_url did not answer");
    }
}

#[cfg(test)]
mod tests {
    use super::{State, StopCause, at_end, conditions, identity};

    #[test]
    fn each_condition_begins_and_ends() {
        let of = |state, name| conditions(state, false, false, false).get(name).copied();
        assert_eq!(of(State::Stalled, "stalled"), Some(true));
        assert_eq!(of(State::Working, "stalled"), Some(false));
        for name in ["stopped", "budget", "refused", "done"] {
            assert_eq!(of(State::Working, name), Some(false), "{name}");
            assert_eq!(of(State::Waiting, name), None, "{name}");
        }
        assert_eq!(of(State::Idle, "done"), Some(true));
        let spent = conditions(State::Waiting, true, false, false);
        assert_eq!(spent.get("budget"), Some(&true));
        let trouble = conditions(State::Working, false, true, true);
        assert_eq!((trouble["unwritable"], trouble["disk"]), (true, true));
    }

    #[test]
    fn an_end_that_the_operator_did_not_ask_for_is_told() {
        let why = || "why".to_owned();
        assert_eq!(at_end(&StopCause::Idle), Some("done"));
        assert_eq!(at_end(&StopCause::Refused(why())), Some("refused"));
        assert_eq!(at_end(&StopCause::Away(why())), Some("stopped"));
        assert_eq!(at_end(&StopCause::Broken(why())), Some("stopped"));
        assert_eq!(at_end(&StopCause::Signal), None);
    }

    #[test]
    fn a_receiver_is_known_without_its_url() {
        let id = identity("https://hooks.example/secret");
        assert_eq!(id.len(), 16);
        assert!(id.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_ne!(id, identity("https://hooks.example/secres"));
    }
}
