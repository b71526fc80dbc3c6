//! `soracrawl verify`: checks that an archive is sound.

use std::path::PathBuf;

use super::out::{self, errln, outln};
use super::table::{layout, plain, thousands};
use super::{Cli, Exit};
use crate::api::Scrubber;
use crate::erase::KeyFile;
use crate::model::ItemHash;
use crate::replies::Reader;
use crate::report::status::budget;
use crate::store::Lock;
use crate::verify::{Report, verify};

/// Arguments of `verify`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,

    /// Search for people who must not be in the archive: a file with one user id or @name in each line
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    absent: Option<PathBuf>,

    /// Read all files of videos as well, and compare them with the archive
    #[arg(long, conflicts_with = "absent")]
    media: bool,
}

pub(super) async fn run(cli: &Cli, args: &Args) -> anyhow::Result<Exit> {
    let config = cli.config()?;
    let path = &config.archive.path;
    if let Some(file) = &args.absent {
        return super::verify_absent::run(path, file).await;
    }
    // With a configured key, verify also searches for the key itself.
    let scrubber = config.key(super::source::environment()).map_or_else(
        |_| Scrubber::without_key(),
        |key| Scrubber::new(&key.secret),
    );
    // Asked before this process connects to the file.
    let holder = Lock::holder(path).ok().flatten().map(|held| held.who);
    let item_hash = match KeyFile::read(path) {
        Ok(file) => file.map_or_else(ItemHash::default, |file| ItemHash::keyed(file.key)),
        Err(why) => {
            errln!("warning: {why}. The hashes of items are not checked");
            ItemHash::default()
        }
    };
    let reader = Reader::default();
    let report = match verify(path, &budget(&config), &scrubber, reader, &item_hash).await {
        Ok(report) => report,
        Err(error) => {
            errln!("error: {error}");
            return Ok(Exit::Unchecked);
        }
    };
    let media = match args.media {
        true => Some(super::media::check(&config).await?),
        false => None,
    };
    let media_exit = media.as_ref().map_or(Exit::Done, super::media::exit_of);
    let is_sound = report.is_sound();
    if args.json {
        let mut json = serde_json::to_value(&report)?;
        json["archive"] = path.display().to_string().into();
        json["sound"] = (is_sound && media_exit == Exit::Done).into();
        match &media {
            Some(Ok(checked)) => json["media"] = serde_json::to_value(checked)?,
            Some(Err(why)) => json["media"] = serde_json::json!({"unchecked": why}),
            None => {}
        }
        out::json(&json)?;
    } else {
        outln!("archive  {}", path.display());
        if report.unfinished_run {
            outln!(
                "daemon   {}",
                holder
                    .as_deref()
                    .unwrap_or("not running; the next run recovers its open calls and jobs")
            );
        }
        print(&report);
        if let Some(checked) = &media {
            outln!();
            super::media::print(checked);
            super::media::hint(checked);
        }
    }
    if is_sound {
        return Ok(media_exit);
    }
    Ok(match (is_sound, report.is_unchecked()) {
        (false, true) if media_exit != Exit::Failed => Exit::Unchecked,
        _ => Exit::Failed,
    })
}

fn print(report: &Report) {
    let count = |number: u64| thousands(i64::try_from(number).unwrap_or(i64::MAX));
    let rows: Vec<Vec<String>> = report
        .findings
        .iter()
        .map(|finding| {
            vec![
                finding.check.check.to_owned(),
                finding.check.promise.to_owned(),
                match (finding.breaches, &finding.unchecked) {
                    (0, None) => "sound".to_owned(),
                    (0, Some(_)) => "unchecked".to_owned(),
                    (breaches, _) => format!("{} BROKEN", count(breaches)),
                },
                finding.check.proves.to_owned(),
            ]
        })
        .collect();
    outln!(
        "\n{}",
        layout(&["check", "promise", ">found", "what holds"], &rows)
    );
    for finding in report
        .findings
        .iter()
        .filter(|finding| finding.breaches > 0 || finding.unchecked.is_some())
    {
        outln!("\n{}:", finding.check.check);
        if let Some(why) = &finding.unchecked {
            outln!("  {}", plain(why));
        }
        for example in &finding.examples {
            outln!("  {}", plain(example));
        }
        let told = u64::try_from(finding.examples.len()).unwrap_or(0);
        if finding.breaches > told {
            outln!("  … and {} more", count(finding.breaches - told));
        }
    }
    outln!(
        "\nraw replies read again: {}\nrows compared with them: {}",
        count(report.replies),
        count(report.rows)
    );
    let odd = &report.odd;
    if odd.count > 0 {
        outln!(
            "odd items, which only the raw replies contain: {}",
            count(odd.count)
        );
        for example in &odd.examples {
            outln!("  {}", plain(example));
        }
        if odd.count > odd.examples.len() as u64 {
            outln!("  … all of them are in the table odd_items");
        }
    }
    if let Some(contents) = &report.contents {
        outln!("contents {contents}");
    }
    outln!(
        "{}",
        match (report.is_sound(), report.is_unchecked(), report.complete) {
            (true, ..) => "the archive is sound",
            (_, true, _) => "the archive could not be checked",
            (false, false, true) => "the archive is NOT sound",
            (false, false, false) => "the archive is NOT sound, and some checks could not run",
        }
    );
}
