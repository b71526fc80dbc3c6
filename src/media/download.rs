//! One attempt to fetch one file.

use std::fs::{self, File};
use std::io::Write;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::watch;
use url::Url;

use super::answer::{Ask, Part, Said, Verdict, ask, judge};
use super::counters::Counters;
use super::failure::Failure;
use super::finish::{finish, wrong};
use super::folder::Folder;
use super::kind::{FileKind, HEAD_BYTES};
use super::remote::{Body, Remote};
use super::space::{Promise, Space};
use crate::store::{self, MediaPart, MediaTurn, Store, StoredMedia};

/// Bytes after which the free space is looked at again.
const LOOK_BYTES: u64 = 1 << 20;
const KIB: u64 = 1_024;

/// Why an attempt ended without a file.
pub(super) enum Ended {
    Failed(Failure),
    /// The archive cannot be read or written.
    Archive(store::Error),
}

impl<F: Into<Failure>> From<F> for Ended {
    fn from(failure: F) -> Self {
        Self::Failed(failure.into())
    }
}

impl From<store::Error> for Ended {
    fn from(error: store::Error) -> Self {
        Self::Archive(error)
    }
}

/// Fetches files into a folder.
pub(super) struct Download {
    pub(super) store: Store,
    pub(super) folder: Folder,
    pub(super) remote: Remote,
    pub(super) space: Space,
    pub(super) bandwidth: Option<Bandwidth>,
    pub(super) max_bytes: u64,
    pub(super) counters: Arc<Counters>,
    pub(super) stop: watch::Receiver<bool>,
}

impl Download {
    /// Fetches a file, or the rest of it, and moves it to its place. The row tells afterwards that it is stored.
    pub(super) async fn attempt(
        &self,
        turn: &MediaTurn,
        url: &Url,
        now: impl Fn() -> f64,
    ) -> Result<StoredMedia, Ended> {
        let path = self.folder.part(turn.id, &turn.url_path);
        let row = &turn.part;
        let part = Part {
            bytes: fs::metadata(&path).map_or(0, |about| about.len()),
            etag: row.etag.clone(),
            last_modified: row.last_modified.clone(),
            total: row.total_bytes.and_then(|bytes| bytes.try_into().ok()),
        };
        let asked = ask(&part);
        let (mut total, mut content_type) = (part.total, row.content_type.clone());
        if asked != Ask::Nothing {
            let rest = match asked {
                Ask::Rest(from) => part.validator().map(|validator| (from, validator)),
                _ => None,
            };
            let (said, body) = self.until_stopped(self.remote.get(url, rest)).await?;
            match judge(&asked, &part, &said, self.max_bytes) {
                Verdict::Complete => {}
                Verdict::Failed(failure) => return Err(failure.into()),
                Verdict::StartOver(failure) => {
                    self.forget(turn.id, &path).await?;
                    return Err(failure.into());
                }
                Verdict::Rest => {
                    let promise = self.promise(part.bytes, total)?;
                    self.append(&path, part.bytes, total, promise, body).await?;
                }
                Verdict::Whole { total: now } => {
                    (total, content_type) = (now, said.content_type.clone());
                    let promise = self.promise(0, total)?;
                    self.start_over(turn.id, &path, &part, now, said).await?;
                    self.append(&path, 0, total, promise, body).await?;
                }
            }
        }
        if let Err(failure) = as_stated(&path, turn.stated_bytes) {
            self.forget(turn.id, &path).await?;
            return Err(failure.into());
        }
        let (folder, from) = (self.folder.clone(), path.clone());
        let finished = tokio::task::spawn_blocking(move || {
            finish(&folder, &from, total, content_type.as_deref())
        });
        let finished = finished
            .await
            .map_err(|why| Failure::Unwritable(why.to_string()))?;
        match finished {
            Ok(stored) => {
                self.store.store_media(turn.id, &stored, now()).await?;
                Ok(stored)
            }
            Err(failure) => {
                if matches!(failure, Failure::WrongType(_) | Failure::NotTheRest(_)) {
                    self.forget(turn.id, &path).await?;
                }
                Err(failure.into())
            }
        }
    }

    /// Sets space aside for what is missing of a file.
    fn promise(&self, from: u64, total: Option<u64>) -> Result<Promise, Failure> {
        let missing = total.map_or(0, |total| total.saturating_sub(from));
        self.space.promise(missing)
    }

    /// Forgets what is there of a file: first in its row, so that nothing else is ever continued.
    async fn forget(&self, id: i64, path: &Path) -> Result<(), Ended> {
        self.store.begin_part(id, &MediaPart::default()).await?;
        match fs::remove_file(path) {
            Err(why) if why.kind() != std::io::ErrorKind::NotFound => Err(why.into()),
            _ => Ok(()),
        }
    }

