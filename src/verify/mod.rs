//! Compares an archive with its own raw replies and with the promises of docs/manifesto.md.
//!
//! `checks` contains the checks in SQL. Then every raw reply is parsed again: `replies` compares it with the ledger,
//! `ends` with the end of its walk, and `secrets` searches it for secrets. The parsed replies make a scratch archive,
//! whose rows `differ` compares with those of the archive.

mod absent;
mod check;
mod checks;
mod differ;
mod ends;
mod mismatch;
mod replies;
mod secrets;
mod snapshot;
mod spans;

use std::path::Path;
use std::sync::Arc;

pub use absent::{Traces, absent};
pub use check::{Check, Finding, OddItems};
use snapshot::Endpoints;

use crate::api::{self, Scrubber, endpoints};
use crate::model::{Budget, ItemHash, SeedKind, SubjectKind};
use crate::replies::{Means, People, Reader};
use crate::store::archive::Scratch;
use crate::store::read::Snapshot;
use crate::store::{Error, Result};

/// Result of `verify`.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Report {
    pub findings: Vec<Finding>,
    /// All checks ran. False if the file cannot be opened or has another schema.
    pub complete: bool,
    /// A run has started and not ended: a daemon works on the archive, or it died.
    pub unfinished_run: bool,
    pub replies: u64,
    /// Rows compared with those of the parsed replies.
    pub rows: u64,
    /// Items and fields of kept replies that only their raw replies contain. They are no breach.
    pub odd: OddItems,
    /// Hash of the contents. Two crawls of the same world have the same hash.
    pub contents: Option<String>,
}

impl Report {
    /// Returns whether all checks ran and found no breach.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.complete && self.is_free_of_breaches() && !self.is_unchecked()
    }

    /// Returns whether no check found a breach, but not all of them could run.
    #[must_use]
    pub fn is_unchecked(&self) -> bool {
        let has_unchecked = self
            .findings
            .iter()
            .any(|finding| finding.unchecked.is_some());
        self.is_free_of_breaches() && (has_unchecked || !self.complete)
    }
}

/// Runs all checks on the archive at `path`. Only reads the file; a daemon may write to it meanwhile.
///
/// # Errors
/// Returns an error if the file does not exist or no temporary file can be created. Damage of the archive is a finding,
/// not an error.
pub async fn verify(
    path: &Path,
    budget: &Budget,
    scrubber: &Scrubber,
    reader: Reader,
    item_hash: &ItemHash,
) -> Result<Report> {
    let mut report = Report::default();
    let mut snapshot = match Snapshot::open(path).await {
        Ok(snapshot) => snapshot,
        Err(error @ (Error::Io { .. } | Error::Missing { .. } | Error::NotAFile { .. })) => {
            return Err(error);
        }
        Err(error) => {
            report.findings.push(Snapshot::unopened(error));
            return Ok(report);
        }
    };
    report.findings.push(snapshot.version().await);
    let is_known = report.is_free_of_breaches()
        && !report
            .findings
            .iter()
            .any(|finding| finding.unchecked.is_some());
    report.findings.push(snapshot.integrity().await);
    if !is_known {
        snapshot.close().await;
        return Ok(report);
    }
    let mut scratch = Scratch::new(snapshot.has_imports().await.unwrap_or_default()).await?;
    report.findings.push(snapshot.schema(&mut scratch).await);
    report.findings.push(snapshot.rules(&mut scratch).await);
    report.findings.push(snapshot.full_text().await);
    report
        .findings
        .extend(snapshot.facts(budget, &facts_of_endpoints()).await);
    let (packer, dictionaries) = replies::load_dictionaries(&mut snapshot).await;
    report.findings.push(dictionaries);
    // Verification reads what is there, also what an erasure should have taken out.
    let means = Means {
        packer: Arc::new(packer),
        reader,
        people: Arc::new(People::default()),
    };
    let read = replies::read(&mut snapshot, &mut scratch, scrubber, (&means, item_hash)).await;
    report.replies = read.replies;
    report.odd = read.odd;
    report.findings.extend(read.findings);
    let (rows, compared) = snapshot.compare(&mut scratch).await;
    report.findings.push(rows);
    report.rows = compared;
    report.unfinished_run = snapshot.has_unfinished_run().await.unwrap_or_default();
    report.contents = snapshot.contents().await.ok();
    report.complete = report.contents.is_some();
    snapshot.close().await;
    Ok(report)
}

impl Report {
    fn is_free_of_breaches(&self) -> bool {
        self.findings.iter().all(|finding| finding.breaches == 0)
    }
}

/// Returns what the table of endpoints states for the checks.
fn facts_of_endpoints() -> Endpoints {
    let all = endpoints::ALL.iter();
    let free = all.clone().filter(|entry| entry.price.0 == 0);
    let names = |kind: SubjectKind| -> Vec<&str> {
        let of_kind = all.clone().filter(|entry| entry.subject_kind == kind);
        of_kind.map(|entry| entry.name).collect()
    };
    let of_seeds =
        SeedKind::ALL.map(|seed| (seed.as_str().to_owned(), names(seed.subject_kind()).into()));
    Endpoints {
        free: free
            .map(|entry| entry.name)
            .chain([api::account::NAME])
            .collect(),
        of_seeds: serde_json::Value::Object(of_seeds.into_iter().collect()),
    }
}
