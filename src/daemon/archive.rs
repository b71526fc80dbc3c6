//! The archive while one process works on it.

use std::path::Path;

use anyhow::Context;

use super::{Signals, retry_until_writable};
use crate::clock::Clock;
use crate::store::{Held, Lock, Run, RunKind, Store, network_file_system};

/// An archive that this process alone sends calls for.
pub struct Archive {
    pub store: Store,
    pub run: Run,
    pub clock: Clock,
    _lock: Lock,
}

/// The archive is another process's.
#[derive(Debug, thiserror::Error)]
#[error("the archive {path} is in use by {}", held.0)]
pub struct InUse {
    path: String,
    held: Held,
}

impl Archive {
    /// Takes the archive's lock and begins a run.
    ///
    /// # Errors
    /// `InUse` where another process holds it; otherwise what is wrong with the file.
    pub async fn open(path: &Path, kind: RunKind, clock: Clock) -> anyhow::Result<Self> {
        let who = format!(
            "soracrawl (process {}, since {})",
            std::process::id(),
            jiff::Timestamp::now().strftime("%F %T UTC")
        );
        // The folder must be there before the lock file can be.
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        }
        let lock = match Lock::take(path, &who)? {
            Ok(lock) => lock,
            Err(held) => {
                return Err(InUse {
                    path: path.display().to_string(),
                    held,
                }
                .into());
            }
        };
        if let Some(kind) = network_file_system(path) {
            tracing::warn!(
                path = %path.display(),
                "the archive lies on a network file system ({kind}): SQLite's write-ahead log is not safe there; \
                 move it to a local disk"
            );
        }
        let store = Store::open(path).await?;
        let run = store
            .start_run(kind, std::process::id(), clock.now())
            .await?;
        if run.unknown_calls > 0 || run.reclaimed_jobs > 0 {
            tracing::warn!(
                unknown_calls = run.unknown_calls,
                reclaimed_jobs = run.reclaimed_jobs,
                "the process before died; its open calls count as billed, its jobs are taken back"
            );
        }
        Ok(Self {
            store,
            run,
            clock,
            _lock: lock,
        })
    }

    /// Ends the run and closes the file.
    ///
    /// # Errors
    /// Where the archive cannot be written.
    pub async fn close(self, reason: &str) -> anyhow::Result<()> {
        self.store
            .end_run(self.run.id, reason, self.clock.now())
            .await?;
        self.store.close().await?;
        Ok(())
    }

    /// Ends the run and closes the file, however long the file cannot be written; see [`retry_until_writable`].
    ///
    /// # Errors
    /// Where the archive fails, or cannot be written and a signal ends the waiting.
    pub async fn close_when_writable(
        self,
        reason: &str,
        signals: &mut Signals,
        shutting_down: bool,
    ) -> anyhow::Result<()> {
        let id = self.run.id;
        retry_until_writable(signals, shutting_down, async || {
            self.store.end_run(id, reason, self.clock.now()).await
        })
        .await?;
        self.store.close().await?;
        Ok(())
    }
}
