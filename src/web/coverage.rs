//! How much of what the remote counts is archived. The question reads every list, so its answer is kept for a while.

use std::time::Duration;

use sqlx::SqlitePool;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::store::read::{self, Known};

/// How long an answer is kept.
const FRESH: Duration = Duration::from_secs(60);

/// The latest answer. Its lock lets requests that wait together share one question.
#[derive(Default)]
pub(super) struct Cache(Mutex<Option<(Instant, Vec<Known>)>>);

impl Cache {
    /// Returns the sums of each kind of list, at most a minute old.
    ///
    /// # Errors
    /// Returns the reason if the archive cannot be read.
    pub(super) async fn known(&self, readers: &SqlitePool) -> Result<Vec<Known>, String> {
        let mut latest = self.0.lock().await;
        if let Some((at, known)) = &*latest
            && at.elapsed() < FRESH
        {
            return Ok(known.clone());
        }
        let known = read::known(readers).await.map_err(|why| why.to_string())?;
        *latest = Some((Instant::now(), known.clone()));
        Ok(known)
    }
}
