//! Another archive as a source of replies.

use std::path::Path;

use tokio::runtime::Handle;

use crate::api::endpoints;
use crate::replies::import::{self, Asked, Beside, Captured, Each, Entry, Found, Limits, When};
use crate::replies::{Packer, reread};
use crate::store::read::{Foreign, ForeignPlace, ForeignReply};

/// Reads another archive. The progress is counted in replies, because its bytes are read in another order.
pub(super) fn read(
    path: &Path,
    runtime: &Handle,
    limits: Limits,
    mut at: impl FnMut(f64),
    each: &mut Each<'_>,
) -> Result<(), String> {
    let why = |error: crate::store::Error| error.to_string();
    let mut archive = runtime.block_on(Foreign::open(path)).map_err(why)?;
    let (dictionaries, mut damaged) = runtime.block_on(archive.dictionaries()).map_err(why)?;
    let (packer, unusable) = Packer::new(&dictionaries);
    damaged.extend(unusable);
    for why in damaged {
        let found = Found::Bad(why);
        let place = "the file".to_owned();
        if each(Entry { place, found }).is_break() {
            return Ok(());
        }
    }
    let total = runtime.block_on(archive.count()).map_err(why)?.max(1);
    let mut last: Option<ForeignPlace> = None;
    let mut read = 0_u64;
    loop {
        let places = runtime.block_on(archive.places(last)).map_err(why)?;
        if places.is_empty() {
            return Ok(());
        }
        for place in &places {
            read += 1;
            at((read as f64 / total as f64).min(1.0));
            let reply = runtime.block_on(archive.reply(*place, limits.body_bytes));
            let found = match reply {
                Ok(reply) => found(&reply, &packer, limits),
                Err(error) => Found::Bad(format!("its row cannot be read: {error}")),
            };
            let place = format!("call {}", place.id);
            if each(Entry { place, found }).is_break() {
                return Ok(());
            }
        }
        last = places.last().copied();
    }
}

/// Returns what a reply of another archive is.
fn found(reply: &ForeignReply, packer: &Packer, limits: Limits) -> Found {
    let body = match &reply.body {
        None if reply.is_redacted => Err("its raw reply was removed".to_owned()),
        None => Err(format!(
            "its raw reply is missing or has more than {} bytes",
            limits.body_bytes
        )),
        Some(packed) => {
            let most = limits.body_bytes as u64 + 1;
            packer
                .unpack_some(packed, most)
                .map_err(|why| format!("it cannot be decompressed: {why}"))
        }
    };
    match body {
        Err(why) => Found::Bad(why),
        Ok(body) => import::checked(
            Captured {
                asked: asked(reply),
                status: reply.http_status,
                when: When::known(reply.settled_at),
                request_id: reply.request_id.clone(),
                body,
                is_redacted: reply.is_redacted,
                beside: Beside::default(),
            },
            limits,
        ),
    }
}

/// Returns the request of a reply of another archive.
fn asked(reply: &ForeignReply) -> Asked {
    let mut parameters = std::collections::BTreeMap::new();
    let entry = endpoints::find(&reply.endpoint);
    if let Some((entry, name)) = entry.and_then(|entry| Some((entry, entry.subject?))) {
        let subject = reread::by_hand(entry, &reply.subject)
            .trim_start()
            .to_owned();
        parameters.insert(name.to_owned(), subject);
    }
    if let Some(cursor) = &reply.cursor {
        parameters.insert("cursor".to_owned(), cursor.clone());
    }
    Asked {
        endpoint: Some(reply.endpoint.clone()),
        parameters,
        url: None,
    }
}
