//! Parses every raw reply again, in the order of the commits.

use std::collections::{HashMap, HashSet};

use super::check::{Check, Finding, OddItems};
use super::mismatch::mismatch;
use super::{ends, secrets, spans};
use crate::api::{Entry, Scrubber, endpoints};
use crate::model;
use crate::model::{Harvest, ItemHash};
use crate::replies::{Packer, Reader, reread};
use crate::store::Result;
use crate::store::archive::{Scratch, ScratchPage};
use crate::store::read::{KeptCall, Snapshot, Start};

const REPLIES: Check = Check {
    check: "replies",
    promise: "P1",
    proves: "every raw reply can be decompressed and parsed, and agrees with its ledger entry",
};
const STARTS: Check = Check {
    check: "nested starts",
    promise: "P1",
    proves: "every walk that begins with a cursor got it from an earlier reply",
};

const DICTIONARIES: Check = Check {
    check: "dictionaries",
    promise: "P1",
    proves: "every compression dictionary matches its checksum",
};

/// Result of reading all replies.
pub(super) struct Read {
    pub(super) findings: Vec<Finding>,
    pub(super) replies: u64,
    pub(super) odd: OddItems,
}

/// Reader of all replies, with its state between them.
struct Replies<'a> {
    reader: Reader,
    item_hash: &'a ItemHash,
    scratch: &'a mut Scratch,
    scrubber: &'a Scrubber,
    packer: &'a Packer,
    replies: Finding,
    starts: Finding,
    ends: Finding,
    secrets: Finding,
    /// Starts whose cursor no reply has contained yet.
    unseen: HashSet<Start>,
    /// Jobs that sent a cursor in a page read so far.
    begun: HashSet<i64>,
    /// Jobs that are complete although their last page has a cursor.
    complete: HashSet<i64>,
    /// Number of items so far in walks of ranked lists.
    items: HashMap<i64, u32>,
    /// The same for imported pages without a job, by endpoint, subject and next cursor.
    chained: HashMap<((String, String), String), u32>,
    odd: OddItems,
    count: u64,
    /// A reply was removed, and perhaps with it the cursor with which a walk begins.
    has_removed: bool,
}

/// Loads all dictionaries. Damaged ones that zstd can load are included, because some replies may still be readable.
pub(super) async fn load_dictionaries(snapshot: &mut Snapshot) -> (Packer, Finding) {
    let mut finding = Finding::new(DICTIONARIES);
    let dictionaries = match snapshot.dictionaries().await {
        Ok(dictionaries) => dictionaries,
        Err(error) => {
            finding.fail("", error);
            Vec::new()
        }
    };
    let (packer, wrong) = Packer::new(&dictionaries);
    wrong.into_iter().for_each(|why| finding.add(why));
    (packer, finding)
}

