//! Imports replies from files: they are read on a thread of their own, and kept in groups.

mod foreign;
mod found;
mod known;
mod read;
mod report;
mod wish;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::{Context, anyhow};
use sqlx::SqlitePool;
use tokio::sync::mpsc;

use self::found::Read;
pub use self::found::{NotImported, Why};
use self::known::Known;
use self::read::Reading;
pub use self::report::{FileReport, Report};
pub use self::wish::{Progress, Wish};
use super::{Archive, Signals, build};
use crate::api::{Scrubber, Secret};
use crate::config::Config;
use crate::crawl::{self, Engine};
use crate::replies::People;
use crate::replies::import::{Listed, files};
use crate::store::read::dictionaries;
use crate::store::{ImportedReply, Importing};

/// Replies in one transaction.
const GROUP: usize = 64;
/// Bytes of replies in one transaction. Limits the memory that waits.
const GROUP_BYTES: usize = 2 << 20;
/// Replies that are read ahead of the writer: more than a group, so that both work at the same time.
const AHEAD: usize = 2 * GROUP;

/// Imports all files into an archive, and lets jobs take the pages that they wait for.
///
/// # Errors
/// Returns an error if a path does not exist, or the archive cannot be read or written.
pub async fn import(
    archive: &Archive,
    config: &Config,
    wish: &Wish,
    signals: &mut Signals,
    progress: &Arc<Progress>,
) -> anyhow::Result<Report> {
    // No call is made, so no key is needed.
    let key = Secret::new("none").map_err(|why| anyhow!(why))?;
    let parts = build::parts(archive, config, &key, true).await?;
    let engine = Arc::new(Engine::new(parts));
    engine.learn_erasures(archive.people.clone(), &[]);
    let training = tokio::spawn(crawl::train(engine.clone()));
    let mut report = Report::default();
    let imported = import_all(
        &engine,
        archive,
        config,
        wish,
        (signals, progress, &mut report),
    )
    .await;
    let taken = match (&imported, report.is_interrupted) {
        (Ok(()), false) => crawl::without_remote(&engine).await,
        _ => Ok(0),
    };
    engine.stop(crawl::StopCause::Idle);
    training
        .await
        .context("the training of dictionaries failed")?;
    engine.parts.writer.flush().await?;
    imported?;
    report.taken = taken?;
    Ok(report)
}

/// Reads all files without keeping anything. Says what [`import`] would do, also with what the archive has already, and with
/// people who were erased from it.
///
/// # Errors
/// Returns an error if a path does not exist, or the archive cannot be read.
pub async fn dry_run(
    readers: Option<&SqlitePool>,
    people: People,
    config: &Config,
    wish: &Wish,
    (signals, progress): (&mut Signals, &Arc<Progress>),
) -> anyhow::Result<Report> {
    let people = Arc::new(people);
    let packer = match readers {
        Some(readers) => build::packer(&dictionaries(readers).await?),
        None => build::packer(&[]),
    };
    let mut all = Known::of(readers, &packer, false).await?;
    let mut report = Report::default();
    for (path, listed) in all_files(wish, progress)? {
        let mut file = FileReport::new(&path);
        let reading = Reading::new(config, wish, None, people.clone());
        let mut replies = start(path.clone(), listed, reading, progress);
        while let Some(read) = next(&mut replies, signals, &mut report).await {
            match read {
                Read::Reply(found) => {
                    let known = all.has(&found).await?;
                    file.count(&found.reply, known);
                }
                other => file.note(other),
            }
        }
        report.files.push(file);
        if report.is_interrupted {
            break;
        }
    }
    Ok(report)
}

/// Returns what was read next of a file: nothing at its end and after a signal. A file may have nothing to say for a long time.
async fn next(
    replies: &mut mpsc::Receiver<Read>,
    signals: &mut Signals,
    report: &mut Report,
) -> Option<Read> {
    tokio::select! {
        biased;
        _ = signals.next() => {
            report.is_interrupted = true;
            None
        }
        read = replies.recv() => read,
    }
}