    /// Empties the part, and then notes which version of the file it will have.
    async fn start_over(
        &self,
        id: i64,
        path: &Path,
        part: &Part,
        total: Option<u64>,
        said: Said,
    ) -> Result<(), Ended> {
        if part.bytes > 0 {
            self.store.begin_part(id, &MediaPart::default()).await?;
        }
        let file = File::create(path)?;
        if part.bytes > 0 {
            file.sync_all()?;
        }
        let row = MediaPart {
            etag: said.etag,
            last_modified: said.last_modified,
            total_bytes: total.and_then(|bytes| bytes.try_into().ok()),
            content_type: said.content_type,
        };
        Ok(self.store.begin_part(id, &row).await?)
    }

    /// Writes a body to the end of a part of this size.
    async fn append(
        &self,
        path: &Path,
        from: u64,
        total: Option<u64>,
        mut promise: Promise,
        mut body: Body,
    ) -> Result<(), Ended> {
        let mut file = File::options().append(true).open(path)?;
        let (mut got, mut head, mut looked) = (from, Vec::new(), from);
        while let Some(chunk) = self.until_stopped(body.chunk()).await? {
            self.counters.received(chunk.len());
            if let Some(bandwidth) = &self.bandwidth {
                self.until_stopped(bandwidth.wait(chunk.len())).await?;
            }
            self.write(&mut file, &chunk, &mut got, total, &mut promise)?;
            if from == 0 && head.len() < HEAD_BYTES {
                head.extend_from_slice(&chunk);
                if head.len() >= HEAD_BYTES && FileKind::of(&head).is_none() {
                    // Nothing continues it: its beginning says what it is.
                    file.set_len(0)?;
                    return Err(wrong(None).into());
                }
            }
            if got - looked >= LOOK_BYTES {
                looked = got;
                self.space.check(0)?;
            }
        }
        match total {
            Some(total) if got < total => Err(Failure::Short { got, total }.into()),
            _ => Ok(()),
        }
    }

    fn write(
        &self,
        file: &mut File,
        chunk: &Bytes,
        got: &mut u64,
        total: Option<u64>,
        promise: &mut Promise,
    ) -> Result<(), Failure> {
        let bytes = chunk.len() as u64;
        if got.saturating_add(bytes) > total.unwrap_or(self.max_bytes) {
            return Err(match total {
                Some(_) => Failure::NotTheRest("it has more bytes than stated".to_owned()),
                None => Failure::TooLarge {
                    bytes: got.saturating_add(bytes),
                    max: self.max_bytes,
                },
            });
        }
        file.write_all(chunk)?;
        *got += bytes;
        promise.used(bytes);
        Ok(())
    }

    /// Waits for an answer, unless the run stops.
    async fn until_stopped<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let mut stop = self.stop.clone();
        tokio::select! {
            biased;
            _ = stop.wait_for(|is_stopping| *is_stopping) => Err(Failure::Stopped),
            done = work => done,
        }
    }
}

/// Checks that a file is not smaller than a reply states: its host may have ended it too soon without saying so.
fn as_stated(path: &Path, stated: Option<i64>) -> Result<(), Failure> {
    let bytes = fs::metadata(path)?.len();
    match stated.and_then(|stated| u64::try_from(stated).ok()) {
        Some(stated) if bytes < stated => Err(Failure::Smaller { bytes, stated }),
        _ => Ok(()),
    }
}

/// A limit of bytes per second over all files.
pub(super) struct Bandwidth(DefaultDirectRateLimiter, NonZeroU32);

impl Bandwidth {
    /// Returns the limit, in cells of one KiB.
    pub(super) fn new(bytes_per_second: u64) -> Self {
        let cells = u32::try_from(bytes_per_second / KIB).unwrap_or(u32::MAX);
        let cells = NonZeroU32::new(cells).unwrap_or(NonZeroU32::MIN);
        Self(RateLimiter::direct(Quota::per_second(cells)), cells)
    }

    /// Waits until so many bytes may be received.
    async fn wait(&self, bytes: usize) -> Result<(), Failure> {
        let mut cells = u32::try_from((bytes as u64).div_ceil(KIB)).unwrap_or(u32::MAX);
        while let Some(some) = NonZeroU32::new(cells.min(self.1.get())) {
            // Never more than the limiter can grant at once.
            let _ = self.0.until_n_ready(some).await;
            cells -= some.get();
        }
        Ok(())
    }
}
