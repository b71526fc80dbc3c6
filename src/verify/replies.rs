//! Every kept reply, read again in the order in which it was kept.

use std::collections::{HashMap, HashSet};

use super::check::{Check, Finding};
use super::{ends, secrets};
use crate::api::{Entry, Scrubber, endpoints};
use crate::model::{Harvest, item_hashes};
use crate::replies::{Packer, Reader, reread};
use crate::store::Result;
use crate::store::archive::{Scratch, ScratchPage};
use crate::store::read::{KeptCall, Snapshot, Start};

const REPLIES: Check = Check {
    check: "replies",
    promise: "P1",
    proves: "every raw reply unpacks and can be read, and gives what the ledger says of it",
};
const STARTS: Check = Check {
    check: "nested starts",
    promise: "P1",
    proves: "a walk that begins in the middle was shown its cursor by an earlier reply",
};

const DICTIONARIES: Check = Check {
    check: "dictionaries",
    promise: "P1",
    proves: "every dictionary that raw replies are compressed with is as it was made",
};

/// What reading all replies came to.
pub(super) struct Read {
    pub(super) findings: Vec<Finding>,
    pub(super) replies: u64,
}

/// The reader of all replies, and what it must remember from one to the next.
struct Replies<'a> {
    reader: Reader,
    scratch: &'a mut Scratch,
    scrubber: &'a Scrubber,
    packer: &'a Packer,
    replies: Finding,
    starts: Finding,
    ends: Finding,
    secrets: Finding,
    /// Starts that no reply has shown yet.
    unseen: HashSet<Start>,
    /// Jobs of which a page was read.
    begun: HashSet<i64>,
    /// Items so far of walks whose places are ranks.
    items: HashMap<i64, u32>,
    count: u64,
}

/// The dictionaries of the archive, also those that are damaged: where zstd can load one, some replies may unpack still.
pub(super) async fn load_dictionaries(snapshot: &mut Snapshot) -> (Packer, Finding) {
    let mut finding = Finding::new(DICTIONARIES);
    let dictionaries = match snapshot.dictionaries().await {
        Ok(dictionaries) => dictionaries,
        Err(error) => {
            finding.add(format!("cannot be read: {error}"));
            Vec::new()
        }
    };
    let (packer, wrong) = Packer::new(&dictionaries);
    wrong.into_iter().for_each(|why| finding.add(why));
    (packer, finding)
}

/// Reads all kept replies, and makes the second archive of them.
pub(super) async fn read(
    snapshot: &mut Snapshot,
    scratch: &mut Scratch,
    scrubber: &Scrubber,
    packer: &Packer,
    replies: Reader,
) -> Read {
    let mut reader = Replies {
        reader: replies,
        scratch,
        scrubber,
        packer,
        replies: Finding::new(REPLIES),
        starts: Finding::new(STARTS),
        ends: Finding::new(ends::ENDS),
        secrets: Finding::new(secrets::SECRETS),
        unseen: HashSet::new(),
        begun: HashSet::new(),
        items: HashMap::new(),
        count: 0,
    };
    if let Err(error) = reader.read_all(snapshot).await {
        reader.replies.add(format!("cannot be read: {error}"));
    }
    if let Err(error) = ends::stalled(snapshot, &mut reader.ends).await {
        reader.ends.add(format!("cannot be read: {error}"));
    }
    if let Err(error) = secrets::in_texts(snapshot, scrubber, packer, &mut reader.secrets).await {
        reader.secrets.add(format!("cannot be read: {error}"));
    }
    Read {
        findings: vec![reader.replies, reader.starts, reader.ends, reader.secrets],
        replies: reader.count,
    }
}