async fn import_all(
    engine: &Arc<Engine>,
    archive: &Archive,
    config: &Config,
    wish: &Wish,
    (signals, progress, report): (&mut Signals, &Arc<Progress>, &mut Report),
) -> anyhow::Result<()> {
    let readers = engine.parts.store.readers();
    let mut all = Known::of(Some(readers), &engine.parts.packer, true).await?;
    let mut importing = Importing::default();
    for (path, listed) in all_files(wish, progress)? {
        let mut file = FileReport::new(&path);
        let reading = Reading::new(config, wish, Some(engine), engine.people());
        let mut replies = start(path.clone(), listed, reading, progress);
        let (mut group, mut source) = (Vec::new(), None);
        loop {
            // One group is kept while the next one is gathered.
            let ((), next) = tokio::try_join!(
                keep(engine, archive, source, &group, &mut importing),
                gather(&mut replies, &mut all, &mut file, signals, report)
            )?;
            group = next;
            if group.is_empty() {
                break;
            }
            if source.is_none() {
                source = Some(note_source(engine, archive, &path, &file).await?);
            }
        }
        report.files.push(file);
        if report.is_interrupted {
            break;
        }
    }
    Ok(())
}

/// Returns the next replies of a file that the archive does not have: none at its end, and after a signal.
async fn gather(
    replies: &mut mpsc::Receiver<Read>,
    all: &mut Known<'_>,
    file: &mut FileReport,
    signals: &mut Signals,
    report: &mut Report,
) -> anyhow::Result<Vec<ImportedReply>> {
    let (mut group, mut bytes) = (Vec::new(), 0);
    while group.len() < GROUP && bytes < GROUP_BYTES && !report.is_interrupted {
        match next(replies, signals, report).await {
            Some(Read::Reply(found)) => {
                let known = all.has(&found).await?;
                file.count(&found.reply, known);
                if !known {
                    bytes += found.body.len();
                    group.push(found.reply);
                }
            }
            Some(other) => file.note(other),
            None => break,
        }
    }
    Ok(group)
}

/// Returns the number of a file in the archive.
async fn note_source(
    engine: &Engine,
    archive: &Archive,
    path: &Path,
    file: &FileReport,
) -> anyhow::Result<i64> {
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    // A file may have the name of a person or an address.
    let place = Scrubber::without_key().scrub_captured_text(&path.to_string_lossy());
    let clean = engine.people().taken_out_of_path(&place);
    let place = clean.as_deref().unwrap_or(&place);
    let (kind, now) = (file.kind.unwrap_or_default(), archive.clock.now());
    Ok(archive.store.note_source(place, kind, now).await?)
}

async fn keep(
    engine: &Engine,
    archive: &Archive,
    source: Option<i64>,
    group: &[ImportedReply],
    importing: &mut Importing,
) -> anyhow::Result<()> {
    let Some(source) = source.filter(|_| !group.is_empty()) else {
        return Ok(());
    };
    let (store, now) = (&archive.store, archive.clock.now());
    store
        .keep_imported(archive.run.id, source, group, importing, now)
        .await?;
    for reply in group {
        engine.parts.training.count(reply.endpoint);
    }
    Ok(())
}

/// Returns the files of all paths.
fn all_files(wish: &Wish, progress: &Progress) -> anyhow::Result<Vec<(PathBuf, Listed)>> {
    let mut all = Vec::new();
    for path in &wish.paths {
        let found = files(path).with_context(|| format!("cannot read {}", path.display()))?;
        let has_any = |(_, listed): &(PathBuf, Listed)| !matches!(listed, Listed::PassedOver(_));
        if !found.iter().any(has_any) {
            return Err(anyhow!("{} has no files with replies", path.display()));
        }
        all.extend(found);
    }
    let files = all.iter().filter(|(_, listed)| *listed == Listed::File);
    let bytes = files.filter_map(|(path, _)| Some(std::fs::metadata(path).ok()?.len()));
    progress.bytes.store(bytes.sum(), Ordering::Relaxed);
    Ok(all)
}

/// Reads a file on a thread of its own.
fn start(
    path: PathBuf,
    listed: Listed,
    reading: Reading,
    progress: &Arc<Progress>,
) -> mpsc::Receiver<Read> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let progress = progress.clone();
    tokio::task::spawn_blocking(move || {
        let read = match listed {
            Listed::File => return reading.read(&path, &sender, &progress),
            Listed::Not(why) => Read::bad("the file", why),
            Listed::PassedOver(files) => Read::PassedOver(files),
        };
        let _ = sender.blocking_send(read);
    });
    receiver
}
