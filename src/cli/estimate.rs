//! `soracrawl estimate`: what the waiting jobs will cost, before anything is spent.

use sqlx::sqlite::SqlitePool;

use super::out::say;
use super::table::{layout, thousands};
use super::{Cli, Exit};
use crate::api::endpoints;
use crate::crawl::Plan;
use crate::crawl::estimate::{self, Estimate};
use crate::model::MicroUsd;
use crate::store::{Store, report};

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
    let estimate = of(&readers, &plan).await?;
    if args.json {
        say!("{}", serde_json::to_string_pretty(&estimate)?);
    } else {
        print(&estimate);
    }
    Ok(Exit::Done)
}

/// The estimate of the archive's waiting jobs under a plan.
///
/// # Errors
/// Where the archive cannot be read.
pub(super) async fn of(readers: &SqlitePool, plan: &Plan) -> anyhow::Result<Estimate> {
    let statuses = report::endpoints(readers).await?;
    let mut estimate = Estimate::default();
    for name in plan.endpoints() {
        let Some(entry) = endpoints::find(name) else {
            continue;
        };
        let (items, kept) = statuses
            .get(name)
            .map_or((0, 0), |status| (status.items, status.kept));
        let size = estimate::page_size(entry, items, kept);
        let waiting = report::waiting(readers, name, size, plan.max_depth()).await?;
        if waiting.jobs > 0 {
            estimate.lines.push(estimate::line(entry, &waiting));
            estimate
                .leads_to
                .extend(entry.leads_to.iter().filter(|next| may_follow(plan, next)));
        }
    }
    estimate.leads_to.sort_unstable();
    estimate.leads_to.dedup();
    Ok(estimate)
}

/// Whether a reply may lead to this endpoint under the plan: at depth 0 only a seed's own lists are walked.
fn may_follow(plan: &Plan, endpoint: &str) -> bool {
    plan.endpoints().contains(&endpoint)
        && (plan.max_depth() > 0 || !endpoint.starts_with("get_user_"))
}

fn print(estimate: &Estimate) {
    if estimate.lines.is_empty() {
        say!("nothing waits: a run would cost nothing");
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
    say!("{}", layout(&heads, &rows));
    let least: i64 = estimate.lines.iter().map(|line| line.least_micro_usd).sum();
    say!(
        "\nin all at least {}, expected {}",
        usd(least),
        estimate.expected()
    );
    let mut unknown: Vec<String> = estimate
        .lines
        .iter()
        .filter_map(|line| Some(format!("  {}: {}", line.endpoint, line.unknown.as_ref()?)))
        .collect();
    if !estimate.leads_to.is_empty() {
        let next = estimate.leads_to.join(", ");
        unknown.push(format!(
            "  what the replies lead to ({next}): how much, they will say"
        ));
    }
    if !unknown.is_empty() {
        say!("not known:\n{}", unknown.join("\n"));
    }
}
