//! All rows of an archive made again from its kept replies with the readers of this version, in a new file.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::{Again, Means, Packer, People, Reader, read_again};
use crate::model::{Harvest, ItemHash};
use crate::store::Result;
use crate::store::archive::{NewNumbers, Rebuild, ScratchPage, TableChange};
use crate::store::read::{KeptCall, Snapshot};

/// Pause before it is asked again whether another process has the archive open.
const PAUSE: Duration = Duration::from_millis(200);

/// What becomes of the new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It takes the archive's place.
    Replace,
    /// It is removed.
    Check,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub name: &'static str,
    pub done: u64,
    pub all: u64,
}

impl Step {
    const fn begin(name: &'static str) -> Self {
        Self {
            name,
            done: 0,
            all: 1,
        }
    }
}

/// What the new file has.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Reparsed {
    /// Kept replies that were read.
    pub replies: u64,
    /// Kept replies that were removed before, so that only their rows are left.
    pub removed: u64,
    /// Kept replies that cannot be read, with the reason of the first one.
    pub unreadable: u64,
    pub example: Option<String>,
    /// Rows that were copied, because no whole reply has them.
    pub copied: u64,
    /// Calls whose numbers in the ledger are others now.
    pub corrected: u64,
    pub tables: Vec<TableChange>,
    /// The hashes of the contents, as `verify` prints them.
    pub before: String,
    pub after: String,
}

impl Reparsed {
    /// Returns whether the new file has other rows or numbers.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.corrected > 0 || self.tables.iter().any(TableChange::is_any)
    }
}

/// Reads all kept replies of an archive of this version again, writes their rows to a new file, checks it, and puts it in the
/// archive's place. Until then the archive is unchanged, also if the process dies.
///
/// # Errors
/// Returns an error if a dictionary is damaged, the archive cannot be read, or the new file cannot be made.
pub async fn reparse(
    archive: &Path,
    (reader, people): (Reader, People),
    purpose: Purpose,
    mut progress: impl FnMut(Step),
) -> Result<Reparsed> {
    progress(Step::begin("copy"));
    let mut rebuild = match purpose {
        Purpose::Replace => Rebuild::begin(archive).await?,
        Purpose::Check => Rebuild::begin_trial(archive).await?,
    };
    let mut snapshot = match Snapshot::open_current(archive).await {
        Ok(snapshot) => snapshot,
        Err(error) => {
            // Waits until the archive is not held any more.
            rebuild.discard().await;
            return Err(error);
        }
    };
    let filled = fill(&mut rebuild, &mut snapshot, (reader, people), &mut progress).await;
    snapshot.close().await;
    match (filled, purpose) {
        (Ok(done), Purpose::Replace) => {
            replace(rebuild, &mut progress).await?;
            Ok(done)
        }
        (filled, _) => {
            rebuild.discard().await;
            filled
        }
    }
}

/// Fills the new file and checks it.
async fn fill(
    rebuild: &mut Rebuild,
    snapshot: &mut Snapshot,
    (reader, people): (Reader, People),
    progress: &mut impl FnMut(Step),
) -> Result<Reparsed> {
    let means = Means {
        packer: Arc::new(packer(snapshot, rebuild).await?),
        reader,
        people: Arc::new(people),
    };
    let item_hash = means.people.item_hash();
    let mut done = Reparsed::default();
    let all = snapshot.count_kept().await?;
    progress(Step {
        all,
        ..Step::begin("replies")
    });
    let mut read = 0;
    read_again(snapshot, &means, async |replies| {
        read += replies.len() as u64;
        write(rebuild, replies, &item_hash, &mut done).await?;
        progress(Step {
            name: "replies",
            done: read,
            all,
        });
        Ok(())
    })
    .await?;
    progress(Step::begin("rows"));
    done.copied = rebuild.complete().await?;
    progress(Step::begin("check"));
    let file = rebuild.path().to_owned();
    let compared = async {
        rebuild.check().await?;
        rebuild.changes().await
    };
    let (tables, after) = tokio::try_join!(compared, contents(&file))?;
    done.tables = tables;
    // Equal rows have one hash.
    done.before = match done.tables.iter().any(TableChange::is_any) {
        true => snapshot.contents().await?,
        false => after.clone(),
    };
    done.after = after;
    Ok(done)
}

