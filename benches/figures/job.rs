//! A whole job at a remote that takes 20 ms: how near it comes to what waiting alone would take, and with how much.

use anyhow::Result;

use crate::support::{Bench, Limit, float, note, say};
use crate::world::{IN_FLIGHT, PAGES};

/// No client can be faster: so many pages, so many at once, 20 ms each.
pub fn floor_seconds() -> f64 {
    float(PAGES) / float(IN_FLIGHT) * 0.020
}

pub fn run(bench: &Bench) -> Result<()> {
    let crawled = bench.job()?;
    let usage = crawled.usage;
    let floor = floor_seconds();
    say(
        "job",
        "wall",
        usage.wall_seconds,
        "s",
        Limit::AtMost(1.15 * floor),
    );
    say("job", "CPU", usage.cpu_seconds, "s", Limit::AtMost(3.5));
    say(
        "job",
        "peak memory",
        usage.peak_megabytes,
        "MB",
        Limit::AtMost(40.0),
    );
    note(
        "job",
        &format!(
            "{PAGES} pages once, {} rows; floor {floor:.2} s, wall {:.2} of it; the simulator used {:.2} s of CPU",
            crawled.rows,
            usage.wall_seconds / floor,
            crawled.remote_cpu_seconds
        ),
    );
    Ok(())
}
