//! The process that uses the archive while people are erased: a daemon or an import.

use std::cell::Cell;
use std::path::Path;
use std::time::Duration;

use crate::clock::Clock;
use crate::config::Config;
use crate::daemon;
use crate::erase::Daemon;
use crate::model::Request;
use crate::store::{Lock, Store};

/// How long a process may take to end its calls in flight.
const PATIENCE: Duration = Duration::from_secs(180);
const GLANCE: Duration = Duration::from_millis(50);

/// The right of this process to use the archive alone. It takes it as soon as no other process has it.
pub(super) struct Alone {
    lock: Lock,
    who: String,
    is_held: Cell<bool>,
}

impl Alone {
    /// Takes the lock of an archive, unless another process has it. Call it before this process connects to the file.
    ///
    /// # Errors
    /// Returns an error if the file cannot be opened, or the file system has no locks.
    pub(super) fn of(archive: &Path, who: String) -> crate::store::Result<Self> {
        let alone = Self {
            lock: Lock::unheld(archive)?,
            who,
            is_held: Cell::new(false),
        };
        alone.is_reached(archive)?;
        Ok(alone)
    }

    /// Returns whether this process has the archive alone. Then no other one uses it until this is dropped.
    fn is_reached(&self, archive: &Path) -> crate::store::Result<bool> {
        if !self.is_held.get() {
            self.is_held.set(self.lock.try_take(archive, &self.who)?);
        }
        Ok(self.is_held.get())
    }
}

/// The process that uses the archive, if there is one.
pub(super) struct Told<'a> {
    pub(super) store: &'a Store,
    pub(super) clock: &'a Clock,
    pub(super) config: &'a Config,
    pub(super) alone: &'a Alone,
}

impl Daemon for Told<'_> {
    async fn learn(&self) -> Result<(), String> {
        let failed = |why: crate::store::Error| why.to_string();
        let is_alone = || self.alone.is_reached(self.store.path()).map_err(failed);
        if is_alone()? {
            return Ok(());
        }
        let now = self.clock.now();
        let id = self
            .store
            .ask(&Request::Erase, "command", now)
            .await
            .map_err(failed)?;
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while tokio::time::Instant::now() < deadline {
            match self.store.answer_to(id).await.map_err(failed)? {
                Some(answer) if answer.succeeded => return Ok(()),
                Some(answer) => {
                    return Err(format!(
                        "the process that uses the archive: {}",
                        answer.result
                    ));
                }
                None => {}
            }
            if is_alone()? {
                // Nobody keeps replies any more, and the next process reads at its start who is erased.
                return daemon::carry_out_without_daemon(self.store, self.config, now)
                    .await
                    .map_err(failed);
            }
            tokio::time::sleep(GLANCE).await;
        }
        Err("the process that uses the archive has not answered. Stop it, then run the same command again".to_owned())
    }

    fn is_absent(&self) -> bool {
        self.alone.is_reached(self.store.path()).unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ControlResult;

    /// An archive that another process uses.
    struct Used {
        _folder: tempfile::TempDir,
        path: std::path::PathBuf,
        other: Lock,
        alone: Alone,
        store: Store,
    }

    impl Used {
        async fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("a.db");
            Store::open(&path).await.unwrap().close().await.unwrap();
            let other = Lock::take(&path, "an import").unwrap().unwrap();
            let alone = Alone::of(&path, "an erasure".to_owned()).unwrap();
            let store = Store::open(&path).await.unwrap();
            Self {
                _folder: folder,
                path,
                other,
                alone,
                store,
            }
        }
    }

    #[tokio::test]
    async fn an_erasure_goes_on_alone_when_the_process_ends_without_an_answer() {
        let used = Used::new().await;
        let store = &used.store;
        let told = Told {
            store,
            clock: &Clock::real(),
            config: &Config::default(),
            alone: &used.alone,
        };
        assert!(!told.is_absent());
        let ends = async {
            while store.asked().await.unwrap().is_empty() {}
            drop(used.other);
        };
        let (learnt, ()) = tokio::join!(told.learn(), ends);
        assert_eq!(learnt, Ok(()));
        assert!(told.is_absent());
        assert!(store.asked().await.unwrap().is_empty());
        let held = Lock::take(&used.path, "a daemon").unwrap().unwrap_err();
        assert_eq!(held.who, "an erasure");
        // Nobody is left who could be asked.
        assert_eq!(told.learn().await, Ok(()));
        assert!(store.asked().await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn what_the_process_answers_is_said() {
        let used = Used::new().await;
        let store = &used.store;
        let told = Told {
            store,
            clock: &Clock::real(),
            config: &Config::default(),
            alone: &used.alone,
        };
        for (result, expected) in [
            (Ok("known".to_owned()), Ok(())),
            (
                Err("no key".to_owned()),
                Err("the process that uses the archive: no key".to_owned()),
            ),
        ] {
            let answers = async {
                loop {
                    if let Some(asked) = store.asked().await.unwrap().first() {
                        let answer = ControlResult::from(result);
                        break store.answered(asked.id, &answer, 1.0).await.unwrap();
                    }
                }
            };
            let (learnt, ()) = tokio::join!(told.learn(), answers);
            assert_eq!(learnt, expected);
            assert!(!told.is_absent());
        }
    }
}
