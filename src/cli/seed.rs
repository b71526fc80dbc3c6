//! `soracrawl seed`: adds seeds.

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::out::outln;
use super::seed_file;
use super::table::counted;
use super::{Cli, Exit, Usage};
use crate::clock::Clock;
use crate::crawl::Plan;
use crate::daemon;
use crate::model::seed::{Kind, item};
use crate::model::{Seed, SeedKind};
use crate::store::Store;

/// Arguments of `seed`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Add users: ids (user-…, ch_…), profile URLs or @names
    Users(Items),
    /// Add posts: ids (s_…) or URLs
    Posts(Items),
    /// Add searches for users by a part of their name
    Searches(Items),
    /// Add the current feed
    Feed,
    /// Add the current cameo leaderboard
    Leaderboard,
}

#[derive(Debug, clap::Args)]
struct Items {
    /// Items to seed; without items and --file, standard input is read
    items: Vec<String>,

    /// File with one item per line, or CSV with a header; - is standard input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

pub(super) async fn run(cli: &Cli, args: &Args) -> anyhow::Result<Exit> {
    let config = cli.config()?;
    let (seeds, bad) = match &args.what {
        What::Users(items) => collect(Kind::Users, items)?,
        What::Posts(items) => collect(Kind::Posts, items)?,
        What::Searches(items) => collect(Kind::Searches, items)?,
        What::Feed => (
            vec![Seed {
                kind: SeedKind::Feed,
                subject: String::new(),
            }],
            Vec::new(),
        ),
        What::Leaderboard => (
            vec![Seed {
                kind: SeedKind::Leaderboard,
                subject: String::new(),
            }],
            Vec::new(),
        ),
    };
    for why in &bad {
        eprintln!("error: {why}");
    }
    let store = Store::open(&config.archive.path).await?;
    let seeded = daemon::plant(
        &store,
        &Plan::new(config.crawl.clone()),
        &seeds,
        Clock::real().now(),
    )
    .await?;
    store.close().await?;
    outln!(
        "{}, {} known already; {} in {}",
        counted(seeded.new_seeds, "new seed"),
        seeded.known_seeds,
        counted(seeded.new_jobs, "new job"),
        config.archive.path.display()
    );
    if seeded.resumed_jobs > 0 {
        outln!(
            "{} ready again, which the budget of another seed had stopped",
            counted(seeded.resumed_jobs, "job")
        );
    }
    if seeded.known_seeds > 0 && seeded.new_jobs == 0 {
        outln!(
            "completed jobs are not bought again. To buy them again: `soracrawl jobs requeue --state done`"
        );
    }
    Ok(match (bad.is_empty(), seeds.is_empty()) {
        (true, _) => Exit::Done,
        (false, false) => Exit::GaveUp,
        (false, true) => Exit::Usage,
    })
}

/// Collects the seeds of the arguments and of the file, and the errors of invalid items.
fn collect(kind: Kind, items: &Items) -> anyhow::Result<(Vec<Seed>, Vec<String>)> {
    let (mut seeds, mut bad) = (Vec::new(), Vec::new());
    for text in &items.items {
        match item(kind, text) {
            Ok(seed) => seeds.push(seed),
            Err(why) => bad.push(why),
        }
    }
    let file = match (&items.file, items.items.is_empty()) {
        (Some(file), _) => Some(file.clone()),
        (None, true) if std::io::stdin().is_terminal() => {
            return Err(Usage("no items. Name the items, or use --file".to_owned()).into());
        }
        (None, true) => Some(PathBuf::from("-")),
        (None, false) => None,
    };
    if let Some(file) = file {
        let name = if file == Path::new("-") {
            "standard input".to_owned()
        } else {
            file.display().to_string()
        };
        let (more, wrong) = seed_file::read(kind, &text_of(&file)?);
        seeds.extend(more);
        bad.extend(wrong.into_iter().map(|bad| format!("{name}, {bad}")));
    }
    Ok((seeds, bad))
}

fn text_of(file: &Path) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        std::io::stdin()
            .read_to_end(&mut bytes)
            .context("cannot read standard input")?;
    } else {
        bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
