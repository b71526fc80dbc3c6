//! A BagIt bag: the export in `data`, with checksums beside it (RFC 8493).

use super::folder::Folder;
use super::output::Sum;
use super::text::iso;
use super::{Error, Written};
use crate::store::read::SnapshotFacts;

/// Where the files of a bag are.
pub(super) const PAYLOAD: &str = "data";

/// Writes the files that make a folder a bag. `papers` are the files in the payload beside those of the tables.
pub(super) fn write(
    folder: &Folder,
    facts: &SnapshotFacts,
    tables: &[Written],
    papers: &[(&str, Sum)],
) -> Result<(), Error> {
    let files = tables.iter().flat_map(|table| &table.files);
    let files = files.map(|file| (file.path.as_str(), &file.sum));
    let papers = papers.iter().map(|(name, sum)| (*name, sum));
    let mut payload: Vec<(&str, &Sum)> = files.chain(papers).collect();
    payload.sort_by_key(|(path, _)| *path);
    let bytes: u64 = payload.iter().map(|(_, sum)| sum.bytes).sum();
    let line = |sum: &Sum, path: &str| format!("{}  {path}\n", sum.sha256);
    let manifest: String = payload
        .iter()
        .map(|(path, sum)| line(sum, &format!("{PAYLOAD}/{path}")))
        .collect();
    let day = iso(facts.taken_at).unwrap_or_default();
    let info = format!(
        "Bag-Software-Agent: soracrawl {}\nBagging-Date: {}\nPayload-Oxum: {bytes}.{}\n",
        env!("CARGO_PKG_VERSION"),
        day.split('T').next().unwrap_or_default(),
        payload.len()
    );
    let declaration = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";
    let mut tags = String::new();
    for (name, text) in [
        ("bag-info.txt", info.as_str()),
        ("bagit.txt", declaration),
        ("manifest-sha256.txt", &manifest),
    ] {
        tags += &line(&folder.text_above(name, text)?, name);
    }
    folder.text_above("tagmanifest-sha256.txt", &tags)?;
    Ok(())
}
