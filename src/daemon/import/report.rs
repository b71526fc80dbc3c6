//! What an import did, as data.

use std::collections::BTreeMap;
use std::path::Path;

use super::found::{NotImported, Read, Why};
use crate::api::Scrubber;
use crate::replies::People;
use crate::store::ImportedReply;

/// What came of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct FileReport {
    pub file: String,
    /// What the file is: `jsonl`, `har`, …; `None` if it could not be opened.
    pub kind: Option<&'static str>,
    /// New replies by endpoint.
    pub new: BTreeMap<&'static str, u64>,
    /// Replies that the archive had already.
    pub known: u64,
    /// The first places that were not imported.
    pub not_imported: Vec<NotImported>,
    /// How many more there are.
    pub not_imported_more: u64,
    /// Entries that are something else, by what they are.
    pub other: BTreeMap<String, u64>,
    #[serde(skip)]
    has_bad: bool,
}

/// Places that a report names, and different things that it tells apart. A file may have millions of each.
const NAMED: usize = 100;

impl FileReport {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            file: Scrubber::without_key().scrub_captured_path(&path.to_string_lossy()),
            ..Self::default()
        }
    }

    /// Returns whether these are the files of a folder that were passed over.
    #[must_use]
    pub fn is_folder(&self) -> bool {
        self.kind.is_none() && self.not_imported.is_empty()
    }

    pub(super) fn count(&mut self, reply: &ImportedReply, known: bool) {
        match known {
            true => self.known += 1,
            false => *self.new.entry(reply.endpoint).or_default() += 1,
        }
    }

    pub(super) fn note(&mut self, read: Read) {
        match read {
            Read::Kind(kind) => self.kind = Some(kind.as_str()),
            Read::Not(not) => {
                self.has_bad |= not.why == Why::Bad;
                match self.not_imported.len() < NAMED {
                    true => self.not_imported.push(not),
                    false => self.not_imported_more += 1,
                }
            }
            Read::Other(what) => self.pass_over(what, 1),
            Read::PassedOver(files) => self.pass_over("not named as a capture".to_owned(), files),
            Read::Reply(..) => {}
        }
    }

    fn pass_over(&mut self, what: String, number: u64) {
        let is_named = self.other.len() < NAMED || self.other.contains_key(&what);
        let what = if is_named {
            what
        } else {
            "of other kinds".to_owned()
        };
        *self.other.entry(what).or_default() += number;
    }

    /// Takes people out of what was noted before they were erased.
    fn take_out(&mut self, people: &People) {
        let clean = |text: String| people.taken_out_of(&text).unwrap_or(text);
        for not in &mut self.not_imported {
            not.reason = clean(std::mem::take(&mut not.reason));
        }
        for (what, number) in std::mem::take(&mut self.other) {
            *self.other.entry(clean(what)).or_default() += number;
        }
    }
}

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    pub files: Vec<FileReport>,
    /// Pages that jobs took over, so that they are not bought.
    pub taken: u64,
    /// A signal ended it. The same command goes on.
    pub is_interrupted: bool,
}

impl Report {
    /// Returns the number of new replies.
    #[must_use]
    pub fn new_replies(&self) -> u64 {
        self.files.iter().flat_map(|file| file.new.values()).sum()
    }

    /// Takes people out of what was noted before they were erased.
    pub(super) fn take_out(&mut self, people: &People) {
        for file in &mut self.files {
            file.take_out(people);
        }
    }

    /// Returns whether something was given up.
    #[must_use]
    pub fn has_bad(&self) -> bool {
        self.files.iter().any(|file| file.has_bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_names_the_first_places_and_counts_the_others() {
        let mut file = FileReport::default();
        for number in 0..1_000 {
            let why = Why::Erased;
            let (place, reason) = (format!("line {number}"), String::new());
            file.note(Read::Not(NotImported { place, why, reason }));
            file.note(Read::Other(format!("x/{number}")));
        }
        let mut report = Report::default();
        report.files.push(file);
        assert!(!report.has_bad());
        report.files[0].note(Read::bad("line 1000", "x".repeat(1 << 20)));
        assert!(report.has_bad(), "also one that is not named");
        let json = serde_json::to_value(&report).unwrap();
        assert!(json.to_string().len() < 20_000);
        let file = &report.files[0];
        assert_eq!(
            (file.not_imported.len(), file.not_imported_more),
            (100, 901)
        );
        assert_eq!(json["files"][0]["not_imported_more"], 901);
        assert_eq!(file.not_imported[99].place, "line 99");
        assert_eq!(file.other.values().sum::<u64>(), 1_000);
        assert_eq!(file.other["of other kinds"], 900);
        let mut file = FileReport::default();
        file.note(Read::bad("line 1", "é".repeat(1 << 20)));
        assert!(file.not_imported[0].reason.len() < 2_000);
    }
}
