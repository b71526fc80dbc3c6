//! `soracrawl status`: shows what the crawl does, what it has and what it costs.

use super::out::outln;
use super::progress::span;
use super::table::{layout, plain, thousands};
use super::{Cli, Exit};
use crate::api::endpoints;
use crate::clock::Clock;
use crate::config::Config;
use crate::model::MicroUsd;
use crate::report::status::{self, Status};
use crate::store::read::{self, EndpointStatus};
use crate::store::{Lock, Store};

/// Arguments of `status`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,

    /// Only report by the exit code whether a daemon runs on the archive: 0 yes, 1 no
    #[arg(long)]
    check: bool,
}

pub(super) async fn run(cli: &Cli, args: &Args) -> anyhow::Result<Exit> {
    let config = cli.config()?;
    // Asked before this process connects to the file.
    let holder = Lock::holder(&config.archive.path)?.map(|held| held.0);
    let readers = Store::open_readers(&config.archive.path).await?;
    if args.check {
        // Reading shows that the file works; the lock shows that a daemon runs.
        read::last_run(&readers).await?;
        outln!(
            "{}",
            holder
                .as_deref()
                .unwrap_or("no daemon runs on this archive")
        );
        return Ok(if holder.is_some() {
            Exit::Done
        } else {
            Exit::Failed
        });
    }
    let status = status::read(&config, &readers, holder, Clock::real().now()).await?;
    if args.json {
        outln!("{:#}", json(&status));
    } else {
        print(&config, &status);
    }
    Ok(Exit::Done)
}

fn print(config: &Config, status: &Status) {
    outln!(
        "archive  {}{}",
        config.archive.path.display(),
        sizes(&config.archive.path, status)
    );
    outln!(
        "daemon   {}",
        status.holder.as_deref().unwrap_or("not running")
    );
    match &status.run {
        None => outln!("run      none yet"),
        Some(run) => {
            let end = match (&run.end_reason, &status.holder) {
                (Some(reason), _) => format!("ended: {reason}"),
                (None, Some(_)) => "running".to_owned(),
                (None, None) => "died; the next run continues it".to_owned(),
            };
            outln!("run      {}, {end}", run.id);
        }
    }
    let mut rows: Vec<Vec<String>> = Vec::new();
    let names = endpoints::ALL
        .iter()
        .map(|entry| entry.name)
        .chain([crate::api::account::NAME]);
    for name in names {
        if let Some(of) = status.endpoints.get(name) {
            rows.push(row(name, of));
        }
    }
    if !rows.is_empty() {
        let heads = [
            "endpoint",
            ">ready",
            ">leased",
            ">waiting",
            ">done",
            ">stopped",
            ">failed",
            ">answered",
            ">unknown",
            ">not sent",
            ">throttled",
            ">$",
            ">pages",
            ">rows",
        ];
        outln!("\n{}", layout(&heads, &rows));
    }
    for cooling in &status.cooling {
        let endpoint = match &*cooling.endpoint {
            "" => "all endpoints",
            endpoint => endpoint,
        };
        let seconds = (cooling.until - Clock::real().now()).max(0.0);
        outln!(
            "\nwaiting  {endpoint}: {}, next call in {}; last error: {}",
            cooling.cause,
            span(seconds),
            plain(&cooling.why)
        );
    }
    if status.is_disk_full {
        outln!(
            "\nwaiting  all endpoints: disk nearly full, {} free, less than upkeep.min_free_bytes ({})",
            megabytes(status.free_bytes.unwrap_or(0)),
            megabytes(config.upkeep.min_free_bytes)
        );
    }
    let ended: Vec<String> = status
        .stops
        .iter()
        .map(|(reason, jobs)| format!("{} {reason}", thousands(*jobs)))
        .collect();
    outln!(
        "\nended    {}",
        if ended.is_empty() {
            "nothing yet".to_owned()
        } else {
            ended.join(", ")
        }
    );
    let known: Vec<String> = status
        .known
        .iter()
        .map(|of| {
            format!(
                "{} {} of {}",
                of.kind,
                thousands(of.collected),
                thousands(of.known)
            )
        })
        .collect();
    if !known.is_empty() {
        outln!("archived {}, as the remote counts", known.join(", "));
    }
    let charged = &status.charged;
    outln!(
        "charged  {} total, {} today (UTC), {} in this run",
        charged.total,
        charged.day,
        charged.run
    );
    if let Some(room) = status.room {
        outln!("budget   {room} left");
    }
    outln!(
        "rate     {:.1} pages/s, {:.0} rows/s",
        status.pages_per_second,
        status.rows_per_second
    );
    let by_time = status
        .seconds_left()
        .map(|seconds| format!("at least {} for the pending jobs", span(seconds)));
    let by_budget = status
        .seconds_of_budget()
        .map(|seconds| format!("{} until the budget is spent", span(seconds)));
    let eta: Vec<String> = [by_time, by_budget].into_iter().flatten().collect();
    if status.open_jobs() > 0 && !eta.is_empty() {
        outln!("to go    {}", eta.join("; "));
    }
}

/// Returns the sizes of the file and of its write-ahead log, and the free space.
fn sizes(path: &std::path::Path, status: &Status) -> String {
    let file = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    let log = match status.log_bytes {
        0 => String::new(),
        log => format!(", and {} in its log", megabytes(log)),
    };
    let free = status.free_bytes.map_or_else(String::new, |free| {
        format!("; {} free on its disk", megabytes(free))
    });
    format!(" ({}{log}{free})", megabytes(file))
}

fn megabytes(bytes: u64) -> String {
    let megabytes = i64::try_from(bytes.div_ceil(1_000_000)).unwrap_or(i64::MAX);
    format!("{} MB", thousands(megabytes))
}

fn row(name: &str, of: &EndpointStatus) -> Vec<String> {
    let counts = [
        of.ready,
        of.leased,
        of.waiting,
        of.done,
        of.stopped,
        of.failed,
        of.answered,
        of.unknown,
    ];
    let mut cells = vec![name.to_owned()];
    cells.extend(counts.map(thousands));
    cells.extend([
        thousands(of.never_sent),
        thousands(of.throttled),
        MicroUsd(of.cost_micro_usd).to_string(),
        thousands(of.kept),
        thousands(of.rows),
    ]);
    cells
}

fn json(status: &Status) -> serde_json::Value {
    serde_json::json!({
        "daemon": status.holder,
        "run": status.run.as_ref().map(|run| serde_json::json!({
            "id": run.id, "started_at": run.started_at, "ended_at": run.ended_at, "end_reason": run.end_reason,
        })),
        "endpoints": status.endpoints,
        "ended": status.stops,
        "known": status.known,
        "cooldowns": status.cooling.iter().map(|cooling| serde_json::json!({
            "endpoint": cooling.endpoint, "until": cooling.until, "cause": cooling.cause, "last_error": cooling.why,
        })).collect::<Vec<_>>(),
        "charged_micro_usd": status.charged.total.0,
        "charged_today_micro_usd": status.charged.day.0,
        "charged_this_run_micro_usd": status.charged.run.0,
        "budget_left_micro_usd": status.room.map(|room| room.0),
        "log_bytes": status.log_bytes,
        "free_bytes": status.free_bytes,
        "disk_full": status.is_disk_full,
        "pages": status.sum(|of| of.kept),
        "rows": status.sum(|of| of.rows),
        "open_jobs": status.open_jobs(),
        "pages_per_second": status.pages_per_second,
        "rows_per_second": status.rows_per_second,
        "seconds_left_at_least": status.seconds_left(),
        "seconds_until_budget_is_spent": status.seconds_of_budget(),
    })
}
