//! Compares an archive with millions of jobs and edges with an empty archive: nothing should slow down as it grows.
//!
//! The large archive takes minutes and gigabytes of disk, so this figure runs only if it is named. Environment
//! variables set its size: `SORACRAWL_LARGE_USERS`, `SORACRAWL_LARGE_FOLLOWS`, `SORACRAWL_LARGE_JOBS`.

mod cold;
mod fill;

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use soracrawl::clock::Clock;
use soracrawl::store::{LeaseRequest, Leased, Store, Writer};

use crate::process::{Site, Usage};
use crate::support::{Bench, Limit, float, median, note, say};
use crate::world;
use fill::{ENDPOINTS, Sizes};

const LEASES: usize = 300;
const LOOKS: usize = 7;

/// Measurements of one archive.
struct Measured {
    crawl: Usage,
    /// With little memory, and how that was limited.
    cold: (Usage, String),
    /// From the start of the process to the first call of a job.
    first_call_ms: f64,
    status_ms: f64,
    lease_ms: f64,
}

pub fn run(bench: &Bench) -> Result<()> {
    let sizes = Sizes::asked_for()?;
    let few = Sizes {
        users: 2_000,
        follows: 0,
        jobs: 10_000,
    };
    // The empty archive gets its few jobs only after the crawl, for the measurement of leases.
    let small = measure(bench, &Sizes::NONE, &few)?;
    let large = measure(bench, &sizes, &Sizes::NONE)?;
    say(
        "large",
        "start to first call",
        large.first_call_ms,
        "ms",
        Limit::AtMost(1000.0),
    );
    say(
        "large",
        "lease, alone in its transaction",
        large.lease_ms,
        "ms",
        Limit::AtMost(1.0),
    );
    say(
        "large",
        "status",
        large.status_ms,
        "ms",
        Limit::AtMost(200.0),
    );
    let peak = large.crawl.peak_megabytes / small.crawl.peak_megabytes;
    say(
        "large",
        "peak memory relative to an empty archive",
        peak,
        "x",
        Limit::AtMost(1.10),
    );
    let speed = small.crawl.wall_seconds / large.crawl.wall_seconds;
    say(
        "large",
        "speed relative to an empty archive",
        speed,
        "x",
        Limit::AtLeast(0.60),
    );
    say(
        "large",
        "speed with little memory, relative to an empty archive",
        small.cold.0.wall_seconds / large.cold.0.wall_seconds,
        "x",
        Limit::AtLeast(0.50),
    );
    note(
        "large",
        &format!(
            "little memory: large {:.2} s with {}, empty {:.2} s with {}",
            large.cold.0.wall_seconds, large.cold.1, small.cold.0.wall_seconds, small.cold.1
        ),
    );
    for (name, of) in [("empty", &small), ("large", &large)] {
        note(
            "large",
            &format!(
                "{name}: {} pages in {:.2} s with {:.2} s of CPU and {:.1} MB; first call {:.0} ms, status {:.0} ms, lease {:.3} ms",
                world::PAGES,
                of.crawl.wall_seconds,
                of.crawl.cpu_seconds,
                of.crawl.peak_megabytes,
                of.first_call_ms,
                of.status_ms,
                of.lease_ms
            ),
        );
    }
    Ok(())
}

/// Fills an archive with rows of the given sizes and measures it. Adds `more` after the crawl, before leases.
fn measure(bench: &Bench, sizes: &Sizes, more: &Sizes) -> Result<Measured> {
    let remote = world::remote(0)?;
    let site = Site::new(remote.address(), world::KEYS)?;
    let archive = site.archive();
    // The first run creates the file and records the plan, so that the next run does not plan all rows again.
    site.run(&["run", "--until-idle", "--yes"])?;
    let started = Instant::now();
    bench.wait(fill::fill(&archive, sizes))?;
    if sizes.jobs > 0 {
        let gigabytes = float(i64::try_from(std::fs::metadata(&archive)?.len())?) / 1e9;
        note(
            "large",
            &format!(
                "users: {}, follows: {}, jobs: {} (two in five wait for another): {gigabytes:.1} GB, filled in {:.0} s",
                sizes.users,
                sizes.follows,
                sizes.jobs,
                started.elapsed().as_secs_f64()
            ),
        );
    }
    let mut looks = Vec::new();
    for _ in 0..LOOKS {
        looks.push(1000.0 * site.run(&["status"])?.wall_seconds);
    }
    let cold = {
        let remote = world::remote(0)?;
        let site = Site::new(remote.address(), world::KEYS)?;
        std::fs::copy(&archive, site.archive())?;
        let cold = cold::crawl(&site, &world::authors(&remote)?)?;
        world::check(bench, &site, &remote, world::PAGES)?;
        cold
    };
    let crawl = site.crawl(&world::authors(&remote)?)?;
    world::check(bench, &site, &remote, world::PAGES)?;
    let (first_call_at,): (f64,) = bench.ask_one(
        &archive,
        "select opened_at from calls where job_id is not null order by id limit 1",
    )?;
    bench.wait(fill::fill(&archive, more))?;
    Ok(Measured {
        crawl,
        cold,
        first_call_ms: 1000.0 * (first_call_at - crawl.started_at),
        status_ms: median(looks),
        lease_ms: bench.wait(lease(&archive))?,
    })
}

/// Returns the median time of a lease that has a transaction of its own, in milliseconds.
async fn lease(archive: &Path) -> Result<f64> {
    let store = Store::open(archive).await?;
    let writer = Writer::start(&store, Clock::real());
    let mut times = Vec::new();
    for _ in 0..LEASES {
        let request = LeaseRequest {
            endpoints: ENDPOINTS.to_vec(),
            sampled: Vec::new(),
            may_be_unneeded: Vec::new(),
            max_depth: fill::DEPTH,
            paused_seeds: Vec::new(),
            imported_only: false,
            lease_seconds: 300.0,
            call_of: None,
        };
        let started = Instant::now();
        let leased = writer.lease(request).await?;
        times.push(1000.0 * started.elapsed().as_secs_f64());
        ensure!(matches!(leased, Leased::Job(..)), "no job to lease");
    }
    drop(writer);
    store.close().await.context("cannot close the archive")?;
    Ok(median(times))
}
