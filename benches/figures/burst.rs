//! The world of `job` without latency: the throughput of the crawler itself.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use soracrawl::api::endpoints;

use crate::http::{Connection, encoded};
use crate::process::Crawled;
use crate::support::{Bench, Limit, float, note, say};
use crate::world::{self, PAGES};

/// Enough clients to saturate the simulator on a small machine.
const CLIENTS: usize = 4;

pub fn run(bench: &Bench) -> Result<()> {
    let crawled = world::crawl(bench, 0)?;
    let usage = crawled.usage;
    let pages = float(PAGES) / usage.wall_seconds;
    let rows = float(crawled.rows) / usage.wall_seconds;
    say("burst", "pages", pages, "/s", Limit::AtLeast(3_000.0));
    say("burst", "rows", rows, "/s", Limit::AtLeast(60_000.0));
    note(
        "burst",
        &format!(
            "wall {:.2} s, CPU {:.2} s, CPU of the simulator on the same machine {:.2} s, peak {:.1} MB",
            usage.wall_seconds, usage.cpu_seconds, crawled.remote_cpu_seconds, usage.peak_megabytes
        ),
    );
    let alone = hammer(bench, &crawled)?;
    note(
        "burst",
        &format!(
            "the simulator alone, the same pages for {CLIENTS} minimal clients: {alone:.0} pages/s"
        ),
    );
    Ok(())
}

/// Measures the throughput of the simulator, in pages per second, with clients that discard the replies.
fn hammer(bench: &Bench, crawled: &Crawled) -> Result<f64> {
    let calls: Vec<(String, String, Option<String>)> = bench.ask(
        &crawled.site.archive(),
        "select endpoint, subject, cursor from calls where kept = 1 order by id",
    )?;
    let paths = calls
        .iter()
        .map(|(endpoint, subject, cursor)| {
            let entry = endpoints::find(endpoint).context("an endpoint")?;
            let name = entry.subject.context("a subject")?;
            let mut path = format!("{}?{name}={}", entry.path, encoded(subject));
            if let Some(cursor) = cursor {
                path += &format!("&cursor={}", encoded(cursor));
            }
            Ok(path)
        })
        .collect::<Result<Vec<String>>>()?;
    let address = crawled.remote.address();
    let started = Instant::now();
    std::thread::scope(|scope| {
        let clients: Vec<_> = paths
            .chunks(paths.len().div_ceil(CLIENTS))
            .map(|paths| scope.spawn(move || ask_all(address, paths)))
            .collect();
        clients.into_iter().try_for_each(|client| {
            let asked = client.join();
            asked.unwrap_or_else(|_| Err(anyhow::anyhow!("a client panicked")))
        })
    })?;
    Ok(float(PAGES) / started.elapsed().as_secs_f64())
}

fn ask_all(address: &str, paths: &[String]) -> Result<()> {
    let mut connection = Connection::open(address)?;
    for path in paths {
        let (status, _) = connection.get(path)?;
        ensure!(status == 200, "{path}: {status}");
    }
    Ok(())
}
