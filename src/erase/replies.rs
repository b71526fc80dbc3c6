//! Raw replies without people, and item hashes with the key.

use std::sync::Arc;

use super::dictionaries::Fragments;
use super::survey::AT_ONCE;
use crate::api::endpoints;
use crate::replies::{Packer, People, reread};
use crate::store::{Frame, NewFrame, Store};

/// What a batch of replies becomes.
struct Batch {
    frames: Vec<NewFrame>,
    /// Texts that were taken out of it.
    texts: Vec<String>,
    /// Replies that cannot be read. They are removed, because nobody can tell whom they show.
    unreadable: Vec<i64>,
}

/// Takes people out of all replies up to now, a few in each transaction, and marks the dictionaries that hold a part of a text
/// that was taken out. Returns the number of changed replies.
pub(super) async fn redact(
    store: &Store,
    people: &Arc<People>,
    fragments: &mut Fragments,
    now: f64,
    mut progress: impl FnMut(i64, i64),
) -> Result<u64, String> {
    let failed = |why: crate::store::Error| why.to_string();
    let packer = Packer::new(&store.dictionaries().await.map_err(failed)?).0;
    let packer = Arc::new(packer);
    let last = store.last_call().await.map_err(failed)?;
    let (mut redacted, mut after) = (0, 0);
    loop {
        let frames = store.frames(after, AT_ONCE).await.map_err(failed)?;
        let Some(end) = frames.last() else { break };
        after = end.id;
        let (people, packer) = (people.clone(), packer.clone());
        let batch = tokio::task::spawn_blocking(move || batch(&people, &packer, &frames));
        let batch = batch.await.map_err(|why| why.to_string())?;
        if let Some(id) = batch.unreadable.first() {
            return Err(format!(
                "the raw reply of call {id} cannot be read, so nobody can tell whom it shows. \
                 `soracrawl verify` describes the damage"
            ));
        }
        // Before the texts are gone, so that a process that dies in between leaves no dictionary behind.
        for id in fragments.found_in(&batch.texts) {
            super::dictionaries::mark(store, id, now).await?;
        }
        redacted += batch.frames.iter().filter(|it| it.is_redacted).count() as u64;
        store
            .replace_frames(&batch.frames, now)
            .await
            .map_err(failed)?;
        progress(after, last);
    }
    Ok(redacted)
}

fn batch(people: &People, packer: &Packer, frames: &[Frame]) -> Batch {
    let mut batch = Batch {
        frames: Vec::new(),
        texts: Vec::new(),
        unreadable: Vec::new(),
    };
    let item_hash = people.item_hash();
    for frame in frames {
        let item_hashes = frame
            .item_hashes
            .as_deref()
            .and_then(|it| item_hash.rekeyed(it));
        let mut new = NewFrame {
            id: frame.id,
            item_hashes,
            body: None,
            is_redacted: false,
        };
        if let Some(body) = &frame.body {
            let Ok(body) = packer.unpack(body) else {
                batch.unreadable.push(frame.id);
                continue;
            };
            if let Some(taken) = people.taken_out_of_reply(&subject(frame), &body) {
                let Ok(packed) = packer.pack(&frame.endpoint, &taken.body) else {
                    batch.unreadable.push(frame.id);
                    continue;
                };
                new.body = Some(packed);
                new.is_redacted = true;
                batch.texts.extend(taken.texts);
            }
        }
        if new.body.is_some() || new.item_hashes.is_some() {
            batch.frames.push(new);
        }
    }
    batch
}

/// Returns what a call was about. A call by hand has all its parameters as its subject.
fn subject(frame: &Frame) -> String {
    match endpoints::find(&frame.endpoint) {
        Some(entry) => reread::by_hand(entry, &frame.subject),
        None => frame.subject.clone(),
    }
}
