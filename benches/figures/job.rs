//! A whole crawl with 20 ms latency: wall time relative to the pure waiting time, CPU and memory.

use anyhow::Result;

use crate::support::{Bench, Limit, float, note, say};
use crate::world::{self, IN_FLIGHT, PAGES};

/// Returns the lower bound of the wall time of any client: all pages at 20 ms each, `IN_FLIGHT` at a time.
pub fn floor_seconds() -> f64 {
    float(PAGES) / float(IN_FLIGHT) * 0.020
}

pub fn run(bench: &Bench) -> Result<()> {
    let crawled = world::job(bench)?;
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
            "{PAGES} pages bought once, {} rows; floor {floor:.2} s, wall {:.2} x floor, CPU of the simulator {:.2} s",
            crawled.rows,
            usage.wall_seconds / floor,
            crawled.remote_cpu_seconds
        ),
    );
    Ok(())
}