async fn contents(file: &Path) -> Result<String> {
    let mut snapshot = Snapshot::open(file).await?;
    let contents = snapshot.contents().await;
    snapshot.close().await;
    contents
}

/// Puts the new file in the archive's place as soon as no other process has the archive open.
async fn replace(rebuild: Rebuild, progress: &mut impl FnMut(Step)) -> Result<()> {
    let mut finished = rebuild.close().await?;
    loop {
        match finished.is_alone().await {
            Ok(true) => break,
            Ok(false) => {}
            Err(error) => {
                finished.discard().await;
                return Err(error);
            }
        }
        progress(Step::begin(
            "wait until no other program has the archive open",
        ));
        tokio::time::sleep(PAUSE).await;
    }
    progress(Step::begin("replace"));
    finished.replace().await
}

async fn packer(snapshot: &mut Snapshot, rebuild: &Rebuild) -> Result<Packer> {
    let (packer, wrong) = Packer::new(&snapshot.dictionaries().await?);
    match wrong.is_empty() {
        true => Ok(packer),
        false => Err(rebuild.failed(format!(
            "{}. Replies would be lost with it; `soracrawl verify` describes the damage",
            wrong.join("; ")
        ))),
    }
}

/// Writes whole groups of replies.
async fn write(
    rebuild: &mut Rebuild,
    replies: Vec<Again>,
    item_hash: &ItemHash,
    done: &mut Reparsed,
) -> Result<()> {
    let mut numbers = Vec::new();
    let mut groups: Vec<(i64, Vec<ScratchPage>)> = Vec::new();
    for reply in replies {
        let Again {
            call,
            items_before,
            read,
            ..
        } = reply;
        let (subject, harvest) = match read {
            Ok(read) => read,
            Err(why) => {
                rebuild.lose(call.id, true);
                match call.is_redacted {
                    true => done.removed += 1,
                    false => {
                        done.unreadable += 1;
                        done.example
                            .get_or_insert(format!("call {}: {why}", call.id));
                    }
                }
                continue;
            }
        };
        done.replies += 1;
        match call.is_redacted {
            true => rebuild.lose(call.id, false),
            false => numbers.extend(new_numbers(&call, &harvest, item_hash)),
        }
        let page = ScratchPage {
            call_id: call.id,
            now: call.settled_at.unwrap_or_default(),
            items_before,
            subject,
            harvest,
            is_imported: call.is_imported,
        };
        match groups.last_mut() {
            Some((last, group)) if *last == call.kept_group => group.push(page),
            _ => groups.push((call.kept_group, vec![page])),
        }
    }
    for (_, group) in &groups {
        rebuild.keep(group).await?;
    }
    done.corrected += numbers.len() as u64;
    rebuild.correct(&numbers).await
}

/// Returns what the ledger should count of a reply, if it counts something else.
fn new_numbers(call: &KeptCall, harvest: &Harvest, item_hash: &ItemHash) -> Option<NewNumbers> {
    let rows = harvest.row_count();
    let counted = [call.items, call.row_count, call.odd_items];
    let found = [harvest.items.len(), rows, harvest.odd.len()].map(|it| i64::try_from(it).ok());
    let odd = harvest.odd.iter().map(|odd| [&*odd.at, &*odd.why]);
    let odd = serde_json::json!(odd.collect::<Vec<_>>()).to_string();
    let is_known = call.odd.as_ref().is_none_or(|known| *known == odd);
    // A call by hand has no hashes.
    let items: &[String] = match call.job_id.is_some() || call.is_imported {
        true => &harvest.items,
        false => &[],
    };
    let stored = call.item_hashes.as_deref().unwrap_or_default();
    let are_others = item_hash.matches(stored, items) == Some(false);
    (counted != found || !is_known || are_others).then(|| NewNumbers {
        call_id: call.id,
        items: harvest.items.len(),
        rows,
        odd: harvest.odd.clone(),
        item_hashes: match are_others {
            true => item_hash.stored(items),
            false => stored.to_owned(),
        },
    })
}
