//! `soracrawl status`: what a crawl does, has and costs.

use std::collections::BTreeMap;

use super::out::say;
use super::progress::span;
use super::table::{layout, thousands};
use super::{Cli, Exit};
use crate::api::endpoints;
use crate::config::Config;
use crate::crawl::{day, now};
use crate::daemon;
use crate::model::MicroUsd;
use crate::store::report::{self, Charged, EndpointStatus, LastRun, StopCounts};
use crate::store::{Lock, Store};

/// How far back the rate looks.
const RATE_SECONDS: f64 = 60.0;

/// Arguments of `status`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,

    /// Only say by the exit code whether a daemon works on the archive: 0 yes, 1 no
    #[arg(long)]
    check: bool,
}

/// Everything that `status` tells.
struct Status {
    holder: Option<String>,
    run: Option<LastRun>,
    endpoints: BTreeMap<String, EndpointStatus>,
    stops: StopCounts,
    charged: Charged,
    room: Option<MicroUsd>,
    pages_per_second: f64,
    rows_per_second: f64,
    micro_usd_per_second: f64,
}

pub(super) async fn run(cli: &Cli, args: &Args) -> anyhow::Result<Exit> {
    let config = cli.config()?;
    let readers = Store::open_readers(&config.archive.path).await?;
    let holder = Lock::holder(&config.archive.path)?.map(|held| held.0);
    if args.check {
        // Reading proves that the file answers; the lock, that somebody works on it.
        report::last_run(&readers).await?;
        say!(
            "{}",
            holder
                .as_deref()
                .unwrap_or("no daemon works on this archive")
        );
        return Ok(if holder.is_some() {
            Exit::Done
        } else {
            Exit::Failed
        });
    }
    let status = read(&config, &readers, holder).await?;
    if args.json {
        say!("{:#}", json(&status));
    } else {
        print(&config, &status);
    }
    Ok(Exit::Done)
}

async fn read(
    config: &Config,
    readers: &sqlx::SqlitePool,
    holder: Option<String>,
) -> anyhow::Result<Status> {
    let time = now();
    let run = report::last_run(readers).await?;
    let charged =
        report::charged(readers, &day(time), run.as_ref().map_or(0, |run| run.id)).await?;
    // A run that is over is measured up to its end.
    let until = run.as_ref().and_then(|run| run.ended_at).unwrap_or(time);
    let begin = run
        .as_ref()
        .map_or(until, |run| run.started_at)
        .max(until - RATE_SECONDS);
    let (pages, rows) = report::recent(readers, begin).await?;
    let seconds = (until - begin).max(0.001);
    #[expect(clippy::cast_precision_loss, reason = "rates for people")]
    let rate = |count: i64| count as f64 / seconds;
    let endpoints = report::endpoints(readers).await?;
    let kept: i64 = endpoints.values().map(|status| status.kept).sum();
    let cost: i64 = endpoints.values().map(|status| status.cost_micro_usd).sum();
    #[expect(clippy::cast_precision_loss, reason = "rates for people")]
    let micro_usd_per_page = if kept > 0 {
        cost as f64 / kept as f64
    } else {
        0.0
    };
    Ok(Status {
        holder,
        run,
        endpoints,
        stops: report::stop_counts(readers).await?,
        charged,
        room: daemon::room(&daemon::budget(config), &charged),
        pages_per_second: rate(pages),
        rows_per_second: rate(rows),
        micro_usd_per_second: rate(pages) * micro_usd_per_page,
    })
}

impl Status {
    fn sum(&self, of: fn(&EndpointStatus) -> i64) -> i64 {
        self.endpoints.values().map(of).sum()
    }

    fn open_jobs(&self) -> i64 {
        self.sum(|status| status.ready + status.leased + status.waiting)
    }

    /// Seconds until the waiting jobs are done, if each took one call: at least so long.
    fn seconds_left(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "an estimate for people")]
        let left = self.open_jobs() as f64 / self.pages_per_second;
        (self.pages_per_second > 0.0).then_some(left)
    }

    /// Seconds until the budget is spent at the present rate.
    fn seconds_of_budget(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "an estimate for people")]
        let left = self.room?.0 as f64 / self.micro_usd_per_second;
        (self.micro_usd_per_second > 0.0).then_some(left)
    }
}

fn print(config: &Config, status: &Status) {
    say!("archive  {}", config.archive.path.display());
    say!(
        "daemon   {}",
        status.holder.as_deref().unwrap_or("none works on it")
    );
    match &status.run {
        None => say!("run      none yet"),
        Some(run) => {
            let end = match (&run.end_reason, &status.holder) {
                (Some(reason), _) => format!("ended: {reason}"),
                (None, Some(_)) => "under way".to_owned(),
                (None, None) => "died; the next run goes on where it was".to_owned(),
            };
            say!("run      {}, {end}", run.id);
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
            ">refused",
            ">$",
            ">pages",
            ">rows",
        ];
        say!("\n{}", layout(&heads, &rows));
    }
    let ended: Vec<String> = status
        .stops
        .iter()
        .map(|(reason, jobs)| format!("{} {reason}", thousands(*jobs)))
        .collect();
    say!(
        "\nended    {}",
        if ended.is_empty() {
            "nothing yet".to_owned()
        } else {
            ended.join(", ")
        }
    );
    let charged = &status.charged;
    say!(
        "charged  {} in all, {} today (UTC), {} in this run",
        charged.total,
        charged.day,
        charged.run
    );
    if let Some(room) = status.room {
        say!("budget   {room} left");
    }
    say!(
        "rate     {:.1} pages/s, {:.0} rows/s",
        status.pages_per_second,
        status.rows_per_second
    );
    let by_time = status
        .seconds_left()
        .map(|seconds| format!("at least {} for the jobs that wait", span(seconds)));
    let by_budget = status
        .seconds_of_budget()
        .map(|seconds| format!("{} until the budget is spent", span(seconds)));
    let eta: Vec<String> = [by_time, by_budget].into_iter().flatten().collect();
    if status.open_jobs() > 0 && !eta.is_empty() {
        say!("to go    {}", eta.join("; "));
    }
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
        thousands(of.refused),
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
        "charged_micro_usd": status.charged.total.0,
        "charged_today_micro_usd": status.charged.day.0,
        "charged_this_run_micro_usd": status.charged.run.0,
        "budget_left_micro_usd": status.room.map(|room| room.0),
        "pages": status.sum(|of| of.kept),
        "rows": status.sum(|of| of.rows),
        "open_jobs": status.open_jobs(),
        "pages_per_second": status.pages_per_second,
        "rows_per_second": status.rows_per_second,
        "seconds_left_at_least": status.seconds_left(),
        "seconds_until_budget_is_spent": status.seconds_of_budget(),
    })
}
