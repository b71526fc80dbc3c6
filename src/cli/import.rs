//! `soracrawl import`: keeps replies that other tools stored, or another archive.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::bar::Bar;
use super::out::{self, errln, outln};
use super::table::{counted, layout, plain, thousands};
use super::{Cli, Exit, Usage, logging};
use crate::api::{Entry, endpoints};
use crate::clock::{Clock, unix_seconds};
use crate::config::Config;
use crate::daemon::{
    self, Archive, FileReport, ImportProgress, ImportReport, ImportWish, Signals, WhyNot,
};
use crate::erase::people_in;
use crate::model::seed::{Kind, SeedKind, item};
use crate::replies::People;
use crate::replies::import::Given;
use crate::store::{Error, RunKind, Store};

/// Entries of a file that are named on a terminal. `--json` has more of them.
const NAMED: usize = 20;

/// Arguments of `import`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Files or folders: JSON, JSON lines, HAR, WARC, or another archive; also compressed with gzip or zstd. Links are not followed
    #[arg(required = true, value_name = "FILE")]
    paths: Vec<PathBuf>,

    /// Show what the import will do, and write nothing
    #[arg(long)]
    dry_run: bool,

    /// Endpoint of replies whose request the files do not say, not even by an address. Others stay what they are
    #[arg(long, value_name = "NAME")]
    endpoint: Option<String>,

    /// Whom or what these replies are about: the id of the user, the post or the comment, or the text of the search
    #[arg(long, value_name = "ID", requires = "endpoint")]
    subject: Option<String>,

    /// When replies were received of which neither the entry nor the envelope says a plausible time that can be read: a date, or a time with offset
    #[arg(long, value_name = "WHEN", value_parser = unix_seconds)]
    time: Option<f64>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(cli: &Cli, args: &Args) -> anyhow::Result<Exit> {
    let mut signals = Signals::listen()?;
    let config = cli.config()?;
    let wish = wish(args)?;
    let progress = Arc::new(ImportProgress::default());
    let bar = Bar::start("importing", {
        let progress = progress.clone();
        move || {
            let of = |it: &std::sync::atomic::AtomicU64| it.load(Ordering::Relaxed);
            (
                of(&progress.read),
                of(&progress.bytes),
                of(&progress.replies),
            )
        }
    });
    let _ = logging::start(&config.log, bar.bars())?;
    let report = match args.dry_run {
        true => dry_run(&config, &wish, &mut signals, &progress).await,
        false => import(cli, &config, &wish, &mut signals, &progress).await,
    };
    bar.end().await;
    let report = report?;
    match args.json {
        true => out::json(&report)?,
        false => print(&report, args.dry_run),
    }
    Ok(match report.is_interrupted || report.has_bad() {
        true => Exit::GaveUp,
        false => Exit::Done,
    })
}

fn wish(args: &Args) -> Result<ImportWish, Usage> {
    let entry = match &args.endpoint {
        None => None,
        Some(name) => Some(endpoints::find(name).ok_or_else(|| {
            Usage(format!(
                "unknown endpoint `{name}`. List all with `soracrawl endpoints`"
            ))
        })?),
    };
    if let Some(missing) = args
        .paths
        .iter()
        .find(|path| std::fs::symlink_metadata(path).is_err())
    {
        return Err(Usage(format!("{} does not exist", missing.display())));
    }
    let subject = subject(entry, args.subject.as_deref())?;
    Ok(ImportWish {
        paths: args.paths.clone(),
        given: Given {
            entry,
            subject,
            at: args.time,
        },
    })
}

/// Returns the id that the user gave, as a job has it.
fn subject(entry: Option<&Entry>, given: Option<&str>) -> Result<Option<String>, Usage> {
    let Some(given) = given else { return Ok(None) };
    let kind = match entry.and_then(|entry| entry.subject) {
        Some("user_id") => Kind::Users,
        Some("post_id") => Kind::Posts,
        _ => return Ok(Some(given.to_owned())),
    };
    match item(kind, given) {
        Ok(seed) if seed.kind != SeedKind::Name => Ok(Some(seed.subject)),
        Ok(_) => Err(Usage(format!(
            "--subject {given}: it is a name, and a reply belongs to an id: user-…"
        ))),
        Err(why) => Err(Usage(format!("--subject: {why}"))),
    }
}

