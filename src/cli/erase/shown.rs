//! What an erasure prints.

use std::path::Path;

use crate::cli::out::{errln, outln};
use crate::cli::table::{plain, thousands};
use crate::erase::{self, Done, Planned, Progress};

pub(super) fn print_plan(planned: &Planned) {
    outln!("people   {}", planned.people);
    outln!("replies  {} that name them", count(planned.replies));
    for rows in &planned.rows {
        outln!("rows     {} of {}", thousands(rows.rows), rows.table);
    }
    print_shared(&planned.shared_names);
}

fn print_shared(names: &[String]) {
    for name in names {
        outln!(
            "name     {}: others have or had it too, so mentions of it stay",
            plain(name)
        );
    }
}

pub(super) fn print_done(archive: &Path, done: &Done) {
    outln!("rows     {} deleted or emptied", count(done.rows));
    outln!("texts    {} changed", count(done.texts));
    outln!("replies  {} redacted", count(done.replies));
    outln!("dictionaries {} replaced", done.dictionaries);
    print_shared(&done.shared_names);
    match erase::backups_beside(archive) {
        Ok(copies) => {
            for copy in copies {
                outln!(
                    "copy     {} may still have these people",
                    plain(&copy.display().to_string())
                );
            }
        }
        Err(why) => errln!("warning: the folder of the archive cannot be read: {why}"),
    }
    outln!("Backups, exports and copies elsewhere still have them: see docs/data-protection.md");
    if done.is_waiting {
        errln!(
            "warning: another process uses the archive, so its free bytes are not overwritten yet. Stop it, then run \
             `soracrawl erase --finish`"
        );
    } else {
        outln!("the erasure is complete");
    }
}

/// Returns a number of raw replies in words.
pub(super) fn count_of_replies(number: impl TryInto<i64>) -> String {
    let number = number.try_into().unwrap_or(i64::MAX);
    format!(
        "{} raw {}",
        thousands(number),
        if number == 1 { "reply" } else { "replies" }
    )
}

pub(super) fn count(number: u64) -> String {
    thousands(i64::try_from(number).unwrap_or(i64::MAX))
}

/// Prints each step, and how far it is.
#[derive(Default)]
pub(super) struct Shown {
    last: Option<Progress>,
}

impl Shown {
    pub(super) fn step(&mut self, progress: Progress) {
        let Progress { step, done, all } = progress;
        if self.last != Some(progress) {
            errln!("{step} {} of {}", thousands(done), thousands(all));
        }
        self.last = Some(progress);
    }
}
