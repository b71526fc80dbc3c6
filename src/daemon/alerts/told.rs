//! What each receiver knows, and what is news to it.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use futures_util::future::join_all;
use sha2::{Digest, Sha256};

use super::message::{Message, archive_name};
use super::send::{Sender, send};
use super::signs::{Conditions, Signs, is_news};
use crate::config::{ALERTS, AlertFormat, Config, Receiver, SecretUrl};
use crate::crawl::Engine;
use crate::report::status::Status;
use crate::store::Result;

/// Attempts to send one message while the run goes on. After them it counts as told.
const ATTEMPTS: u32 = 5;
/// Wait after a failed attempt, in seconds. It doubles.
const WAIT_SECONDS: f64 = 10.0;
/// Waits between the attempts to tell the end of a run.
const WAITS_AT_END: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(3)];
/// How long a note of what was told waits for the archive, which may be locked.
const PATIENCE: Duration = Duration::from_secs(1);

/// A condition and the receiver of its messages.
type Key = (&'static str, String);

/// A message that could not be sent yet.
#[derive(Debug, Default)]
struct Failed {
    attempts: u32,
    next_at: f64,
}

/// A message that is due.
struct Due {
    key: Key,
    /// Number of the receiver in the configuration, from 1.
    number: usize,
    format: AlertFormat,
    url: SecretUrl,
    message: Message,
}

/// What each receiver knows.
#[derive(Default)]
pub(super) struct Told {
    /// Whether it was last told that a condition holds, and when; `None` until the archive was read.
    known: Option<HashMap<Key, (bool, f64)>>,
    /// What the archive does not know yet.
    unwritten: BTreeSet<Key>,
    failed: HashMap<Key, Failed>,
    /// Receivers without a URL that were named in the log.
    named: BTreeSet<usize>,
}

impl Told {
    /// Sends what is news to each receiver, to all at the same time: a slow one delays no other.
    pub(super) async fn tell(
        &mut self,
        engine: &Engine,
        config: &Config,
        sender: &Sender,
        (now, signs): (&Conditions, &Signs),
        status: &Status,
    ) {
        if self.known.is_none() {
            self.known = read(engine).await.ok();
        }
        let due = self.due(engine, config, (now, signs), status);
        let sent = due
            .iter()
            .map(|due| send(sender, due.format, &due.url, &due.message));
        let sent = join_all(sent).await;
        for (due, sent) in due.into_iter().zip(sent) {
            self.note(engine, due, sent);
        }
    }

    /// Tells how a run ended. Each receiver gets three attempts, with short waits.
    pub(super) async fn tell_end(
        &mut self,
        engine: &Engine,
        config: &Config,
        sender: &Sender,
        what: (&Conditions, &Signs),
        status: &Status,
    ) {
        self.tell(engine, config, sender, what, status).await;
        for wait in WAITS_AT_END {
            if self.failed.is_empty() {
                return;
            }
            tokio::time::sleep(wait).await;
            for failed in self.failed.values_mut() {
                failed.next_at = f64::NEG_INFINITY;
            }
            self.tell(engine, config, sender, what, status).await;
        }
        for (alert, _) in self.failed.keys() {
            tracing::error!(alert, "alert given up: the run ends");
        }
    }

    /// Returns the messages that are news and not to be tried later.
    fn due(
        &mut self,
        engine: &Engine,
        config: &Config,
        (now, signs): (&Conditions, &Signs),
        status: &Status,
    ) -> Vec<Due> {
        let mut all = Vec::new();
        let Some(known) = &self.known else {
            return all;
        };
        for (at, receiver) in config.alerts.to.iter().enumerate() {
            let number = at + 1;
            let url = match receiver.address() {
                Ok(url) => url,
                Err(why) => {
                    if self.named.insert(number) {
                        tracing::error!(
                            receiver = number,
                            why,
                            "a receiver of alerts has no URL: it is told nothing"
                        );
                    }
                    continue;
                }
            };
            self.named.remove(&number);
            let id = identity(url.expose());
            for name in ALERTS.into_iter().filter(|name| listens(receiver, name)) {
                let key = (name, id.clone());
                let is_firing = now.get(name).copied();
                let Some(is_firing) =
                    is_firing.filter(|is| is_news(name, *is, known.get(&key), signs))
                else {
                    self.failed.remove(&key);
                    continue;
                };
                let failed = self.failed.get(&key);
                if failed.is_some_and(|failed| failed.next_at > engine.steady()) {
                    continue;
                }
                all.push(Due {
                    key,
                    number,
                    format: receiver.format,
                    url: url.clone(),
                    message: Message {
                        alert: name,
                        is_firing,
                        sentence: sentence(name, status),
                        archive: archive_name(config),
                        time: engine.now(),
                    },
                });
            }
        }
        all
    }

    /// Notes what became of a message.
    fn note(&mut self, engine: &Engine, due: Due, sent: std::result::Result<(), String>) {
        let (alert, receiver) = (due.message.alert, due.number);
        if let Err(why) = sent {
            let failed = self.failed.entry(due.key.clone()).or_default();
            failed.attempts += 1;
            if failed.attempts < ATTEMPTS {
                tracing::warn!(alert, receiver, why, "alert not sent");
                let doubled = f64::from(1_u32 << (failed.attempts - 1));
                failed.next_at = engine.steady() + WAIT_SECONDS * doubled;
                return;
            }
            tracing::error!(alert, receiver, why, "alert given up");
        }
        self.failed.remove(&due.key);
        let told = (due.message.is_firing, due.message.time);
        self.known
            .get_or_insert_default()
            .insert(due.key.clone(), told);
        self.unwritten.insert(due.key);
    }

    /// Writes what was told into the archive. While the archive is locked, that waits for a later time.
    pub(super) async fn write(&mut self, engine: &Engine) {
        let Some(known) = &self.known else {
            return;
        };
        for key in self.unwritten.clone() {
            let Some((is_firing, at)) = known.get(&key) else {
                continue;
            };
            let written = engine
                .parts
                .store
                .alert_told(key.0, &key.1, *is_firing, *at);
            match tokio::time::timeout(PATIENCE, written).await {
                Ok(Ok(())) => self.unwritten.remove(&key),
                _ => return tracing::debug!("what was told is not written yet"),
            };
        }
    }
}

/// Returns what a message about a condition says.
fn sentence(name: &str, status: &Status) -> String {
    match status.drift().filter(|_| name == "drift") {
        Some(drift) => format!("{drift}. List them with `soracrawl drift --changed`"),
        None => status.condition.sentence.clone(),
    }
}

/// Reads what each receiver was told by earlier daemons.
async fn read(engine: &Engine) -> Result<HashMap<Key, (bool, f64)>> {
    let told = engine.parts.store.alerts_told().await?;
    let known = told.into_iter().filter_map(|told| {
        let name = ALERTS.into_iter().find(|name| *name == told.name)?;
        Some(((name, told.receiver), (told.is_firing, told.told_at)))
    });
    Ok(known.collect())
}

/// Returns what identifies a receiver in the archive, without its URL.
fn identity(url: &str) -> String {
    let digest = Sha256::digest(url.as_bytes());
    digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn listens(receiver: &Receiver, name: &str) -> bool {
    receiver.on.iter().any(|wanted| wanted == name)
}

#[cfg(test)]
mod tests {
    use super::identity;

    #[test]
    fn a_receiver_is_known_without_its_url() {
        let id = identity("https://hooks.example/secret");
        assert_eq!(id.len(), 16);
        assert!(id.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_ne!(id, identity("https://hooks.example/secres"));
    }
}
