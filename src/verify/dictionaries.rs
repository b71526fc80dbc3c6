//! What raw replies are compressed with.

use crate::crawl::Packer;
use crate::store::verify::{Check, Finding, Snapshot};

const DICTIONARIES: Check = Check {
    check: "dictionaries",
    promise: "P1",
    proves: "every dictionary that raw replies are compressed with is as it was made",
};

/// The dictionaries of the archive, also those that are damaged: where zstd can load one, some replies may unpack still.
pub(super) async fn load(snapshot: &mut Snapshot) -> (Packer, Finding) {
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