/// Reads all raw replies and writes their rows to the scratch archive.
pub(super) async fn read(
    snapshot: &mut Snapshot,
    scratch: &mut Scratch,
    scrubber: &Scrubber,
    packer: &Packer,
    (replies, item_hash): (Reader, &ItemHash),
) -> Read {
    let mut reader = Replies {
        reader: replies,
        item_hash,
        scratch,
        scrubber,
        packer,
        replies: Finding::new(REPLIES),
        starts: Finding::new(STARTS),
        ends: Finding::new(ends::ENDS),
        secrets: Finding::new(secrets::SECRETS),
        unseen: HashSet::new(),
        begun: HashSet::new(),
        complete: HashSet::new(),
        items: HashMap::new(),
        chained: HashMap::new(),
        odd: OddItems::default(),
        count: 0,
        has_removed: false,
    };
    if let Err(error) = reader.read_all(snapshot).await {
        reader.replies.fail("", error);
    }
    if let Err(error) = ends::without_new_item(snapshot, &reader.complete, &mut reader.ends).await {
        reader.ends.fail("", error);
    }
    if let Err(error) = secrets::in_texts(snapshot, scrubber, packer, &mut reader.secrets).await {
        reader.secrets.fail("", error);
    }
    let meetings = spans::meetings(snapshot, item_hash).await;
    Read {
        findings: vec![
            reader.replies,
            reader.starts,
            reader.ends,
            meetings,
            reader.secrets,
        ],
        replies: reader.count,
        odd: reader.odd,
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
        if self.has_removed {
            return Ok(());
        }
        for start in unseen {
            let Start {
                endpoint, subject, ..
            } = start;
            self.starts.add(format!(
                "{endpoint} {subject} begins with a cursor that no reply contains"
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
        if call.is_redacted && call.body.is_none() {
            self.has_removed = true;
            return None;
        }
        let read = reread::unpack(self.packer, call.body.as_deref()).and_then(|body| {
            if secrets::are_in_body(self.scrubber, &body) {
                self.secrets
                    .add(format!("{name}: raw reply contains a secret"));
            }
            harvest(self.reader, call, &body)
        });
        let (subject, harvest) = match read {
            Ok(read) => read,
            // Nothing of a page about an erased person is left.
            Err(_) if call.is_redacted && model::is_erased(&call.subject) => return None,
            Err(why) => {
                self.replies.add(format!("{name}: {why}"));
                return None;
            }
        };
        for odd in &harvest.odd {
            self.odd.add(|| format!("{name}: {}: {}", odd.at, odd.why));
        }
        if let Some(what) = mismatch(call, &harvest, self.item_hash) {
            self.replies.add(format!("{name}: {what}"));
        }
        if let Some(what) = ends::contradiction(call, &harvest) {
            self.ends
                .add(format!("{} {} {what}", call.endpoint, call.subject));
        }
        if ends::is_complete_with_cursor(call, &harvest) {
            self.complete.extend(call.job_id);
        }
        self.follow(call, &name, &harvest);
        Some(ScratchPage {
            call_id: call.id,
            now: call.settled_at.unwrap_or_default(),
            items_before: self.items_before(call, &harvest),
            subject,
            harvest,
            is_imported: call.is_imported,
        })
    }

    /// Matches walks that begin with a cursor with the nested lists that contained it.
    fn follow(&mut self, call: &KeptCall, name: &str, harvest: &Harvest) {
        if let (Some(job_id), Some(cursor)) = (call.job_id, &call.cursor)
            && !self.begun.contains(&job_id)
            && self
                .unseen
                .remove(&start(&call.endpoint, &call.subject, cursor))
            && !self.has_removed
        {
            self.starts.add(format!(
                "{name} begins with a cursor that no earlier reply contains"
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

    /// Returns the number of items before this page in its walk. Ranks continue from page to page.
    fn items_before(&mut self, call: &KeptCall, harvest: &Harvest) -> u32 {
        if !endpoints::find(&call.endpoint).is_some_and(Entry::is_ranked) {
            return 0;
        }
        let begin = (call.endpoint.clone(), call.subject.clone());
        let before = match (&call.cursor, call.job_id) {
            (None, _) => 0,
            (Some(_), Some(job_id)) => self.items.get(&job_id).copied().unwrap_or(0),
            (Some(cursor), None) => {
                let chained = self.chained.get(&(begin.clone(), cursor.clone()));
                chained.copied().filter(|_| call.is_imported).unwrap_or(0)
            }
        };
        // The ledger has the items of the whole page.
        let whole = call.items.filter(|_| call.is_redacted);
        let whole = whole.and_then(|items| usize::try_from(items).ok());
        let on_page = whole.unwrap_or(harvest.items.len());
        let after = before.saturating_add(u32::try_from(on_page).unwrap_or(u32::MAX));
        match (call.job_id, &call.next_cursor) {
            (Some(job_id), _) => {
                self.items.insert(job_id, after);
            }
            (None, Some(next)) if call.is_imported => {
                self.chained.insert((begin, next.clone()), after);
            }
            (None, _) => {}
        }
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

/// Parses the body of a call. Returns the subject and the harvest.
fn harvest(
    reader: Reader,
    call: &KeptCall,
    body: &[u8],
) -> std::result::Result<(String, Harvest), String> {
    let entry = endpoints::find(&call.endpoint).ok_or("unknown endpoint")?;
    let subject = match call.job_id {
        Some(_) => call.subject.clone(),
        None => reread::by_hand(entry, &call.subject),
    };
    let harvest = reader
        .read(entry, &subject, body)
        .map_err(|why| format!("raw reply unreadable at {why}"))?;
    Ok((subject, harvest))
}
