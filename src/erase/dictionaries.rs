//! Dictionaries that hold a text of a person: each is trained again on what is left, and its replies are packed again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use zstd::zstd_safe::{get_dict_id_from_dict, get_dict_id_from_frame};

use super::survey::AT_ONCE;
use crate::model::hash;
use crate::replies::{Packer, People, checksum, train_dictionary};
use crate::store::{Dictionary, NewFrame, Store, Term};

/// A dictionary holds a text if it has so many bytes of it in a row.
const WINDOW: usize = 12;
/// Shortest text that is searched for as a whole.
const LEAST: usize = 4;

/// All parts of the dictionaries that hold no text of a person as far as is known.
pub(super) struct Fragments {
    windows: HashMap<[u8; WINDOW], Vec<i64>>,
    clean: Vec<(i64, Vec<u8>)>,
    /// Hashes of the texts that were looked for. Replies repeat the same ones.
    known: HashSet<u64>,
}

impl Fragments {
    pub(super) fn new(dictionaries: &[Dictionary]) -> Self {
        let mut windows: HashMap<_, Vec<i64>> = HashMap::new();
        for dictionary in dictionaries {
            for window in dictionary.bytes.windows(WINDOW) {
                let Ok(window) = window.try_into() else {
                    continue;
                };
                let ids = windows.entry(window).or_default();
                if ids.last() != Some(&dictionary.id) {
                    ids.push(dictionary.id);
                }
            }
        }
        let clean = dictionaries.iter().map(|it| (it.id, it.bytes.clone()));
        Self {
            windows,
            clean: clean.collect(),
            known: HashSet::new(),
        }
    }

    /// Returns the dictionaries that hold a part of one of these texts, each once. A link is known by its id and name alone.
    pub(super) fn found_in(&mut self, texts: &[String]) -> Vec<i64> {
        let mut found = Vec::new();
        for text in texts {
            if self.clean.is_empty() {
                break;
            }
            if text.contains("://") || !self.known.insert(hash(text.as_bytes())) {
                continue;
            }
            for id in self.dictionaries_with(text) {
                let clean = self.clean.len();
                self.clean.retain(|(other, _)| *other != id);
                if self.clean.len() < clean {
                    found.push(id);
                }
            }
        }
        found
    }

    fn dictionaries_with(&self, text: &str) -> HashSet<i64> {
        let bytes = text.as_bytes();
        if bytes.len() >= WINDOW {
            let windows = bytes.windows(WINDOW);
            let found = windows.filter_map(|window| self.windows.get(window));
            return found.flatten().copied().collect();
        }
        if bytes.len() < LEAST {
            return HashSet::new();
        }
        let value = format!("\"{text}\"");
        let finder = memchr::memmem::Finder::new(value.as_bytes());
        let found = self
            .clean
            .iter()
            .filter(|(_, it)| finder.find(it).is_some());
        found.map(|(id, _)| *id).collect()
    }
}

/// Notes that a dictionary must be replaced.
pub(super) async fn mark(store: &Store, id: i64, now: f64) -> Result<(), String> {
    let term = Term {
        kind: "dictionary",
        value: id.to_string(),
        hash: None,
    };
    store
        .request_erasures(&[], &[term], &[], now)
        .await
        .map_err(|why| why.to_string())
}

/// Replaces the dictionaries that are marked, that name somebody, or that were trained since `since`. Returns the number of
/// retired ones; new replies must be packed with the new ones before [`repack`].
pub(super) async fn replace(
    store: &Store,
    people: &People,
    marked: &[i64],
    since: f64,
    now: f64,
) -> Result<usize, String> {
    let failed = |why: crate::store::Error| why.to_string();
    let all = store.dictionaries().await.map_err(failed)?;
    let packer = Arc::new(Packer::new(&all).0);
    let retired = store.retired_dictionaries().await.map_err(failed)?;
    let mut count = retired.len();
    for old in all
        .iter()
        .filter(|old| !retired.iter().any(|(id, _)| *id == old.id))
    {
        let is_due = marked.contains(&old.id)
            || old.made_at >= since
            // Training joins pieces of replies, so that a name need not end where it ended there.
            || people.may_be_named_plainly(&old.bytes)
            || people.may_be_in(&old.bytes) && people.are_in(&String::from_utf8_lossy(&old.bytes));
        if !is_due {
            continue;
        }
        let new = train(store, &packer, old, now).await?;
        store
            .replace_dictionary(old, new.as_ref())
            .await
            .map_err(failed)?;
        count += 1;
    }
    Ok(count)
}

/// Returns a dictionary in place of an old one; `None` if too little is left to train it.
async fn train(
    store: &Store,
    packer: &Arc<Packer>,
    old: &Dictionary,
    now: f64,
) -> Result<Option<Dictionary>, String> {
    let bodies = store
        .newest_replies(&old.endpoint)
        .await
        .map_err(|why| why.to_string())?;
    let packer = packer.clone();
    let trained = tokio::task::spawn_blocking(move || train_dictionary(&packer, &bodies)).await;
    let Ok((bytes, replies)) = trained.map_err(|why| why.to_string())? else {
        return Ok(None);
    };
    let id = get_dict_id_from_dict(&bytes).map(|id| i64::from(id.get()));
    Ok(id.filter(|id| *id != old.id).map(|id| Dictionary {
        id,
        endpoint: old.endpoint.clone(),
        made_at: now,
        replies,
        checksum: checksum(&bytes),
        bytes,
    }))
}

/// Packs all replies again that need a retired dictionary, and removes these dictionaries.
pub(super) async fn repack(
    store: &Store,
    now: f64,
    mut progress: impl FnMut(i64, i64),
) -> Result<(), String> {
    let failed = |why: crate::store::Error| why.to_string();
    let retired = store.retired_dictionaries().await.map_err(failed)?;
    if retired.is_empty() {
        return Ok(());
    }
    let packer = Arc::new(Packer::new(&store.dictionaries().await.map_err(failed)?).0);
    let ids: Arc<Vec<i64>> = Arc::new(retired.iter().map(|(id, _)| *id).collect());
    let last = store.last_call().await.map_err(failed)?;
    let mut after = 0;
    loop {
        let frames = store.frames(after, AT_ONCE).await.map_err(failed)?;
        let Some(end) = frames.last() else { break };
        after = end.id;
        let (packer, ids) = (packer.clone(), ids.clone());
        let packed = tokio::task::spawn_blocking(move || {
            let mut packed = Vec::new();
            for frame in &frames {
                let body = frame.body.as_deref().unwrap_or_default();
                let id = get_dict_id_from_frame(body).map(|id| i64::from(id.get()));
                if !id.is_some_and(|id| ids.contains(&id)) {
                    continue;
                }
                let reply = packer
                    .unpack(body)
                    .and_then(|it| packer.pack(&frame.endpoint, &it));
                let body =
                    reply.map_err(|why| format!("the raw reply of call {}: {why}", frame.id))?;
                packed.push(NewFrame {
                    id: frame.id,
                    item_hashes: None,
                    body: Some(body),
                    is_redacted: false,
                });
            }
            Ok::<_, String>(packed)
        });
        let packed = packed.await.map_err(|why| why.to_string())??;
        store.replace_frames(&packed, now).await.map_err(failed)?;
        progress(after, last);
    }
    for (id, _) in retired {
        store.remove_dictionary(id).await.map_err(failed)?;
    }
    Ok(())
}
