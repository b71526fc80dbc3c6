//! Calls used and calls refused at a remote that allows 50 calls per second and endpoint.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};

use crate::process::{Remote, Site};
use crate::support::{Bench, Limit, float, note, say};
use crate::world;

const PER_SECOND: f64 = 50.0;
/// 25 users x (1 page of posts + 50 of followers) + 625 posts x 2 pages of comments: two endpoints for 25 seconds each.
const OPTIONS: &str = "--rate-limit 50 --latency-ms 20 --exact --users 25 --audience 2500 --characters 0 --posts 25 \
    --comments 20 --replies 0 --followers 2500 --appearances 0 --remixes 0 --feed 0 --warm";
const KEYS: &str = "limits.requests_per_second = 100000\nlimits.endpoint_requests_per_second = 50\n\
    limits.max_in_flight = 64";
const PAGES: i64 = 2_525;
/// Endpoints with fewer calls are too short to measure a rate.
const ENOUGH_CALLS: usize = 500;

/// The calls of an endpoint in the log of the remote.
#[derive(Default)]
struct Calls {
    at_ms: Vec<i64>,
    refused: i64,
}

pub fn run(bench: &Bench) -> Result<()> {
    let options: Vec<&str> = OPTIONS.split_whitespace().collect();
    let remote = Remote::start(&options)?;
    let site = Site::new(remote.address(), KEYS)?;
    let usage = site.crawl(&world::authors(&remote)?)?;
    let (kept,): (i64,) =
        bench.ask_one(&site.archive(), "select count(*) from calls where kept = 1")?;
    ensure!(kept == PAGES, "kept {kept} pages, expected {PAGES}");
    let mut calls: BTreeMap<String, Calls> = BTreeMap::new();
    let log = remote.ask("/sim/log")?;
    for entry in log.as_array().context("a log")? {
        let name = entry["endpoint"].as_str().context("an endpoint")?;
        let of = calls.entry(name.to_owned()).or_default();
        match entry["status"].as_i64() {
            Some(200) => of.at_ms.push(entry["at_ms"].as_i64().context("a time")?),
            _ => of.refused += 1,
        }
    }
    let (mut used, mut allowed, mut refused, mut asked) = (0.0, 0.0, 0, 0);
    for (name, of) in &calls {
        let (first, last) = (of.at_ms.iter().min(), of.at_ms.iter().max());
        refused += of.refused;
        asked += of.refused + i64::try_from(of.at_ms.len())?;
        let (Some(first), Some(last)) = (first, last) else {
            continue;
        };
        if of.at_ms.len() < ENOUGH_CALLS {
            continue;
        }
        // The last call marks the end of the interval, so it does not count as one within it.
        let answered = float(i64::try_from(of.at_ms.len())? - 1);
        let seconds = float(last - first) / 1000.0;
        used += answered;
        allowed += seconds * PER_SECOND;
        note(
            "limit",
            &format!(
                "{name}: {answered:.0} calls in {seconds:.2} s, {:.2} /s",
                answered / seconds
            ),
        );
    }
    say(
        "limit",
        "allowed calls used",
        100.0 * used / allowed,
        "%",
        Limit::AtLeast(98.0),
    );
    let share = 100.0 * float(refused) / float(asked);
    say("limit", "calls refused", share, "%", Limit::AtMost(1.0));
    note("limit", &format!("wall {:.2} s", usage.wall_seconds));
    Ok(())
}