impl Replies<'_> {
    async fn read_all(&mut self, snapshot: &mut Snapshot) -> Result<()> {
        self.unseen = snapshot.starts().await?.into_iter().collect();
        let (mut group, mut number) = (Vec::new(), 0);
        let mut last: Option<KeptCall> = None;
        loop {
            let calls = snapshot.kept_calls(last.as_ref()).await?;
            if calls.is_empty() {
                break;
            }
            for call in &calls {
                if call.kept_group != number {
                    self.keep(&mut group).await?;
                    number = call.kept_group;
                }
                group.extend(self.read_one(call));
            }
            last = calls.into_iter().next_back();
        }
        self.keep(&mut group).await?;
        let unseen: Vec<Start> = self.unseen.drain().collect();
        for start in unseen {
            let Start {
                endpoint, subject, ..
            } = start;
            self.starts.add(format!(
                "{endpoint} {subject} begins with a cursor that no reply has shown"
            ));
        }
        Ok(())
    }

    async fn keep(&mut self, group: &mut Vec<ScratchPage>) -> Result<()> {
        if !group.is_empty() {
            self.scratch.keep(group).await?;
            group.clear();
        }
        Ok(())
    }

    fn read_one(&mut self, call: &KeptCall) -> Option<ScratchPage> {
        self.count += 1;
        let name = format!("call {} ({} {})", call.id, call.endpoint, call.subject);
        let read = reread::unpack(self.packer, call.body.as_deref()).and_then(|body| {
            if secrets::are_in_body(self.scrubber, &body) {
                self.secrets.add(format!("{name}: its raw reply"));
            }
            harvest(self.reader, call, &body)
        });
        let (subject, harvest) = match read {
            Ok(read) => read,
            Err(why) => {
                self.replies.add(format!("{name}: {why}"));
                return None;
            }
        };
        if let Some(what) = mismatch(call, &harvest) {
            self.replies.add(format!("{name}: {what}"));
        }
        if let Some(what) = ends::contradiction(call, &harvest) {
            self.ends
                .add(format!("{} {} {what}", call.endpoint, call.subject));
        }
        self.follow(call, &name, &harvest);
        Some(ScratchPage {
            call_id: call.id,
            now: call.settled_at.unwrap_or_default(),
            items_before: self.items_before(call, &harvest),
            subject,
            harvest,
        })
    }

    /// Remembers the cursors of nested lists for the walks that begin with one.
    fn follow(&mut self, call: &KeptCall, name: &str, harvest: &Harvest) {
        if let (Some(job_id), Some(cursor)) = (call.job_id, &call.cursor)
            && !self.begun.contains(&job_id)
            && self
                .unseen
                .remove(&start(&call.endpoint, &call.subject, cursor))
        {
            self.starts.add(format!(
                "{name} begins with a cursor that no reply before it has shown"
            ));
        }
        self.begun
            .extend(call.job_id.filter(|_| call.cursor.is_some()));
        for nested in &harvest.nested {
            if let (Some(list), Some(cursor)) = (endpoints::of_list(nested.list), &nested.cursor) {
                self.unseen
                    .remove(&start(list.name, &nested.subject, cursor));
            }
        }
    }

    /// Ranks go on from page to page, from the head of the walk.
    fn items_before(&mut self, call: &KeptCall, harvest: &Harvest) -> u32 {
        let Some(job_id) = call
            .job_id
            .filter(|_| endpoints::find(&call.endpoint).is_some_and(Entry::is_ranked))
        else {
            return 0;
        };
        let items = self.items.entry(job_id).or_default();
        if call.cursor.is_none() {
            *items = 0;
        }
        let before = *items;
        *items = before.saturating_add(u32::try_from(harvest.items.len()).unwrap_or(u32::MAX));
        before
    }
}

fn start(endpoint: &str, subject: &str, cursor: &str) -> Start {
    Start {
        endpoint: endpoint.to_owned(),
        subject: subject.to_owned(),
        cursor: cursor.to_owned(),
    }
}

/// The harvest, and the subject it was made with.
fn harvest(
    reader: Reader,
    call: &KeptCall,
    body: &[u8],
) -> std::result::Result<(String, Harvest), String> {
    let entry = endpoints::find(&call.endpoint).ok_or("there is no such endpoint")?;
    let subject = match call.job_id {
        Some(_) => call.subject.clone(),
        None => reread::by_hand(entry, &call.subject),
    };
    let harvest = reader
        .read(entry, &subject, body)
        .map_err(|why| format!("its raw reply cannot be read at {why}"))?;
    Ok((subject, harvest))
}

/// Where a reply is not what the ledger says of it.
fn mismatch(call: &KeptCall, harvest: &Harvest) -> Option<String> {
    let counts = [
        ("items", call.items, harvest.items.len()),
        ("rows", call.row_count, harvest.row_count()),
        ("odd items", call.odd_items, harvest.odd.len()),
    ];
    for (name, told, found) in counts {
        if told != i64::try_from(found).ok() {
            return Some(format!(
                "its raw reply has {found} {name}, the ledger says {}",
                told.unwrap_or(-1)
            ));
        }
    }
    if call.next_cursor != harvest.cursor {
        return Some("its raw reply gives another cursor than the ledger".to_owned());
    }
    let hashes = match call.job_id {
        Some(_) => item_hashes(&harvest.items),
        None => Vec::new(),
    };
    (call.item_hashes.clone().unwrap_or_default() != hashes)
        .then(|| "its raw reply has other items than the ledger".to_owned())
}