async fn import(
    cli: &Cli,
    config: &Config,
    wish: &ImportWish,
    signals: &mut Signals,
    progress: &Arc<ImportProgress>,
) -> anyhow::Result<ImportReport> {
    let path = &config.archive.path;
    let archive =
        Archive::open_with(path, RunKind::Import, cli.precaution(), Clock::real()).await?;
    let plan = crate::crawl::Plan::new(config.crawl.clone());
    let prepared = daemon::prepare(
        &archive.store,
        &plan,
        &config.seeds.list(),
        archive.clock.now(),
    )
    .await;
    let report = match prepared {
        Ok(_) => daemon::import(&archive, config, wish, signals, progress).await,
        Err(why) => Err(why),
    };
    let reason = match &report {
        Ok(report) if !report.is_interrupted => "idle",
        Ok(_) => "signal",
        Err(_) => "failed",
    };
    let closed = archive
        .close_when_writable((reason, None), signals, false)
        .await;
    let report = report?;
    closed.map(|()| report)
}

async fn dry_run(
    config: &Config,
    wish: &ImportWish,
    signals: &mut Signals,
    progress: &Arc<ImportProgress>,
) -> anyhow::Result<ImportReport> {
    let path = &config.archive.path;
    let mut is_older = false;
    let readers = match path.exists() {
        false => None,
        true => match Store::open_current_readers(path).await {
            Ok(readers) => Some(readers),
            // An import brings it up to date first.
            Err(Error::Older { path }) => {
                errln!(
                    "{path} was written by an older version of soracrawl, so what it has already is counted as new, and \
                     erased people are not known. \
                     `soracrawl import` without --dry-run brings it up to date"
                );
                is_older = true;
                None
            }
            Err(why) => return Err(why.into()),
        },
    };
    let people = match is_older {
        true => Ok(People::default()),
        false => people_in(path, readers.as_ref()).await,
    };
    let people = people.map_err(|why| anyhow::anyhow!(why))?;
    let with = (signals, progress);
    let report = daemon::import_dry(readers.as_ref(), people, config, wish, with).await;
    if let Some(readers) = readers {
        readers.close().await;
    }
    report
}

fn print(report: &ImportReport, is_dry: bool) {
    for file in &report.files {
        print_file(file, is_dry);
    }
    if report.files.len() > 1 {
        let new = report.new_replies();
        let known: u64 = report.files.iter().map(|file| file.known).sum();
        outln!("{}", sentence(new, known, is_dry));
    }
    if report.taken > 0 {
        outln!(
            "{} of jobs came from imported replies; they are not bought",
            counted(report.taken, "page")
        );
    }
    if report.is_interrupted {
        errln!("interrupted. The same command goes on where it stopped");
    }
}

fn sentence(new: u64, known: u64, is_dry: bool) -> String {
    let verb = if is_dry {
        "would be imported"
    } else {
        "imported"
    };
    match known {
        0 => format!(
            "{} {verb}",
            counted(new, "reply").replace("replys", "replies")
        ),
        _ => format!(
            "{} {verb}, {} in the archive already",
            counted(new, "reply").replace("replys", "replies"),
            thousands(i64::try_from(known).unwrap_or(i64::MAX))
        ),
    }
}

fn print_file(file: &FileReport, is_dry: bool) {
    let new: u64 = file.new.values().sum();
    match file.is_folder() {
        true => outln!("{}:", plain(&file.file)),
        false => outln!(
            "{}: {}",
            plain(&file.file),
            sentence(new, file.known, is_dry)
        ),
    }
    let rows: Vec<Vec<String>> = file
        .new
        .iter()
        .map(|(endpoint, number)| {
            let number = i64::try_from(*number).unwrap_or(i64::MAX);
            vec![format!("  {endpoint}"), thousands(number)]
        })
        .collect();
    if rows.len() > 1 {
        outln!("{}", layout(&["  endpoint", ">replies"], &rows));
    } else if let Some((endpoint, _)) = file.new.iter().next() {
        outln!("  all of {endpoint}");
    }
    for (what, number) in &file.other {
        outln!(
            "  passed over: {} ({})",
            counted(*number, "other entry").replace("entrys", "entries"),
            plain(what)
        );
    }
    for not in file.not_imported.iter().take(NAMED) {
        let word = match not.why {
            WhyNot::Bad => "not imported",
            WhyNot::Erased => "left out",
        };
        errln!(
            "{word}: {}, {}: {}",
            plain(&file.file),
            plain(&not.place),
            plain(&not.reason)
        );
    }
    let more = file.not_imported.len().saturating_sub(NAMED) as u64 + file.not_imported_more;
    if more > 0 {
        errln!(
            "not imported: {more} more of {}; --json names the first {}",
            plain(&file.file),
            file.not_imported.len()
        );
    }
}
