//! Reads replies for their paths: all that an archive keeps, or a few of the newest.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::paths::{EndpointPaths, Seen};
use crate::api::endpoints;
use crate::replies::again::each_batch;
use crate::replies::{Packer, reread};
use crate::store::Result;
use crate::store::read::{KeptCall, Snapshot};

/// The paths of all endpoints.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Drift {
    pub endpoints: BTreeMap<&'static str, EndpointPaths>,
    /// Replies that are removed, or cannot be decompressed.
    pub lost: u64,
}

/// Reads all kept replies of an archive. Memory does not grow with their number.
///
/// # Errors
/// Returns an error if the archive cannot be read.
pub async fn drift(archive: &Path, mut progress: impl FnMut(u64, u64)) -> Result<Drift> {
    let mut snapshot = Snapshot::open_current(archive).await?;
    let packer = Arc::new(Packer::new(&snapshot.dictionaries().await?).0);
    let all = snapshot.count_kept().await?;
    let (mut found, mut done) = (Drift::default(), 0);
    let work = move |calls: Vec<KeptCall>| (calls.len() as u64, look(&packer, &calls));
    each_batch(&mut snapshot, work, async |(replies, batch)| {
        found.lost += batch.lost;
        for (endpoint, paths) in batch.endpoints {
            found.endpoints.entry(endpoint).or_default().extend(paths);
        }
        done += replies;
        progress(done, all);
        Ok(())
    })
    .await?;
    snapshot.close().await;
    Ok(found)
}

/// Returns the paths of some replies, oldest first.
#[must_use]
pub fn look(packer: &Packer, calls: &[KeptCall]) -> Drift {
    let mut found = Drift::default();
    for call in calls {
        let body = reread::unpack(packer, call.body.as_deref());
        let (Ok(body), Some(entry)) = (body, endpoints::find(&call.endpoint)) else {
            found.lost += 1;
            continue;
        };
        let subject = match call.job_id {
            Some(_) => call.subject.clone(),
            None => reread::by_hand(entry, &call.subject),
        };
        let seen = Seen {
            call_id: call.id,
            at: call.settled_at.unwrap_or_default(),
        };
        let paths = found.endpoints.entry(entry.name).or_default();
        paths.add(entry, &subject, &body, seen);
    }
    found
}
