//! `soracrawl status`: shows what the crawl does, what it has and what it costs.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use super::out::{self, outln};
use super::status_json::json;
use super::status_money::print_money;
use super::table::{layout, plain, thousands};
use super::{Cli, Exit};
use crate::api::endpoints;
use crate::clock::{Clock, minute};
use crate::config::Config;
use crate::model::{MicroUsd, PauseScope};
use crate::report::condition::{Holder, State};
use crate::report::status::{self, Status};
use crate::report::words::span;
use crate::store::read::{self, EndpointStatus, Known};
use crate::store::{Lock, Store};

/// How long `--watch` shows the sums over all lists.
const KNOWN_FOR: Duration = Duration::from_secs(60);

/// Arguments of `status`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,

    /// Print one sentence, and report by the exit code whether a daemon is alive: 0 yes, 1 no
    #[arg(long, conflicts_with = "json")]
    check: bool,

    /// With --check: exit 3 if the daemon is alive but stalled
    #[arg(long, requires = "check")]
    progress: bool,

    /// Repeat every second until Ctrl-C
    #[arg(long, conflicts_with_all = ["check", "json"])]
    watch: bool,
}

pub(super) async fn run(cli: &Cli, args: &Args) -> anyhow::Result<Exit> {
    let config = cli.config()?;
    let mut latest: Option<(Instant, Option<Vec<Known>>)> = None;
    loop {
        // Asked before this process connects to the file.
        let holder = Lock::holder(&config.archive.path)?.map(|held| Holder {
            name: held.who,
            alive_at: held.alive_at,
            ..Holder::default()
        });
        let readers = Store::open_current_readers(&config.archive.path).await?;
        let status = status::read(&config, &readers, holder, Clock::real().now()).await?;
        if args.check {
            outln!("{}", status.condition.sentence);
            return Ok(checked(status.condition.state, args.progress));
        }
        // Reads every list, which is too much for each second of --watch.
        let known = match latest.take().filter(|(at, _)| at.elapsed() < KNOWN_FOR) {
            Some(latest) => latest,
            None => (Instant::now(), read::known_of_few(&readers).await?),
        };
        readers.close().await;
        if args.json {
            out::json(&json(&status, known.1.as_deref()))?;
            return Ok(Exit::Done);
        }
        if args.watch && std::io::stdout().is_terminal() {
            // Home, and clear what is below.
            out::clear();
        }
        print(&config, &status, known.1.as_deref());
        latest = Some(known);
        if !args.watch {
            return Ok(Exit::Done);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Returns the exit code of `--check`.
fn checked(state: State, wants_progress: bool) -> Exit {
    match state {
        State::Stalled if wants_progress => Exit::GaveUp,
        state if state.is_alive() => Exit::Done,
        _ => Exit::Failed,
    }
}

fn print(config: &Config, status: &Status, known: Option<&[Known]>) {
    let now = Clock::real().now();
    outln!("{}\n", plain(&status.condition.sentence));
    outln!(
        "archive  {}{}",
        config.archive.path.display(),
        sizes(&config.archive.path, status)
    );
    outln!(
        "daemon   {}",
        status
            .holder
            .as_ref()
            .map_or("not running", |holder| &holder.name)
    );
    if let Some(run) = &status.run {
        let alive_at = status.holder.as_ref().and_then(|holder| holder.alive_at);
        let life = alive_at.map_or(String::new(), |at| {
            format!(", last sign of life {} ago", span(now - at))
        });
        outln!(
            "run      {}, since {}{life}",
            run.id,
            minute(run.started_at)
        );
    }
    if let Some(at) = status.last_kept_at {
        outln!("page     the last one was kept {} ago", span(now - at));
    }
    print_endpoints(status);
    print_waits(status, now);
    if let Some(last) = status.last_errors.first() {
        outln!(
            "\nerror    {} ago, {}: {}",
            span(now - last.at),
            last.endpoint,
            plain(&last.error)
        );
    }
    if let Some(drift) = status.drift() {
        outln!(
            "\ndrift    {}; list them with `soracrawl drift --changed`",
            plain(&drift)
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
    let sums: Vec<String> = known
        .into_iter()
        .flatten()
        .map(|of| {
            format!(
                "{} {} of {}",
                of.kind,
                thousands(of.collected),
                thousands(of.known)
            )
        })
        .collect();
    if !sums.is_empty() {
        outln!("archived {}, as the remote counts", sums.join(", "));
    }
    if known.is_none() {
        outln!("archived many lists: the view completeness counts them");
    }
    print_money(status);
}

fn print_endpoints(status: &Status) {
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
    if rows.is_empty() {
        return;
    }
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

fn print_waits(status: &Status, now: f64) {
    for (scope, since) in status.pauses.iter() {
        let what = match scope {
            PauseScope::All => "all calls".to_owned(),
            PauseScope::Endpoint(name) => plain(name),
            PauseScope::Seed(id) => format!("seed {id}"),
        };
        outln!(
            "\npaused   {what}, by operator since {}. Continue with `soracrawl resume`",
            minute(since)
        );
    }
    for cooling in &status.cooling {
        let endpoint = match &*cooling.endpoint {
            "" => "all endpoints",
            endpoint => endpoint,
        };
        outln!(
            "\nwaiting  {endpoint}: {}, next call in {}; last error: {}",
            cooling.cause,
            span((cooling.until - now).max(0.0)),
            plain(&cooling.why)
        );
    }
    if let Some(due) = status.next_due.filter(|due| *due > now) {
        outln!(
            "\nretry    the next job that waits is due in {}",
            span(due - now)
        );
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

#[cfg(test)]
mod tests {
    use super::{Exit, State, checked};

    #[test]
    fn the_check_says_who_is_alive() {
        for state in State::ALL {
            let expected = match state {
                State::Working | State::Idle | State::Waiting | State::Paused | State::Stalled => {
                    Exit::Done
                }
                _ => Exit::Failed,
            };
            assert_eq!(checked(state, false), expected, "{state:?}");
            let strict = match state {
                State::Stalled => Exit::GaveUp,
                _ => expected,
            };
            assert_eq!(checked(state, true), strict, "{state:?}");
        }
    }
}
