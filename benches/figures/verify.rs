//! `verify` against `reparse`, which reads the same replies, and its memory while the archive grows.

use anyhow::Result;

use crate::process::Usage;
use crate::support::{Bench, Limit, note, say};
use crate::world;

/// Users of the larger world, so that its archive is ten times as large.
const MORE_USERS: i64 = 10 * world::USERS;

pub fn run(bench: &Bench) -> Result<()> {
    let (small, _) = measure(bench, world::USERS)?;
    let (large, reparse) = measure(bench, MORE_USERS)?;
    say(
        "verify",
        "pages/s, by those of reparse",
        reparse.wall_seconds / large.wall_seconds,
        "x",
        Limit::AtLeast(0.6),
    );
    say(
        "verify",
        "peak memory",
        large.peak_megabytes,
        "MB",
        Limit::AtMost(150.0),
    );
    say(
        "verify",
        "peak memory, by that with a tenth",
        large.peak_megabytes / small.peak_megabytes,
        "x",
        Limit::AtMost(1.05),
    );
    Ok(())
}

/// Returns what `verify` and `reparse` use for the archive of a world.
fn measure(bench: &Bench, users: i64) -> Result<(Usage, Usage)> {
    let crawled = world::crawl_of(bench, users, 0)?;
    let verify = crawled.site.run(&["verify"])?;
    let reparse = crawled.site.run(&["reparse"])?;
    note(
        "verify",
        &format!(
            "{} rows: verify {:.2} s, CPU {:.2} s, {:.0} MB; reparse {:.2} s, CPU {:.2} s, {:.0} MB",
            crawled.rows,
            verify.wall_seconds,
            verify.cpu_seconds,
            verify.peak_megabytes,
            reparse.wall_seconds,
            reparse.cpu_seconds,
            reparse.peak_megabytes,
        ),
    );
    Ok((verify, reparse))
}
