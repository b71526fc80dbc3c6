//! `soracrawl reparse`: makes all rows again from the kept replies.

use std::path::Path;

use super::out::{self, errln, outln};
use super::steps::Steps;
use super::table::{counted, layout, plain, thousands};
use super::{Cli, Exit};
use crate::clock::Clock;
use crate::config::Config;
use crate::daemon::{Signals, lock_for};
use crate::erase::people_of;
use crate::replies::{People, Purpose, Reader, Reparsed, reparse};
use crate::report::words::span;
use crate::store::Store;

/// Arguments of `reparse`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only report what would change. The archive stays as it is
    #[arg(long)]
    check: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(cli: &Cli, args: &Args) -> anyhow::Result<Exit> {
    let mut signals = Signals::listen()?;
    let config = cli.config()?;
    match made(cli, args, &config, &mut signals).await {
        // Only a check that was made says that rows would change.
        Err(error) if args.check => {
            errln!("error: {error:#}");
            Ok(Exit::Unchecked)
        }
        made => made,
    }
}

async fn made(
    cli: &Cli,
    args: &Args,
    config: &Config,
    signals: &mut Signals,
) -> anyhow::Result<Exit> {
    let path = &config.archive.path;
    // Opening for writing would create a missing archive.
    Store::open_readers(path).await?.close().await;
    let clock = Clock::real();
    let began = clock.steady();
    let lock = lock_for(path, "soracrawl reparse", &clock)?;
    let (people, purpose) = match args.check {
        // What is kept has nobody who is erased.
        true => (People::default(), Purpose::Check),
        false => (people(cli, config).await?, Purpose::Replace),
    };
    let mut steps = Steps::new();
    let work = reparse(path, (Reader::default(), people), purpose, |step| {
        steps.show(step.name, step.done, step.all);
    });
    let done = tokio::select! {
        done = work => done,
        name = signals.next() => anyhow::bail!("stopped by {name}. The archive was not changed"),
    };
    drop((steps, lock));
    let done = done?;
    if args.json {
        let mut json = serde_json::to_value(&done)?;
        json["archive"] = path.display().to_string().into();
        json["changed"] = done.is_changed().into();
        out::json(&json)?;
    } else {
        print(path, &done, clock.steady() - began);
    }
    Ok(match args.check && done.is_changed() {
        true => Exit::Failed,
        false => Exit::Done,
    })
}

/// Brings the archive to the schema of this version, and returns whom no row may bring back.
async fn people(cli: &Cli, config: &Config) -> anyhow::Result<People> {
    let store = cli.open(config).await?;
    let people = people_of(&store).await;
    let erasures = store.erasures().await;
    store.close().await?;
    if erasures?.iter().any(|(_, is_done)| !is_done) {
        anyhow::bail!(
            "an erasure is not complete, so replies may still show these people. Run `soracrawl erase --finish` first"
        );
    }
    people.map_err(|why| anyhow::anyhow!(why))
}

fn print(path: &Path, done: &Reparsed, seconds: f64) {
    let count = |number: u64| thousands(i64::try_from(number).unwrap_or(i64::MAX));
    outln!("archive  {}", path.display());
    outln!("replies  {} read again", count(done.replies));
    if done.removed > 0 {
        outln!(
            "removed  {} replies; their rows were copied",
            count(done.removed)
        );
    }
    if let Some(example) = &done.example {
        errln!(
            "warning: the replies of {} cannot be read. Their rows were copied: {}",
            counted(done.unreadable, "call"),
            plain(example)
        );
    }
    let rows = done.tables.iter().map(|table| table.rows).sum();
    outln!("rows     {}", count(rows));
    outln!("copied   {} without a whole reply", count(done.copied));
    if done.corrected > 0 {
        outln!(
            "counted  {} calls have other numbers in the ledger",
            count(done.corrected)
        );
    }
    let changed: Vec<Vec<String>> = done
        .tables
        .iter()
        .filter(|table| table.is_any())
        .map(|table| {
            vec![
                table.table.to_owned(),
                count(table.rows),
                count(table.new),
                count(table.gone),
                count(table.changed),
            ]
        })
        .collect();
    match changed.is_empty() {
        true => outln!("changes  none"),
        false => outln!(
            "\n{}\n",
            layout(&["table", ">rows", ">new", ">gone", ">changed"], &changed)
        ),
    }
    for table in &done.tables {
        for example in &table.examples {
            outln!("  {} {}", table.table, plain(example));
        }
    }
    outln!("before   {}", done.before);
    outln!("contents {}", done.after);
    outln!("took     {}", span(seconds));
}
