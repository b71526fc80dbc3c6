//! Parses every raw reply again, in the order of the commits.

use std::collections::HashSet;

use super::check::{Check, Finding, OddItems};
use super::mismatch::mismatch;
use super::{ends, secrets, spans};
use crate::api::{Scrubber, endpoints};
use crate::model;
use crate::model::{Harvest, ItemHash};
use crate::replies::{Again, Means, Packer, read_again};
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
    item_hash: &'a ItemHash,
    scratch: &'a mut Scratch,
    scrubber: &'a Scrubber,
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
    (means, item_hash): (&Means, &ItemHash),
) -> Read {
    let mut reader = Replies {
        item_hash,
        scratch,
        scrubber,
        replies: Finding::new(REPLIES),
        starts: Finding::new(STARTS),
        ends: Finding::new(ends::ENDS),
        secrets: Finding::new(secrets::SECRETS),
        unseen: HashSet::new(),
        begun: HashSet::new(),
        complete: HashSet::new(),
        odd: OddItems::default(),
        count: 0,
        has_removed: false,
    };
    if let Err(error) = reader.read_all(snapshot, means).await {
        reader.replies.fail("", error);
    }
    if let Err(error) = ends::without_new_item(snapshot, &reader.complete, &mut reader.ends).await {
        reader.ends.fail("", error);
    }
    if let Err(error) =
        secrets::in_texts(snapshot, scrubber, &means.packer, &mut reader.secrets).await
    {
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
    async fn read_all(&mut self, snapshot: &mut Snapshot, means: &Means) -> Result<()> {
        self.unseen = snapshot.starts().await?.into_iter().collect();
        read_again(snapshot, means, async |replies| {
            let mut groups: Vec<(i64, Vec<ScratchPage>)> = Vec::new();
            for reply in replies {
                let number = reply.call.kept_group;
                let Some(page) = self.read_one(reply) else {
                    continue;
                };
                match groups.last_mut() {
                    Some((last, group)) if *last == number => group.push(page),
                    _ => groups.push((number, vec![page])),
                }
            }
            for (_, group) in &groups {
                self.scratch.keep(group).await?;
            }
            Ok(())
        })
        .await?;
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

    fn read_one(&mut self, reply: Again) -> Option<ScratchPage> {
        self.count += 1;
        let call = &reply.call;
        let name = format!("call {} ({} {})", call.id, call.endpoint, call.subject);
        if call.is_redacted && !call.has_body {
            self.has_removed = true;
            return None;
        }
        if secrets::are_in_body(self.scrubber, &reply.body) {
            self.secrets
                .add(format!("{name}: raw reply contains a secret"));
        }
        let (subject, harvest) = match reply.read {
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
            items_before: reply.items_before,
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
}

fn start(endpoint: &str, subject: &str, cursor: &str) -> Start {
    Start {
        endpoint: endpoint.to_owned(),
        subject: subject.to_owned(),
        cursor: cursor.to_owned(),
    }
}
