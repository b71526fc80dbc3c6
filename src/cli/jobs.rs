//! `soracrawl jobs`: lists jobs and why they ended, and requeues ended jobs.

use std::io::IsTerminal;

use super::out::{self, errln, outln};
use super::table::{counted, layout, plain, thousands};
use super::{Cli, Exit, Usage, control};
use crate::api::endpoints;
use crate::config::Config;
use crate::model::{MicroUsd, OpenJobs, Request, StopReason};
use crate::store::read::{self, BoughtAgain, JobLine};
use crate::store::{Requeue, Store};

/// Arguments of `jobs`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    what: Option<What>,

    #[command(flatten)]
    which: Which,

    /// Maximum number of jobs to list
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Requeue ended jobs, by default failed ones. A job continues from its cursor; a completed one, or one without a
    /// cursor, starts over. A list with the newest first then ends where it meets what is archived; of any other, every page
    /// is paid for again
    #[command(after_help = "Example: soracrawl jobs requeue --state failed")]
    Requeue(Again),
    /// Cancel open jobs. What is archived stays, and `jobs requeue` makes them ready again
    #[command(after_help = "Example: soracrawl jobs cancel --seed user:user-abc123")]
    Cancel(Cancelled),
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
struct Cancelled {
    /// Only jobs of this endpoint
    #[arg(long, value_name = "NAME")]
    endpoint: Option<String>,

    /// Only jobs of this subject
    #[arg(long, value_name = "ID")]
    subject: Option<String>,

    /// Only jobs of this seed: its number in `soracrawl seed list`, or kind:subject
    #[arg(long, value_name = "SEED")]
    seed: Option<String>,

    /// Only the job with this number
    #[arg(long, value_name = "N")]
    id: Option<i64>,

    /// All open jobs
    #[arg(long, conflicts_with_all = ["endpoint", "subject", "seed", "id"])]
    all: bool,
}

#[derive(Debug, Clone, clap::Args)]
struct Which {
    /// Only jobs in this state
    #[arg(long, value_parser = ["waiting", "ready", "leased", "done", "stopped", "failed"])]
    state: Option<String>,

    /// Only jobs of this endpoint
    #[arg(long, value_name = "NAME")]
    endpoint: Option<String>,

