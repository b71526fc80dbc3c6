//! `soracrawl seed`: adds seeds.

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

use anyhow::Context;
use indicatif::ProgressBar;

use super::out::{self, errln, outln};
use super::table::{counted, counted_are, layout, plain};
use super::{Cli, Exit, Usage, control};
use crate::clock::{Clock, day, minute};
use crate::config::Config;
use crate::crawl::Plan;
use crate::daemon::{self, seed_file};
use crate::model::seed::{Kind, item, seed};
use crate::model::{MicroUsd, Request, Seed, SeedKind};
use crate::store::{SeedLine, Seeded, Store};

/// So many seeds take long enough for a progress bar.
const MANY: usize = 20_000;

/// Arguments of `seed`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Add users: ids (user-…, ch_…), profile URLs or @names
    #[command(after_help = "Example: soracrawl seed users user-abc123 @someone")]
    Users(Users),
    /// Add posts: ids (s_…) or URLs
    #[command(after_help = "Example: soracrawl seed posts --file posts.csv")]
    Posts(Items),
    /// Add searches for users by a part of their name
    #[command(after_help = "Example: soracrawl seed searches cat")]
    Searches(Items),
    /// Add the current feed
    #[command(after_help = "Example: soracrawl seed feed")]
    Feed,
    /// Add the current cameo leaderboard
    #[command(after_help = "Example: soracrawl seed leaderboard")]
    Leaderboard,
    /// List the seeds with what they cost
    #[command(after_help = "Example: soracrawl seed list --json")]
    List(List),
    /// Remove a seed: its open jobs are cancelled, except those that other seeds lead to. What is archived stays
    #[command(after_help = "Example: soracrawl seed remove user:user-abc123")]
    Remove {
        /// Its number in `soracrawl seed list`, or kind:subject
        #[arg(value_name = "SEED")]
        seed: String,
    },
}

#[derive(Debug, clap::Args)]
struct List {
    /// Maximum number of seeds to list
    #[arg(long, default_value_t = 1000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct Items {
    /// Items to seed; without items and --file, standard input is read
    items: Vec<String>,

    /// File with one item per line, or CSV with a header; - is standard input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,

    /// Add the valid items although others are invalid; otherwise none is added
    #[arg(long)]
    keep_good: bool,
}

#[derive(Debug, clap::Args)]
struct Users {
    #[command(flatten)]
    items: Items,

    /// Take @names from the archive instead of searching for them: the user whom it saw last under the name
    #[arg(long)]
    known_names: bool,
}

pub(super) async fn run(cli: &Cli, args: &Args) -> anyhow::Result<Exit> {
    let config = cli.config()?;
    let single = |kind| (vec![seed(kind, "")], Vec::new());
    let (mut seeds, bad) = match &args.what {
        What::Users(users) => collect(Kind::Users, &users.items)?,
        What::Posts(items) => collect(Kind::Posts, items)?,
        What::Searches(items) => collect(Kind::Searches, items)?,
        What::Feed => single(SeedKind::Feed),
        What::Leaderboard => single(SeedKind::Leaderboard),
        What::List(list) => return list_seeds(&config, list).await,
        What::Remove { seed } => {
            let id = control::seed_id(&config, seed).await?;
            return control::send(cli, &config, &Request::RemoveSeed(id)).await;
        }
    };
    for why in &bad {
        errln!("error: {}", plain(why));
    }
    if !bad.is_empty() && (seeds.is_empty() || !args.keeps_good()) {
        errln!(
            "error: nothing is added, because {} invalid. Correct the input, or add the valid items with --keep-good",
            counted_are(bad.len(), "item")
        );
        return Ok(Exit::Usage);
    }
    let store = cli.open(&config).await?;
    if matches!(&args.what, What::Users(users) if users.known_names) {
        seeds = known(&store, seeds).await?;
    }
    let plan = Plan::new(config.crawl.clone());
    let seeded = plant(&store, &plan, &seeds).await?;
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
            "completed jobs are not walked again. To walk them again: `soracrawl jobs requeue --state done`"
        );
    }
    Ok(if bad.is_empty() {
        Exit::Done
    } else {
        Exit::GaveUp
    })
}

async fn list_seeds(config: &Config, list: &List) -> anyhow::Result<Exit> {
    let readers = Store::open_current_readers(&config.archive.path).await?;
    let lines = Store::seed_lines(&readers, 0, list.limit).await?;
    if list.json {
        out::json(&lines)?;
        return Ok(Exit::Done);
    }
    let row = |line: &SeedLine| {
        vec![
            line.id.to_string(),
            line.kind.clone(),
            plain(&line.subject),
            minute(line.added_at),
            MicroUsd(line.charged_micro_usd).to_string(),
        ]
    };
    let rows: Vec<Vec<String>> = lines.iter().map(row).collect();
    match rows.is_empty() {
        true => outln!("no seeds"),
        false => outln!(
            "{}",
            layout(&[">id", "kind", "subject", "added", ">charged"], &rows)
        ),
    }
    if lines.len() == usize::try_from(list.limit).unwrap_or(usize::MAX) {
        outln!("(first {}; use --limit to list more)", list.limit);
    }
    Ok(Exit::Done)
}

impl Args {
    fn keeps_good(&self) -> bool {
        match &self.what {
            What::Users(users) => users.items.keep_good,
            What::Posts(items) | What::Searches(items) => items.keep_good,
            What::Feed | What::Leaderboard | What::List(_) | What::Remove { .. } => false,
        }
    }
}

/// Adds the seeds, with a progress bar if there are many.
async fn plant(store: &Store, plan: &Plan, seeds: &[Seed]) -> anyhow::Result<Seeded> {
    let bar = match seeds.len() >= MANY {
        true => ProgressBar::new(seeds.len() as u64),
        false => ProgressBar::hidden(),
    };
    let now = Clock::real().now();
    let seeded = daemon::plant(store, plan, seeds, now, |seeds| bar.inc(seeds as u64)).await;
    bar.finish_and_clear();
    seeded
}

/// Replaces names by the users whom the archive saw last under them, and says whom. Other names stay.
async fn known(store: &Store, seeds: Vec<Seed>) -> anyhow::Result<Vec<Seed>> {
    let mut found = Vec::with_capacity(seeds.len());
    for asked in seeds {
        let users = match asked.kind {
            SeedKind::Name => store.users_named(&asked.subject).await?,
            _ => Vec::new(),
        };
        let Some(user) = users.first() else {
            if asked.kind == SeedKind::Name {
                outln!(
                    "@{} is not in the archive; it will be searched for",
                    plain(&asked.subject)
                );
            }
            found.push(asked);
            continue;
        };
        outln!(
            "@{} is {}, seen from {} to {}",
            plain(&asked.subject),
            user.user_id,
            day(user.first_seen_at),
            day(user.last_seen_at)
        );
        for other in &users[1..] {
            outln!(
                "  not {}, who was last seen under this name on {}",
                other.user_id,
                day(other.last_seen_at)
            );
        }
        found.push(seed(SeedKind::User, &user.user_id));
    }
    Ok(found)
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
        let (more, wrong) = seed_file::read(kind, &bytes_of(&file)?)
            .map_err(|why| Usage(format!("{name}: {why}")))?;
        seeds.extend(more);
        bad.extend(wrong.into_iter().map(|bad| format!("{name}, {bad}")));
    }
    Ok((seeds, bad))
}

/// Reads a file, or standard input for `-`.
pub(super) fn bytes_of(file: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        std::io::stdin()
            .read_to_end(&mut bytes)
            .context("cannot read standard input")?;
    } else {
        bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    }
    Ok(bytes)
}
