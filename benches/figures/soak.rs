//! A long crawl at a steady rate: memory, open files and the write-ahead log must not grow, and the rate must not fall.
//!
//! `SORACRAWL_SOAK_MINUTES` sets its length; the default is 30.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use soracrawl::sim::DEFAULT_KEY;

use crate::process::{PROGRAM, Remote, Site};
use crate::support::{Bench, Limit, float, median, note, say};
use crate::world;

const RATE: i64 = 300;
/// Two comments on a page: half an hour of pages as in `job` takes more memory than the machine has.
const COMMENTS: &str = "--comments 4 --page-size-comments 2 --latency-ms 20";
const LOOK: Duration = Duration::from_secs(1);
/// The first part of the run fills caches and trains dictionaries.
const PARTS: usize = 6;

/// What is seen of the process at one moment.
#[derive(Clone, Copy)]
struct Look {
    megabytes: f64,
    files: f64,
    log_megabytes: f64,
}

pub fn run(bench: &Bench) -> Result<()> {
    let minutes: u64 = match std::env::var("SORACRAWL_SOAK_MINUTES") {
        Ok(minutes) => minutes.parse().context("SORACRAWL_SOAK_MINUTES")?,
        Err(_) => 30,
    };
    let seconds = minutes * 60;
    let pages = RATE * i64::try_from(seconds)?;
    let users = pages / world::PAGES_OF_USER + 2;
    let users = users.to_string();
    let mut options = vec!["--users", &users];
    options.extend(world::OPTIONS.split_whitespace());
    options.extend(COMMENTS.split_whitespace());
    let remote = Remote::start(&options)?;
    let keys = format!("limits.requests_per_second = {RATE}\nlimits.max_in_flight = 32");
    let site = Site::new(remote.address(), &keys)?;
    std::fs::write(site.file("users"), world::authors(&remote)?.join("\n"))?;
    site.run(&["seed", "users", "--file", "users"])?;
    let mut child = Command::new(PROGRAM)
        .args(["run", "--until-idle", "--yes"])
        .current_dir(site.file(""))
        .env_clear()
        .env("TIKHUB_API_KEY", DEFAULT_KEY)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(site.file("said"))?)
        .spawn()?;
    let looks = watch(&mut child, &site.archive(), Duration::from_secs(seconds));
    let id = Pid::from_child(&child);
    let _ = kill_process(id, Signal::INT);
    child.wait()?;
    let looks = looks?;
    let part = looks.len() / PARTS;
    let of = |at: usize, value: fn(&Look) -> f64| {
        median(
            looks[at * part..(at + 1) * part]
                .iter()
                .map(value)
                .collect(),
        )
    };
    let grown = |value: fn(&Look) -> f64| of(PARTS - 1, value) / of(1, value);
    let by_minute: Vec<(i64, i64)> = bench.ask(
        &site.archive(),
        "select cast((settled_at - (select min(settled_at) from calls)) / 60 as integer), count(*) from calls where kept = 1
         group by 1 order by 1",
    )?;
    let rate = |minute: usize| {
        by_minute
            .get(minute)
            .map_or(f64::NAN, |(_, pages)| float(*pages) / 60.0)
    };
    let last = by_minute.len().saturating_sub(2);
    let of_run = usize::try_from(minutes)?.saturating_sub(2);
    ensure!(
        rate(1) > 0.0 && last >= of_run,
        "the crawl stood still: pages in {} of {minutes} minutes",
        by_minute.len()
    );
    say(
        "soak",
        "memory, last part by second",
        grown(|look| look.megabytes),
        "x",
        Limit::AtMost(1.05),
    );
    say(
        "soak",
        "open files, last part by second",
        grown(|look| look.files),
        "x",
        Limit::AtMost(1.05),
    );
    say(
        "soak",
        "write-ahead log, last part by second",
        grown(|look| look.log_megabytes),
        "x",
        Limit::AtMost(1.05),
    );
    say(
        "soak",
        "pages/s, last minute by second",
        rate(last) / rate(1),
        "x",
        Limit::AtLeast(0.95),
    );
    note(
        "soak",
        &format!(
            "{minutes} min: {:.0} MB and {:.0} files at the end, log {:.1} MB, {:.0} pages/s",
            of(PARTS - 1, |look| look.megabytes),
            of(PARTS - 1, |look| look.files),
            of(PARTS - 1, |look| look.log_megabytes),
            rate(last)
        ),
    );
    Ok(())
}

/// Looks at the process each second.
fn watch(child: &mut Child, archive: &Path, time: Duration) -> Result<Vec<Look>> {
    let (started, mut looks) = (Instant::now(), Vec::new());
    let log = archive.with_extension("db-wal");
    while started.elapsed() < time {
        std::thread::sleep(LOOK);
        ensure!(
            child.try_wait()?.is_none(),
            "the crawl ended before its time"
        );
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
        looks.push(Look {
            megabytes: kilobytes.context("its memory")?.parse::<f64>()? * 1024.0 / 1e6,
            files: float(i64::try_from(
                std::fs::read_dir(format!("/proc/{}/fd", child.id()))?.count(),
            )?),
            log_megabytes: float(i64::try_from(
                std::fs::metadata(&log).map_or(0, |about| about.len()),
            )?) / 1e6,
        });
    }
    Ok(looks)
}
