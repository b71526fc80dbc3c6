//! The daemon that uses the archive while people are erased.

use std::time::Duration;

use crate::clock::Clock;
use crate::erase::Daemon;
use crate::model::Request;
use crate::store::Store;

/// How long a daemon may take to end its calls in flight.
const PATIENCE: Duration = Duration::from_secs(180);
const GLANCE: Duration = Duration::from_millis(50);

/// The daemon of the archive, if one runs.
pub(super) struct Told<'a> {
    pub(super) store: &'a Store,
    pub(super) clock: &'a Clock,
    pub(super) is_alone: bool,
}

impl Daemon for Told<'_> {
    async fn learn(&self) -> Result<(), String> {
        if self.is_alone {
            return Ok(());
        }
        let failed = |why: crate::store::Error| why.to_string();
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
                Some(answer) => return Err(format!("the daemon: {}", answer.result)),
                None => tokio::time::sleep(GLANCE).await,
            }
        }
        Err("the process that uses the archive has not answered. Stop it, then run the same command again".to_owned())
    }

    fn is_absent(&self) -> bool {
        self.is_alone
    }
}
