//! The queue of a fetch: ids in the order in which their URLs expire. Each URL is read when its turn comes.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::{Mutex, Semaphore, watch};
use url::Url;

use super::bandwidth::Bandwidth;
use super::counters::Counters;
use super::download::{Download, Ended};
use super::failure::{Failure, Meaning};
use super::folder::Folder;
use super::key::url_path;
use super::remote::{Remote, RemoteSettings};
use super::space::Space;
use crate::api::{retry, url_expiry};
use crate::clock::Clock;
use crate::store::{Given, MediaTurn, Result, Store};

/// A URL that expires sooner is not asked any more.
const MARGIN_SECONDS: f64 = 10.0;
/// Files in flight over all hosts.
const MAX_IN_FLIGHT: usize = 64;

/// Limits of a fetch.
#[derive(Clone)]
pub struct Settings {
    pub remote: RemoteSettings,
    /// Files in flight for each host.
    pub per_host: usize,
    pub bytes_per_second: Option<u64>,
    pub min_free_bytes: u64,
    pub max_file_bytes: u64,
    /// Attempts for each file in one fetch.
    pub attempts: u32,
    pub retry_base: Duration,
    pub retry_cap: Duration,
}

/// What became of the files of one pass.
#[derive(Debug, Default)]
pub struct Pass {
    /// Files that need a new URL.
    pub expired: Vec<i64>,
    /// The disk is full, or cannot be written.
    pub halted: Option<Failure>,
}

/// What became of a file.
enum Outcome {
    Stored,
    GaveUp,
    Expired,
    /// It stays wanted.
    Left,
}

/// Fetches files of an archive.
pub struct Fetcher {
    download: Download,
    store: Store,
    clock: Clock,
    settings: Settings,
    counters: Arc<Counters>,
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
    /// Tells the files in flight that nothing more can be stored.
    halt: watch::Sender<bool>,
    stop: watch::Receiver<bool>,
}

impl Fetcher {
    /// Builds what fetches. `stop` ends it after the bytes that have arrived are written.
    ///
    /// # Errors
    /// Returns why the client cannot be built.
    pub fn new(
        store: &Store,
        clock: &Clock,
        folder: &Folder,
        settings: Settings,
        counters: Arc<Counters>,
        stop: watch::Receiver<bool>,
    ) -> std::result::Result<Self, String> {
        let download = Download {
            store: store.clone(),
            folder: folder.clone(),
            remote: Remote::new(&settings.remote)?,
            space: Space::new(folder, settings.min_free_bytes),
            bandwidth: settings.bytes_per_second.map(Bandwidth::new),
            max_bytes: settings.max_file_bytes,
            counters: counters.clone(),
            stop: stop.clone(),
            placing: tokio::sync::RwLock::default(),
        };
        Ok(Self {
            download,
            store: store.clone(),
            clock: clock.clone(),
            settings,
            counters,
            hosts: Mutex::default(),
            halt: watch::Sender::new(false),
            stop,
        })
    }

    /// Fetches these files, in this order.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read or written.
    pub async fn pass(&self, ids: Vec<i64>) -> Result<Pass> {
        let in_flight = self.settings.per_host * self.settings.remote.hosts.count();
        let mut files = futures_util::stream::iter(ids)
            .map(|id| async move { (id, self.one(id).await) })
            .buffer_unordered(in_flight.clamp(1, MAX_IN_FLIGHT));
        let mut pass = Pass::default();
        while let Some((id, done)) = files.next().await {
            match done {
                Ok(Outcome::Stored) => self.counters.stored.fetch_add(1, Ordering::Relaxed),
                Ok(Outcome::GaveUp) => self.counters.failed.fetch_add(1, Ordering::Relaxed),
                Ok(Outcome::Expired) => {
                    pass.expired.push(id);
                    0
                }
                Ok(Outcome::Left) => 0,
                Err(Ended::Archive(error)) => return Err(error),
                Err(Ended::Failed(failure)) => {
                    self.halt.send_replace(true);
                    if failure != Failure::Stopped {
                        pass.halted = Some(failure);
                    }
                    0
                }
            };
        }
        Ok(pass)
    }

