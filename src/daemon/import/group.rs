//! Replies that are kept in one transaction.

use tokio::sync::mpsc;

use super::found::Read;
use super::known::Known;
use super::maker::Maker;
use super::report::{FileReport, Report};
use super::requests::Requests;
use crate::crawl::Engine;
use crate::daemon::{Archive, Signals};
use crate::store::{ImportedReply, Importing};

/// Replies in one transaction.
pub(super) const GROUP: usize = 64;
/// Bytes of replies in one transaction. Limits the memory that waits.
const GROUP_BYTES: usize = 2 << 20;

/// Replies of a file that the archive does not have.
#[derive(Default)]
pub(super) struct Group {
    pub(super) replies: Vec<ImportedReply>,
    /// Nothing comes after it: the file is at its end, or there was a signal.
    pub(super) is_last: bool,
}

/// Returns what was read next of a file: nothing at its end and after a signal. A file may have nothing to say for a long time.
pub(super) async fn next(
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

/// Returns the next replies of a file. It is a smaller group, perhaps of none, if an operator asks something meanwhile.
pub(super) async fn gather(
    replies: &mut mpsc::Receiver<Read>,
    maker: &Maker,
    all: &mut Known<'_>,
    file: &mut FileReport,
    (signals, requests, report): (&mut Signals, &mut Requests, &mut Report),
) -> anyhow::Result<Group> {
    let (mut group, mut bytes) = (Group::default(), 0);
    while group.replies.len() < GROUP && bytes < GROUP_BYTES && !group.is_last {
        let read = tokio::select! {
            biased;
            () = requests.until_next_look() => match requests.are_waiting().await {
                true => break,
                false => continue,
            },
            read = next(replies, signals, report) => read,
        };
        match read.map(|read| maker.renewed(read)) {
            Some(Read::Reply(found)) => {
                let known = all.has(&found).await?;
                file.count(&found.reply, known);
                if !known {
                    bytes += found.body.len();
                    group.replies.push(found.reply);
                }
            }
            Some(other) => file.note(other),
            None => group.is_last = true,
        }
    }
    Ok(group)
}

/// Keeps a group of replies. `source` is their file in the archive, which has one as soon as there is a group.
pub(super) async fn keep(
    engine: &Engine,
    archive: &Archive,
    source: Option<i64>,
    group: &Group,
    importing: &mut Importing,
) -> anyhow::Result<()> {
    let Some(source) = source.filter(|_| !group.replies.is_empty()) else {
        return Ok(());
    };
    let (store, now) = (&archive.store, archive.clock.now());
    store
        .keep_imported(archive.run.id, source, &group.replies, importing, now)
        .await?;
    for reply in &group.replies {
        engine.parts.training.count(reply.endpoint);
    }
    Ok(())
}
