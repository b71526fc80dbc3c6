//! What a person sees of an export.

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::out::{errln, outln};
use crate::cli::table::{counted, layout, thousands};
use crate::export::{self, Export, Exported, Progress};

pub(super) fn print(what: &Export, written: &Exported) {
    let count = |number: u64| thousands(i64::try_from(number).unwrap_or(i64::MAX));
    let name = |table: &export::Written| match &table.files[..] {
        [file] => file.path.clone(),
        files => format!("{} ({} files)", table.name, files.len()),
    };
    let lines: Vec<Vec<String>> = written
        .tables
        .iter()
        .map(|table| vec![name(table), count(table.rows()), count(table.bytes())])
        .collect();
    outln!("{}", layout(&["file", ">rows", ">bytes"], &lines));
    let files: usize = written.tables.iter().map(|table| table.files.len()).sum();
    let files = u64::try_from(files).unwrap_or(u64::MAX);
    outln!(
        "{} and datapackage.json in {}; licence: {}. {}",
        counted(files, "file"),
        what.into.display(),
        what.licence,
        match what.pseudonyms {
            Some(_) => "Nobody is named",
            None => "The files contain personal data",
        }
    );
    if let Some(report) = &written.pseudonyms {
        let masked = &report["masked_in_texts"];
        outln!(
            "taken out of texts: {} names, {} ids, {} links, {} e-mail addresses, {} numbers; smallest group of users \
             alike: {}",
            masked["names"],
            masked["ids"],
            masked["links"],
            masked["e_mails"],
            masked["numbers"],
            report["smallest_group"]
        );
        outln!("{}", export::LIMITS);
    }
    if let Some(changed) = written.changed {
        outln!(
            "{} with {} bytes changed, {} removed",
            counted(changed.files, "file"),
            count(changed.bytes),
            count(changed.removed)
        );
    }
    if written.unread_replies > 0 {
        outln!(
            "mentions, entities and reposts lack {} of an earlier version; `soracrawl run` reads them without a call",
            counted(written.unread_replies, "kept page")
        );
    }
}

pub(super) struct Bar(ProgressBar);

impl Bar {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::no_length();
        bar.set_style(
            ProgressStyle::with_template("{prefix:21} {wide_bar} {pos:>9}/{len:<9}")
                .unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        Self(bar)
    }

    pub(super) fn clear(&self) {
        self.0.finish_and_clear();
    }
}

impl Progress for Bar {
    fn table(&mut self, name: &str, rows: u64) {
        self.0.set_prefix(name.to_owned());
        self.0.set_position(0);
        self.0.set_length(rows);
    }

    fn rows(&mut self, rows: u64) {
        self.0.inc(rows);
    }

    fn log_grew(&mut self, bytes: u64) {
        let text = format!(
            "warning: the log beside the archive has grown to {} MB, because a crawl writes while the export reads one \
             snapshot. It shrinks afterwards; --via-copy avoids it",
            bytes.div_ceil(1_000_000)
        );
        self.0.suspend(|| errln!("{text}"));
    }
}