    fn is_stopping(&self) -> bool {
        *self.stop.borrow() || *self.halt.borrow()
    }

    /// Fetches a file, with a limited number of attempts.
    async fn one(&self, id: i64) -> std::result::Result<Outcome, Ended> {
        for attempt in 1..=self.settings.attempts {
            if self.is_stopping() {
                return Ok(Outcome::Left);
            }
            let Some(turn) = self.store.media_turn(id).await? else {
                return Ok(Outcome::Left);
            };
            let failure = match self.usable(&turn) {
                Ok(url) => match self.at_host(&turn, &url).await {
                    Ok(()) => return Ok(Outcome::Stored),
                    Err(Ended::Failed(failure)) => failure,
                    Err(ended @ Ended::Archive(_)) => return Err(ended),
                },
                Err(failure) => failure,
            };
            let (given, then) = match failure.meaning() {
                Meaning::StopAll => return Err(failure.into()),
                Meaning::NeedsUrl => (Given::Wanted, Some(Outcome::Expired)),
                Meaning::Gone => (Given::Gone, Some(Outcome::GaveUp)),
                Meaning::GiveUp => (Given::Failed, Some(Outcome::GaveUp)),
                Meaning::Retry(_) if attempt < self.settings.attempts => (Given::Wanted, None),
                Meaning::Retry(_) => (Given::Failed, Some(Outcome::GaveUp)),
            };
            tracing::debug!(file = id, attempt, %failure, "file not fetched");
            let now = self.clock.now();
            self.store
                .fail_media(id, given, &failure.to_string(), now)
                .await?;
            if let Some(outcome) = then {
                return Ok(outcome);
            }
            if let Meaning::Retry(seconds) = failure.meaning() {
                self.wait(attempt, seconds).await;
            }
        }
        Ok(Outcome::Left)
    }

    /// Returns the URL of a file, if it does not expire too soon.
    fn usable(&self, turn: &MediaTurn) -> std::result::Result<Url, Failure> {
        let now = self.clock.now();
        usable(turn, now)
            .and_then(|url| Url::parse(url).ok())
            .ok_or(Failure::Expired)
    }

    /// Makes one attempt when the host of the URL has a turn.
    async fn at_host(&self, turn: &MediaTurn, url: &Url) -> std::result::Result<(), Ended> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let turns = self
            .hosts
            .lock()
            .await
            .entry(host)
            .or_insert_with(|| Arc::new(Semaphore::new(self.settings.per_host)))
            .clone();
        let _turn = turns.acquire().await;
        let attempt = self.download.attempt(turn, url, || self.clock.now());
        let mut halt = self.halt.subscribe();
        tokio::select! {
            done = attempt => done.map(|_| ()),
            _ = halt.wait_for(|is_halted| *is_halted) => Err(Failure::Stopped.into()),
        }
    }

    async fn wait(&self, attempt: u32, at_least_seconds: f64) {
        let settings = &self.settings;
        let random = rand::random::<f64>();
        let delay = retry::delay(attempt, settings.retry_base, settings.retry_cap, random);
        let asked = Duration::from_secs_f64(at_least_seconds).min(settings.retry_cap);
        let (mut stop, mut halt) = (self.stop.clone(), self.halt.subscribe());
        tokio::select! {
            () = tokio::time::sleep(delay.max(asked)) => {}
            _ = stop.wait_for(|is_stopping| *is_stopping) => {}
            _ = halt.wait_for(|is_halted| *is_halted) => {}
        }
    }
}

/// Returns the URL of a file that is valid longest, if it is valid long enough.
#[must_use]
pub fn usable(turn: &MediaTurn, now: f64) -> Option<&str> {
    let ends = |url: &str| url_expiry(url).unwrap_or(f64::INFINITY);
    let same = turn.urls.iter().map(String::as_str);
    let same = same.filter(|url| url_path(url).as_ref() == Some(&turn.url_path));
    let best = same.max_by(|one, other| ends(one).total_cmp(&ends(other)))?;
    (ends(best) > now + MARGIN_SECONDS).then_some(best)
}
