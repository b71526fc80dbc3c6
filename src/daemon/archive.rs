//! An archive that is locked by this process, with its current run.

use std::path::Path;

use anyhow::anyhow;

use super::{Signals, retry_until_writable};
use crate::clock::{Clock, minute};
use crate::erase::people_of;
use crate::replies::People;
use crate::store::{Held, Lock, Precaution, Run, RunKind, Store, network_file_system};

/// An open archive. Its lock prevents other processes from sending calls for it.
pub struct Archive {
    pub store: Store,
    pub run: Run,
    pub clock: Clock,
    /// People whom no further reply may bring back.
    pub people: People,
    _lock: Lock,
}

/// Another process holds the lock of the archive.
#[derive(Debug, thiserror::Error)]
#[error("archive {path} is in use by {}: stop that process first", held.who)]
pub struct InUse {
    path: String,
    held: Held,
}

/// Locks an archive for a command.
///
/// # Errors
/// Returns `InUse` if another process holds the lock, or an error if the file cannot be opened.
pub fn lock_for(path: &Path, command: &str, clock: &Clock) -> anyhow::Result<Lock> {
    let who = format!(
        "{command} (process {}, since {})",
        std::process::id(),
        minute(clock.now())
    );
    Ok(Lock::take(path, &who)?.map_err(|held| InUse {
        path: path.display().to_string(),
        held,
    })?)
}

impl Archive {
    /// Locks the archive and starts a run. Creates the file if it does not exist.
    ///
    /// # Errors
    /// Returns `InUse` if another process holds the lock, or an error if the file cannot be opened or written.
    pub async fn open(path: &Path, kind: RunKind, clock: Clock) -> anyhow::Result<Self> {
        Self::open_with(path, kind, Precaution::Copy, clock).await
    }

    /// Opens the archive like [`Archive::open`], with or without a copy before its schema changes.
    ///
    /// # Errors
    /// See [`Archive::open`].
    pub async fn open_with(
        path: &Path,
        kind: RunKind,
        precaution: Precaution,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let lock = lock_for(path, "soracrawl", &clock)?;
        if let Some(kind) = network_file_system(path) {
            tracing::warn!(
                path = %path.display(),
                file_system = kind,
                "archive on a network file system: SQLite's write-ahead log is not safe there; move it to a local disk"
            );
        }
        let store = Store::open_with(path, precaution).await?;
        if let Some(copy) = store.copied() {
            tracing::info!(copy = %copy.display(), "copied the archive before its schema changed");
        }
        let people = people_of(&store).await.map_err(|why| anyhow!(why))?;
        let run = store
            .start_run(kind, std::process::id(), clock.now())
            .await?;
        store.note_place()?;
        let back = store.correct_waits(clock.now()).await?;
        if back > 1.0 {
            tracing::warn!(
                seconds = back.round(),
                "the clock was set back since the latest call; waits are corrected"
            );
        }
        if run.unknown_calls > 0 || run.reclaimed_jobs > 0 {
            tracing::warn!(
                unknown_calls = run.unknown_calls,
                reclaimed_jobs = run.reclaimed_jobs,
                "the previous process died; its open calls count as billed, its jobs are ready again"
            );
        }
        Ok(Self {
            store,
            run,
            clock,
            people,
            _lock: lock,
        })
    }

    /// Ends the run and closes the file.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be written.
    pub async fn close(self, reason: &str, note: Option<&str>) -> anyhow::Result<()> {
        self.store
            .end_run(self.run.id, reason, note, self.clock.now())
            .await?;
        self.store.close().await?;
        Ok(())
    }

    /// Ends the run and closes the file. Waits while the file cannot be written; see [`retry_until_writable`].
    ///
    /// # Errors
    /// Returns an error if the archive fails, or if a signal ends the wait for a writable file.
    pub async fn close_when_writable(
        self,
        (reason, note): (&str, Option<&str>),
        signals: &mut Signals,
        shutting_down: bool,
    ) -> anyhow::Result<()> {
        let id = self.run.id;
        retry_until_writable(signals, shutting_down, async || {
            self.store.end_run(id, reason, note, self.clock.now()).await
        })
        .await?;
        self.store.close().await?;
        Ok(())
    }
}