    /// Only jobs that ended for this reason
    #[arg(long, value_parser = StopReason::ALL.map(StopReason::as_str))]
    reason: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Again {
    /// State of the jobs [default: failed; with --id, any ended state]
    #[arg(long, value_parser = ["failed", "stopped", "done"])]
    state: Option<String>,

    /// Only jobs of this endpoint
    #[arg(long, value_name = "NAME")]
    endpoint: Option<String>,

    /// Only jobs that ended for this reason
    #[arg(long, value_parser = StopReason::ALL.map(StopReason::as_str))]
    reason: Option<String>,

    /// Only jobs of this subject
    #[arg(long, value_name = "ID")]
    subject: Option<String>,

    /// Only the job with this number
    #[arg(long, value_name = "N")]
    id: Option<i64>,

    /// Print what would be bought again, and change nothing
    #[arg(long)]
    dry_run: bool,

    /// Continue without asking for confirmation, whatever is bought again
    #[arg(long, short)]
    yes: bool,

    /// Start at the head of each list, also where the archive has a cursor. A list with the newest first goes on where it
    /// meets what is archived; of any other, every page is paid for again
    #[arg(long)]
    from_head: bool,

    /// Start at the head, and pay for every page again also where the list meets what is archived
    #[arg(long)]
    whole: bool,
}

pub(super) async fn run(cli: &Cli, args: &Args) -> anyhow::Result<Exit> {
    let config = cli.config()?;
    if let Some(What::Cancel(cancelled)) = &args.what {
        check_endpoint(cancelled.endpoint.as_deref())?;
        let jobs = OpenJobs {
            id: cancelled.id,
            endpoint: cancelled.endpoint.clone(),
            subject: cancelled.subject.clone(),
            seed_id: match &cancelled.seed {
                Some(seed) => Some(control::seed_id(&config, seed).await?),
                None => None,
            },
        };
        return control::send(cli, &config, &Request::Cancel(jobs)).await;
    }
    if let Some(What::Requeue(again)) = &args.what {
        check_endpoint(again.endpoint.as_deref())?;
        // Opening for writing would create a missing archive.
        let readers = Store::open_readers(&config.archive.path).await?;
        let which = Requeue {
            state: match (&again.state, again.id) {
                (None, None) => Some("failed".to_owned()),
                (state, _) => state.clone(),
            },
            endpoint: again.endpoint.clone(),
            subject: again.subject.clone(),
            reason: again.reason.clone(),
            id: again.id,
            from_head: again.from_head || again.whole,
            is_whole: again.whole,
            newest_first: endpoints::newest_first(),
        };
        if again.dry_run {
            show(&read::bought_again(&readers, &which).await?, again.whole);
            return Ok(Exit::Done);
        }
        readers.close().await;
        let store = cli.open(&config).await?;
        let bought_again = read::bought_again(store.readers(), &which).await?;
        let (jobs, cost) = show(&bought_again, again.whole);
        if jobs == 0 {
            errln!("error: no ended job matches. List all with `soracrawl jobs`");
            return Ok(Exit::Failed);
        }
        if !confirm(&config, again.yes, cost)? {
            return Ok(Exit::Usage);
        }
        let requeued = store.requeue(&which).await?;
        store.close().await?;
        outln!("{} ready again", counted(requeued, "job"));
        return Ok(Exit::Done);
    }
    check_endpoint(args.which.endpoint.as_deref())?;
    let readers = Store::open_readers(&config.archive.path).await?;
    let which = &args.which;
    let lines = read::jobs(
        &readers,
        which.state.as_deref(),
        which.endpoint.as_deref(),
        which.reason.as_deref(),
        args.limit,
    )
    .await?;
    if args.json {
        out::json(&lines)?;
    } else if lines.is_empty() {
        outln!("no matching jobs");
    } else {
        let heads = [
            ">id",
            "endpoint",
            "subject",
            "state",
            "reason",
            ">pages",
            ">items",
            ">tries",
            ">last call",
            "why",
        ];
        outln!(
            "{}",
            layout(&heads, &lines.iter().map(row).collect::<Vec<_>>())
        );
        if lines.len() == usize::try_from(args.limit).unwrap_or(usize::MAX) {
            outln!("(first {}; use --limit to list more)", args.limit);
        }
    }
    Ok(Exit::Done)
}

/// Refuses an endpoint that does not exist.
fn check_endpoint(name: Option<&str>) -> anyhow::Result<()> {
    match name {
        Some(name) if endpoints::find(name).is_none() => Err(Usage(format!(
            "unknown endpoint `{}`. List all with `soracrawl endpoints`",
            plain(name)
        ))
        .into()),
        _ => Ok(()),
    }
}

/// Prints what a requeue buys again. Returns the number of its jobs, and the cost.
fn show(of: &[BoughtAgain], is_whole: bool) -> (i64, MicroUsd) {
    let (mut jobs, mut pages, mut cost) = (0, 0, MicroUsd(0));
    for part in of {
        let price = endpoints::find(&part.endpoint).map_or(MicroUsd(0), |entry| entry.price);
        jobs += part.jobs;
        pages += part.pages;
        cost = MicroUsd(cost.0.saturating_add((price * part.pages).0));
    }
    outln!(
        "{}: {} that the archive has would be bought again, for {cost}",
        counted(jobs, "job"),
        counted(pages, "page")
    );
    let newest_first = endpoints::newest_first();
    let meets =
        |part: &BoughtAgain| part.pages > 0 && newest_first.contains(&part.endpoint.as_str());
    if !is_whole && of.iter().any(meets) {
        outln!(
            "or fewer: lists with the newest first go on where they meet what is archived (not with --whole)"
        );
    }
    (jobs, cost)
}

/// Asks above the threshold. Returns whether to requeue.
fn confirm(config: &Config, yes: bool, cost: MicroUsd) -> anyhow::Result<bool> {
    if yes || cost <= config.budget.confirm_above_usd {
        return Ok(true);
    }
    let question = format!(
        "this buys pages again for {cost}, above budget.confirm_above_usd ({})",
        config.budget.confirm_above_usd
    );
    if !std::io::stdin().is_terminal() {
        errln!("error: {question}. Repeat with --yes, or see --dry-run");
        return Ok(false);
    }
    super::run::ask(&question)
}

fn row(line: &JobLine) -> Vec<String> {
    let why = line
        .note
        .as_deref()
        .or(line.last_error.as_deref())
        .unwrap_or("");
    vec![
        line.id.to_string(),
        line.endpoint.clone(),
        plain(&line.subject),
        line.state.clone(),
        line.stop_reason.clone().unwrap_or_default(),
        thousands(line.pages),
        thousands(line.items),
        line.attempts.to_string(),
        line.last_call_id
            .map(|id| id.to_string())
            .unwrap_or_default(),
        plain(why),
    ]
}
