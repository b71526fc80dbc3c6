//! Imports replies from files: they are read on a thread of their own, and kept in groups. Between two groups, requests of
//! operators are carried out.

mod foreign;
mod found;
mod group;
mod known;
mod maker;
mod read;
mod report;
mod requests;
mod wish;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::{Context, anyhow};
use sqlx::SqlitePool;
use tokio::sync::mpsc;

use self::found::Read;
pub use self::found::{NotImported, Why};
use self::group::{GROUP, Group, gather, keep, next};
use self::known::Known;
use self::maker::Maker;
use self::read::Reading;
pub use self::report::{FileReport, Report};
use self::requests::Requests;
pub use self::wish::{Progress, Wish};
use super::{Archive, Signals, build};
use crate::api::{Scrubber, Secret};
use crate::clock::Clock;
use crate::config::Config;
use crate::crawl::{self, Engine};
use crate::replies::People;
use crate::replies::import::{Listed, files};
use crate::store::Importing;
use crate::store::read::dictionaries;

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
    let mut requests = Requests::new(&engine, config);
    let imported = import_all(
        &engine,
        archive,
        config,
        wish,
        (signals, progress, &mut requests, &mut report),
    )
    .await;
    let mut taken = Ok(0);
    if imported.is_ok() && !report.is_interrupted {
        let taking = crawl::without_remote(&engine);
        (taken, report.is_interrupted) = requests.carry_out_during(taking, signals).await;
    }
    engine.stop(crawl::StopCause::Idle);
    training
        .await
        .context("the training of dictionaries failed")?;
    engine.parts.writer.flush().await?;
    imported?;
    report.taken = taken?;
    report.take_out(&engine.people());
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
    let maker = Arc::new(Maker::without_archive(Arc::new(people)));
    let packer = match readers {
        Some(readers) => build::packer(&dictionaries(readers).await?),
        None => build::packer(&[]),
    };
    let mut all = Known::of(readers, &packer, false).await?;
    let mut report = Report::default();
    for (path, listed) in all_files(wish, progress)? {
        let mut file = FileReport::new(&path);
        let reading = Reading::new(config, wish, &maker, Clock::real());
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

async fn import_all(
    engine: &Arc<Engine>,
    archive: &Archive,
    config: &Config,
    wish: &Wish,
    (signals, progress, requests, report): (
        &mut Signals,
        &Arc<Progress>,
        &mut Requests,
        &mut Report,
    ),
) -> anyhow::Result<()> {
    let readers = engine.parts.store.readers();
    let maker = Arc::new(Maker::of(engine));
    let mut all = Known::of(Some(readers), &engine.parts.packer, true).await?;
    let mut importing = Importing::default();
    for (path, listed) in all_files(wish, progress)? {
        let mut file = FileReport::new(&path);
        let reading = Reading::new(config, wish, &maker, archive.clock.clone());
        let mut replies = start(path.clone(), listed, reading, progress);
        let (mut group, mut source) = (Group::default(), None);
        while !group.is_last {
            if requests.are_waiting().await {
                // What an erasure takes out before it has an answer is what the archive has.
                keep(engine, archive, source, &group, &mut importing).await?;
                group = Group::default();
                requests.carry_out().await;
                all.note_erasures();
                importing.seal(|cursor| engine.people().cursor(cursor));
            }
            // One group is kept while the next one is gathered.
            let with = (&mut *signals, &mut *requests, &mut *report);
            let ((), next) = tokio::try_join!(
                keep(engine, archive, source, &group, &mut importing),
                gather(&mut replies, &maker, &mut all, &mut file, with)
            )?;
            group = next;
            if source.is_none() && !group.replies.is_empty() {
                source = Some(note_source(engine, archive, &path, &file).await?);
            }
        }
        keep(engine, archive, source, &group, &mut importing).await?;
        report.files.push(file);
        if report.is_interrupted {
            break;
        }
    }
    Ok(())
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
    let place = Scrubber::without_key().scrub_captured_path(&path.to_string_lossy());
    let clean = engine.people().taken_out_of_path(&place);
    let place = clean.as_deref().unwrap_or(&place);
    let (kind, now) = (file.kind.unwrap_or_default(), archive.clock.now());
    Ok(archive.store.note_source(place, kind, now).await?)
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

#[cfg(test)]
mod tests;
