//! Reads all kept replies again, in the order in which their pages were kept. The one way to do it, for every command.
//!
//! Other threads decompress and parse while the caller works on what was read before. The memory for replies is bounded.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use futures_util::future::try_join;
use tokio::task::JoinHandle;

use super::{Packer, People, Reader, reread};
use crate::api::{Entry, endpoints};
use crate::model::Harvest;
use crate::store::read::{KeptCall, Snapshot};
use crate::store::{Error, Result};

/// Batches that are read ahead of the caller.
const AHEAD: usize = 4;

/// A kept reply that was read again.
#[derive(Debug)]
pub struct Again {
    pub call: KeptCall,
    /// The decompressed reply; empty if it cannot be decompressed.
    pub body: Vec<u8>,
    /// Number of items on the earlier pages of its walk. Ranks continue from page to page.
    pub items_before: u32,
    /// The subject and the rows, or why there are none.
    pub read: std::result::Result<(String, Harvest), String>,
}

/// What replies are read with.
#[derive(Clone)]
pub struct Means {
    pub packer: Arc<Packer>,
    pub reader: Reader,
    /// People whom no reply may bring back.
    pub people: Arc<People>,
}

/// Gives `each` all kept replies, whole groups at a time.
///
/// # Errors
/// Returns an error if the archive cannot be read, or the error of `each`.
pub async fn read_again(
    snapshot: &mut Snapshot,
    means: &Means,
    mut each: impl AsyncFnMut(Vec<Again>) -> Result<()>,
) -> Result<()> {
    let means = means.clone();
    let work = move |calls: Vec<KeptCall>| -> Vec<Again> {
        calls.into_iter().map(|call| read(&means, call)).collect()
    };
    let (mut ranks, mut group) = (Ranks::default(), Vec::new());
    each_batch(snapshot, work, async |batch| {
        group.extend(batch.into_iter().map(|mut again| {
            again.items_before = ranks.before(&again);
            again
        }));
        let whole = whole_groups(&mut group);
        match whole.is_empty() {
            true => Ok(()),
            false => each(whole).await,
        }
    })
    .await?;
    match group.is_empty() {
        true => Ok(()),
        false => each(group).await,
    }
}

/// Does some work on all kept calls, a batch at a time on other threads, and gives `each` the results in order.
///
/// # Errors
/// Returns an error if the archive cannot be read, or the error of `each`.
pub async fn each_batch<T: Send + 'static>(
    snapshot: &mut Snapshot,
    work: impl Fn(Vec<KeptCall>) -> T + Clone + Send + 'static,
    mut each: impl AsyncFnMut(T) -> Result<()>,
) -> Result<()> {
    let mut ahead: VecDeque<JoinHandle<T>> = VecDeque::new();
    let (mut last, mut is_over, mut done) = (None, false, None);
    loop {
        let fetch = async {
            while !is_over && ahead.len() < AHEAD {
                let calls = snapshot.kept_calls(last.as_ref()).await?;
                is_over = calls.is_empty();
                if let Some(call) = calls.last() {
                    last = Some(without_body(call));
                    let work = work.clone();
                    ahead.push_back(tokio::task::spawn_blocking(move || work(calls)));
                }
            }
            Ok(ahead.pop_front())
        };
        // What is read now, while the caller works on what was read before.
        let (batch, ()) = try_join(fetch, async {
            match done.take() {
                Some(done) => each(done).await,
                None => Ok(()),
            }
        })
        .await?;
        let Some(batch) = batch else { return Ok(()) };
        done = Some(
            batch
                .await
                .map_err(|why| Error::Database(why.to_string()))?,
        );
    }
}

/// Takes what is before the last group, which may go on in the next batch.
fn whole_groups(read: &mut Vec<Again>) -> Vec<Again> {
    let number = read.last().map(|again| again.call.kept_group);
    let end = read
        .iter()
        .position(|again| Some(again.call.kept_group) == number);
    let rest = read.split_off(end.unwrap_or(0));
    std::mem::replace(read, rest)
}

/// Where the next batch begins.
fn without_body(call: &KeptCall) -> KeptCall {
    KeptCall {
        body: None,
        item_hashes: None,
        ..call.clone()
    }
}

fn read(means: &Means, mut call: KeptCall) -> Again {
    let packed = call.body.take();
    let unpacked = reread::unpack(&means.packer, packed.as_deref());
    let read = |body: &[u8]| {
        let entry = endpoints::find(&call.endpoint).ok_or("unknown endpoint")?;
        let subject = match call.job_id {
            Some(_) => call.subject.clone(),
            None => reread::by_hand(entry, &call.subject),
        };
        let without = means.people.taken_out_of_reply(&subject, body);
        let body = without.as_ref().map_or(body, |without| &without.body);
        let harvest = means.reader.read(entry, &subject, body);
        let harvest = harvest.map_err(|why| format!("raw reply unreadable at {why}"))?;
        Ok((subject, harvest))
    };
    let (body, read) = match unpacked {
        Ok(body) => {
            let read = read(&body);
            (body, read)
        }
        Err(why) => (Vec::new(), Err(why)),
    };
    Again {
        call,
        body,
        items_before: 0,
        read,
    }
}

/// Number of items so far in walks of ranked lists.
#[derive(Default)]
struct Ranks {
    /// By job.
    jobs: HashMap<i64, u32>,
    /// Of imported pages without a job, by endpoint, subject and next cursor.
    chained: HashMap<[String; 3], u32>,
}

impl Ranks {
    /// Returns the number of items before this page in its walk.
    fn before(&mut self, again: &Again) -> u32 {
        let call = &again.call;
        if !endpoints::find(&call.endpoint).is_some_and(Entry::is_ranked) {
            return 0;
        }
        let read = again.read.as_ref().ok();
        let chain = |cursor: &String| {
            let place = [&call.endpoint, &call.subject, cursor];
            place.map(String::clone)
        };
        let before = match (&call.cursor, call.job_id) {
            (None, _) => None,
            (Some(_), Some(job_id)) => self.jobs.get(&job_id),
            (Some(cursor), None) => self.chained.get(&chain(cursor)),
        };
        let before = before.copied().unwrap_or(0);
        // The ledger has the items of the whole page, also if its reply is lost.
        let whole = call.items.filter(|_| call.is_redacted || read.is_none());
        let whole = whole.and_then(|items| usize::try_from(items).ok());
        let on_page = whole.unwrap_or_else(|| read.map_or(0, |(_, harvest)| harvest.items.len()));
        let after = before.saturating_add(u32::try_from(on_page).unwrap_or(u32::MAX));
        match (call.job_id, &call.next_cursor) {
            (Some(job_id), _) => {
                self.jobs.insert(job_id, after);
            }
            (None, Some(next)) if call.is_imported => {
                self.chained.insert(chain(next), after);
            }
            (None, _) => {}
        }
        before
    }
}
