//! `soracrawl estimate`: shows the cost of the pending jobs before it is spent.

use super::out::{self, outln};
use super::table::{counted, layout, thousands};
use super::{Cli, Exit};
use crate::config::Config;
use crate::crawl::Plan;
use crate::model::MicroUsd;
use crate::report::estimate::{self, Estimate};
use crate::store::Store;

/// Arguments of `estimate`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(cli: &Cli, args: &Args) -> anyhow::Result<Exit> {
    let config = cli.config()?;
    let readers = Store::open_readers(&config.archive.path).await?;
    let plan = Plan::new(config.crawl.clone());
    let estimate = estimate::of(&readers, &plan, &config.seeds.list()).await?;
    if args.json {
        out::json(&estimate)?;
    } else {
        print(&estimate);
    }
    Ok(Exit::Done)
}

/// Prints the estimate of a run with this configuration, also before the archive exists.
pub(super) async fn of_run(config: &Config) -> anyhow::Result<Exit> {
    if !config.archive.path.exists() {
        outln!(
            "there is no archive {} yet; it would begin with {}",
            config.archive.path.display(),
            counted(config.seeds.list().len(), "seed")
        );
        return Ok(Exit::Done);
    }
    let readers = Store::open_readers(&config.archive.path).await?;
    let plan = Plan::new(config.crawl.clone());
    print(&estimate::of(&readers, &plan, &config.seeds.list()).await?);
    Ok(Exit::Done)
}

fn print(estimate: &Estimate) {
    if estimate.lines.is_empty() {
        outln!("No pending jobs; a run would cost $0.00");
        return;
    }
    let usd = |micros: i64| MicroUsd(micros).to_string();
    let rows: Vec<Vec<String>> = estimate
        .lines
        .iter()
        .map(|line| {
            vec![
                line.endpoint.to_owned(),
                thousands(line.jobs),
                thousands(line.least_calls),
                thousands(line.expected_calls),
                line.most_calls.map_or("?".to_owned(), thousands),
                usd(line.least_micro_usd),
                usd(line.expected_micro_usd),
                line.most_micro_usd.map_or("?".to_owned(), usd),
            ]
        })
        .collect();
    let heads = [
        "endpoint",
        ">jobs",
        ">calls at least",
        ">expected",
        ">at most",
        ">$ at least",
        ">$ expected",
        ">$ at most",
    ];
    outln!("{}", layout(&heads, &rows));
    let least: i64 = estimate.lines.iter().map(|line| line.least_micro_usd).sum();
    if !estimate.follow_ups.is_empty() {
        let rows: Vec<Vec<String>> = estimate
            .follow_ups
            .iter()
            .map(|next| {
                vec![
                    next.endpoint.to_owned(),
                    thousands(next.expected_calls),
                    thousands(next.upper_calls),
                    usd(next.expected_micro_usd),
                    usd(next.upper_micro_usd),
                ]
            })
            .collect();
        let heads = [
            "follow-ups",
            ">calls expected",
            ">upper",
            ">$ expected",
            ">$ upper",
        ];
        outln!("\n{}", layout(&heads, &rows));
    }
    outln!(
        "\ntotal at least {}, expected {} to {}",
        usd(least),
        estimate.expected(),
        estimate.upper()
    );
    let unknown: Vec<String> = estimate
        .lines
        .iter()
        .filter_map(|line| Some(format!("  {}: {}", line.endpoint, line.unknown.as_ref()?)))
        .collect();
    if !unknown.is_empty() {
        outln!("unknown:\n{}", unknown.join("\n"));
    }
}
