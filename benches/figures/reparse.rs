//! All rows made again from the kept replies, against the crawl that bought them.

use anyhow::{Result, ensure};

use crate::support::{Bench, Limit, float, note, say};
use crate::world::{self, PAGES};

/// Reparses the archive of a burst, as a process of its own: with the copy, the checks and the comparison.
pub fn run(bench: &Bench) -> Result<()> {
    let crawled = world::crawl(bench, 0)?;
    let burst = float(PAGES) / crawled.usage.wall_seconds;
    let size = |path| std::fs::metadata(path).map(|about| about.len());
    let before = size(crawled.site.archive())?;
    let usage = crawled.site.run(&["reparse"])?;
    let pages = float(PAGES) / usage.wall_seconds;
    let again = crawled.site.run(&["reparse", "--check"])?;
    let kept: i64 = bench
        .ask_one::<(i64,)>(
            &crawled.site.archive(),
            "select count(*) from calls where kept = 1",
        )?
        .0;
    ensure!(kept == PAGES, "expected {PAGES} pages, found {kept}");
    say("reparse", "pages", pages, "/s", Limit::AtLeast(1.3 * burst));
    say(
        "reparse",
        "pages, against burst",
        pages / burst,
        "",
        Limit::AtLeast(1.3),
    );
    note(
        "reparse",
        &format!(
            "wall {:.2} s, CPU {:.2} s, peak {:.1} MB; file {:.1} MB before, {:.1} MB after; --check {:.2} s; burst {burst:.0} pages/s",
            usage.wall_seconds,
            usage.cpu_seconds,
            usage.peak_megabytes,
            float(i64::try_from(before)?) / 1e6,
            float(i64::try_from(size(crawled.site.archive())?)?) / 1e6,
            again.wall_seconds,
        ),
    );
    Ok(())
}
