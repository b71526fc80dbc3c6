//! `soracrawl demo`: crawls a simulated world with faults, and compares the archive with that world.

use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::Context;
use indicatif::MultiProgress;

use super::out::outln;
use super::table::{counted, layout, thousands};
use super::{Cli, Exit, logging, run};
use crate::api::Secret;
use crate::clock::Clock;
use crate::config::{Config, Log, LogFormat};
use crate::crawl::Plan;
use crate::daemon::{self, Archive, Signals};
use crate::model::{MicroUsd, Seed, SeedKind};
use crate::sim::{self, Sim, Truth};
use crate::store::read::{self, views};
use crate::store::{RunKind, Store};

/// Every demo has the same world and the same faults.
const SEED: u64 = 7;
const FAULTS: f64 = 0.08;

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Shape of the replies: wrapped as upstream, or flat as in the vendor's document
    #[arg(long, value_enum, default_value = "wrapped")]
    shape: sim::Shape,
}

pub(super) async fn run(cli: &Cli, args: &Args) -> anyhow::Result<Exit> {
    let bars =
        (std::io::stderr().is_terminal() && cli.source.log.is_none()).then(MultiProgress::new);
    // The faults are intended. Only those that the crawler cannot handle are logged.
    let log = Log {
        level: "error".to_owned(),
        format: cli.source.log.unwrap_or(LogFormat::Text),
    };
    let _ = logging::start(&log, bars.as_ref())?;
    let path = match &cli.source.archive {
        Some(path) => path.clone(),
        None => PathBuf::from(
            jiff::Timestamp::now()
                .strftime("soracrawl-demo-%Y%m%d-%H%M%S.db")
                .to_string(),
        ),
    };
    anyhow::ensure!(
        !path.exists(),
        "{} exists already. Name another file with --archive",
        path.display()
    );
    let sim = Sim::start(sim::Options {
        seed: SEED,
        faults: FAULTS,
        shape: args.shape,
        ..sim::Options::default()
    })
    .await
    .context("cannot start the simulator")?;
    outln!(
        "simulated world at {}; {:.0} % of its replies are faulty",
        sim.base_url(),
        FAULTS * 100.0
    );
    let config = config(&sim, path.clone());
    let signals = Signals::listen()?;
    let archive = Archive::open(&path, RunKind::Run, Clock::real()).await?;
    daemon::prepare(
        &archive.store,
        &Plan::new(config.crawl.clone()),
        &seeds(&sim),
        archive.clock.now(),
    )
    .await?;
    let key = Secret::new(sim::DEFAULT_KEY).map_err(|why| anyhow::anyhow!(why))?;
    let crawl = run::Crawl {
        until_idle: true,
        estimated: None,
        bars,
        is_quiet: false,
        steering: daemon::Steering::default(),
    };
    let crawled = run::crawl(archive, &config, &key, crawl, signals).await?;
    let is_equal = tell(&sim, &path).await?;
    sim.stop().await;
    Ok(if crawled == Exit::Done && is_equal {
        Exit::Done
    } else {
        Exit::Failed
    })
}

fn config(sim: &Sim, path: PathBuf) -> Config {
    let mut config = Config::default();
    config.archive.path = path;
    config.api.base_url = sim.base_url();
    config.limits.requests_per_second = 2000.0;
    config.limits.max_in_flight = 16;
    // The simulator recovers sooner than a real remote.
    config.limits.retry_base_seconds = 0.05;
    config.limits.max_attempts = 10;
    config.limits.max_paid_attempts = 10;
    config
}

/// Returns all users who post, the feed and the leaderboard: they lead to everything.
fn seeds(sim: &Sim) -> Vec<Seed> {
    let users = sim.world().seed_users().into_iter().map(|subject| Seed {
        kind: SeedKind::User,
        subject,
    });
    let lists = [SeedKind::Feed, SeedKind::Leaderboard].map(|kind| Seed {
        kind,
        subject: String::new(),
    });
    users.chain(lists).collect()
}

/// Reports what the archive contains, what it cost, and whether it equals the world.
async fn tell(sim: &Sim, path: &std::path::Path) -> anyhow::Result<bool> {
    let readers = Store::open_readers(path).await?;
    let mut rows = Vec::new();
    let mut is_equal = true;
    for Truth {
        kind,
        columns,
        rows: truth,
    } in sim.truth()
    {
        let archived = views::shown(&readers, kind, &columns).await?;
        let (missing, extra) = (
            truth.difference(&archived).count(),
            archived.difference(&truth).count(),
        );
        is_equal &= missing == 0 && extra == 0;
        let verdict = if missing == 0 && extra == 0 {
            "equal"
        } else {
            "DIFFERENT"
        };
        let count = |number: usize| thousands(i64::try_from(number).unwrap_or(i64::MAX));
        rows.push(vec![
            kind.to_owned(),
            count(archived.len()),
            count(truth.len()),
            count(missing),
            count(extra),
            verdict.to_owned(),
        ]);
    }
    outln!("\narchive compared with the truth of the world\n");
    outln!(
        "{}",
        layout(
            &["rows", ">archived", ">truth", ">missing", ">extra", ""],
            &rows
        )
    );
    let all = read::endpoints(&readers).await?;
    let sum = |of: fn(&read::EndpointStatus) -> i64| all.values().map(of).sum::<i64>();
    let cost = MicroUsd(sum(|of| of.cost_micro_usd));
    let archived_rows = sum(|of| of.rows);
    let repeated = read::repeated_pages(&readers).await?;
    outln!(
        "\ncalls {} ({} kept, {} failed and retried), {} charged, {} per thousand rows",
        thousands(sum(|of| of.answered + of.unknown + of.never_sent)),
        counted(sum(|of| of.kept), "page"),
        thousands(sum(|of| of.answered + of.unknown + of.never_sent - of.kept) - 1),
        cost,
        MicroUsd(cost.0 * 1000 / archived_rows.max(1)),
    );
    outln!("pages bought twice: {}", thousands(repeated));
    outln!("odd items: {}", thousands(sum(|of| of.odd_items)));
    readers.close().await;
    outln!("\narchive: {}\n\ntry:", path.display());
    for query in QUERIES {
        outln!("  sqlite3 {} \"{query}\"", path.display());
    }
    Ok(is_equal)
}

/// Example queries. A test runs them.
pub const QUERIES: [&str; 3] = [
    "select username, follower_count, post_count from users_now order by follower_count desc limit 5",
    "select depth, author_username, text from comment_tree where post_id = (select post_id from posts_now order by reply_count desc limit 1) order by path",
    "select endpoint, kept, cost_usd, row_count from spend_by_endpoint_and_day order by cost_usd desc",
];
