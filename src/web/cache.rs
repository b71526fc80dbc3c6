//! Answers that requests share for a while, because each costs several questions to the archive.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::{App, pages};
use crate::report::status::Status;
use crate::store::read::{self, Known};

/// How long a status is shown: twenty open pages cost as much as one.
const STATUS: Duration = Duration::from_secs(1);
/// How long sums over all lists are shown: their question reads every list.
const KNOWN: Duration = Duration::from_secs(60);

/// The latest answers; empty at first.
#[derive(Default)]
pub struct Answers {
    status: Latest<Arc<Status>>,
    known: Latest<Vec<Known>>,
    fingerprint: Latest<u64>,
}

/// The latest answer to one question. Its lock lets requests that wait together share one question.
type Latest<T> = Mutex<Option<(Instant, T)>>;

impl App {
    /// Returns the status, at most a second old.
    ///
    /// # Errors
    /// Returns the reason if the archive cannot be read.
    pub(super) async fn status(&self) -> Result<Arc<Status>, String> {
        shared(&self.answers.status, STATUS, async {
            (self.read_status)().await.map(Arc::new)
        })
        .await
    }

    /// Returns the sums of each kind of list, at most a minute old.
    ///
    /// # Errors
    /// Returns the reason if the archive cannot be read.
    pub(super) async fn known(&self) -> Result<Vec<Known>, String> {
        shared(&self.answers.known, KNOWN, async {
            let known = read::known(&self.readers).await;
            known.map_err(|why| why.to_string())
        })
        .await
    }

    /// Returns a number that is another one when the pages show something else, at most two seconds late.
    pub(super) async fn fingerprint(&self) -> u64 {
        let fingerprint = shared(&self.answers.fingerprint, STATUS, async {
            let status = self.status().await?;
            let marks = read::marks(&self.readers).await;
            let marks = marks.map_err(|why| why.to_string())?;
            Ok(hash(&(
                pages::home::shown(self, &status),
                format!("{:?} {:?} {marks:?}", status.endpoints, status.stops),
            )))
        });
        // What cannot be read is shown too.
        fingerprint.await.unwrap_or_else(|why| hash(&why))
    }

    /// Has the next page read the status again, because a request was carried out.
    pub(super) async fn forget_status(&self) {
        *self.answers.status.lock().await = None;
        *self.answers.fingerprint.lock().await = None;
    }
}

fn hash(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

async fn shared<T: Clone>(
    latest: &Latest<T>,
    fresh: Duration,
    read: impl Future<Output = Result<T, String>>,
) -> Result<T, String> {
    let mut latest = latest.lock().await;
    if let Some((at, answer)) = &*latest
        && at.elapsed() < fresh
    {
        return Ok(answer.clone());
    }
    let answer = read.await?;
    *latest = Some((Instant::now(), answer.clone()));
    Ok(answer)
}
