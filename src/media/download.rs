//! One attempt to fetch one file.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{RwLock, watch};
use url::Url;

use super::answer::{Ask, Part, Said, Verdict, ask, judge, strong_date};
use super::bandwidth::Bandwidth;
use super::counters::Counters;
use super::failure::Failure;
use super::finish::{blocking, examine, place, wrong};
use super::folder::Folder;
use super::kind::{FileKind, HEAD_BYTES};
use super::remote::{Body, Remote};
use super::space::{Promise, Space};
use crate::store::{self, MediaPart, MediaTurn, Store, StoredMedia};

/// Bytes after which the free space is looked at again.
const LOOK_BYTES: u64 = 1 << 20;

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
    /// Held alone while a damaged file is deleted.
    pub(super) placing: RwLock<()>,
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
            bytes: self.folder.part_bytes(&path)?,
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
                Verdict::Rest { end } => {
                    let promise = self.promise(part.bytes, total)?;
                    let file = self.folder.append(&path, part.bytes)?;
                    let span = Span {
                        from: part.bytes,
                        end: Some(end),
                        total,
                    };
                    let got = self.receive(file, span, promise, body).await;
                    self.keep(turn.id, &path, got).await?;
                }
                Verdict::Whole { total: now } => {
                    (total, content_type) = (now, said.content_type.clone());
                    let promise = self.promise(0, total)?;
                    let file = self.start_over(turn.id, &path, &part, now, said).await?;
                    let span = Span {
                        from: 0,
                        end: now,
                        total,
                    };
                    let got = self.receive(file, span, promise, body).await;
                    self.keep(turn.id, &path, got).await?;
                }
            }
        }
        let bytes = self.folder.part_bytes(&path)?;
        let whole = match as_stated(bytes, turn.stated_bytes) {
            Ok(()) => {
                let (folder, path) = (self.folder.clone(), path.clone());
                blocking(move || examine(&folder, &path, total, content_type.as_deref())).await
            }
            Err(failure) => Err(failure),
        };
        let stored = self.keep(turn.id, &path, whole).await?;
        self.store_whole(turn, path, &stored, now).await?;
        Ok(stored)
    }

    /// Moves a whole part to its place. The row names the place before, so that a removal finds whatever a crash leaves there.
    async fn store_whole(
        &self,
        turn: &MediaTurn,
        path: PathBuf,
        stored: &StoredMedia,
        now: impl Fn() -> f64,
    ) -> Result<(), Ended> {
        let damaged = turn.damaged.as_ref().filter(|damaged| {
            (&*damaged.sha256, &*damaged.extension) != (&*stored.sha256, stored.extension)
        });
        let _alone;
        let _beside;
        if let Some(damaged) = damaged {
            // Nobody else puts an equal file there meanwhile.
            _alone = self.placing.write().await;
            if !self.store.is_media_shared(turn.id, damaged).await?
                && let Some(place) = self.folder.file(&damaged.sha256, &damaged.extension)
            {
                self.folder.delete(&place)?;
            }
        } else {
            _beside = self.placing.read().await;
        }
        self.store.place_media(turn.id, stored).await?;
        let (folder, whole) = (self.folder.clone(), stored.clone());
        blocking(move || place(&folder, &path, &whole)).await?;
        Ok(self.store.store_media(turn.id, stored, now()).await?)
    }

    /// Forgets the part if a failure means that nothing can continue it.
    async fn keep<T>(&self, id: i64, path: &Path, got: Result<T, Failure>) -> Result<T, Ended> {
        if let Err(
            Failure::NotTheRest(_)
            | Failure::WrongType(_)
            | Failure::TooLarge { .. }
            | Failure::Smaller { .. },
        ) = &got
        {
            self.forget(id, path).await?;
        }
        Ok(got?)
    }

    /// Sets space aside for what is missing of a file.
    fn promise(&self, from: u64, total: Option<u64>) -> Result<Promise, Failure> {
        let missing = total.map_or(0, |total| total.saturating_sub(from));
        self.space.promise(missing)
    }

    /// Forgets what is there of a file: first in its row, so that nothing else is ever continued.
    async fn forget(&self, id: i64, path: &Path) -> Result<(), Ended> {
        self.store.begin_part(id, &MediaPart::default()).await?;
        Ok(self.folder.delete(path)?)
    }

    /// Empties the part, and then notes which version of the file it will have.
    async fn start_over(
        &self,
        id: i64,
        path: &Path,
        part: &Part,
        total: Option<u64>,
        said: Said,
    ) -> Result<File, Ended> {
        if part.bytes > 0 {
            self.store.begin_part(id, &MediaPart::default()).await?;
        }
        let file = self.folder.create(path)?;
        let row = MediaPart {
            last_modified: strong_date(&said).map(str::to_owned),
            etag: said.etag,
            total_bytes: total.and_then(|bytes| bytes.try_into().ok()),
            content_type: said.content_type,
        };
        self.store.begin_part(id, &row).await?;
        Ok(file)
    }

    /// Writes a body to the end of a part.
    async fn receive(
        &self,
        mut file: File,
        span: Span,
        mut promise: Promise,
        mut body: Body,
    ) -> Result<(), Failure> {
        let (mut got, mut head, mut looked) = (span.from, Vec::new(), span.from);
        while let Some(chunk) = self.until_stopped(body.chunk()).await? {
            self.counters.received(chunk.len());
            if let Some(bandwidth) = &self.bandwidth {
                self.until_stopped(bandwidth.wait(chunk.len())).await?;
            }
            self.write(&mut file, &chunk, &mut got, span.end, &mut promise)?;
            if span.from == 0 && head.len() < HEAD_BYTES {
                head.extend_from_slice(&chunk);
                if head.len() >= HEAD_BYTES && FileKind::of(&head).is_none() {
                    // Nothing continues it: its beginning says what it is.
                    return Err(wrong(None));
                }
            }
            if got - looked >= LOOK_BYTES {
                looked = got;
                self.space.check(0)?;
            }
        }
        match span.total {
            Some(total) if got < total => Err(Failure::Short { got, total }),
            _ => Ok(()),
        }
    }

    fn write(
        &self,
        file: &mut File,
        chunk: &Bytes,
        got: &mut u64,
        end: Option<u64>,
        promise: &mut Promise,
    ) -> Result<(), Failure> {
        let bytes = chunk.len() as u64;
        if got.saturating_add(bytes) > end.unwrap_or(self.max_bytes) {
            return Err(match end {
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

/// Which bytes of a file a body has.
struct Span {
    from: u64,
    /// One past its last byte.
    end: Option<u64>,
    /// Size of the whole file.
    total: Option<u64>,
}

/// Checks that a file is not smaller than a reply states: its host may have ended it too soon without saying so.
fn as_stated(bytes: u64, stated: Option<i64>) -> Result<(), Failure> {
    match stated.and_then(|stated| u64::try_from(stated).ok()) {
        Some(stated) if bytes < stated => Err(Failure::Smaller { bytes, stated }),
        _ => Ok(()),
    }
}
