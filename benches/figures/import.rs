//! All replies of a crawl imported from lines of JSON, against the crawl that bought them.

use anyhow::{Result, ensure};

use crate::support::{Bench, Limit, float, note, say};
use crate::world::{self, PAGES};

/// Imports the replies of a burst into a new archive, and the same file again.
pub fn run(bench: &Bench) -> Result<()> {
    let crawled = world::crawl(bench, 0)?;
    let site = &crawled.site;
    let burst = float(PAGES) / crawled.usage.wall_seconds;
    let lines = site.file("lines");
    let lines = lines.to_string_lossy();
    site.run(&["export", "replies", "--into", &lines, "--licence", "none"])?;
    let file = format!("{lines}/replies.jsonl");
    let archive = site.file("imported.db");
    let arguments = ["import", "--archive", &archive.to_string_lossy(), &file];
    let usage = site.run(&arguments)?;
    let again = site.run(&arguments)?;
    let imported: i64 = bench
        .ask_one::<(i64,)>(&archive, "select count(*) from imports")?
        .0;
    ensure!(
        imported == PAGES,
        "expected {PAGES} replies, found {imported}"
    );
    let pages = float(PAGES) / usage.wall_seconds;
    say(
        "import",
        "replies, against burst",
        pages / burst,
        "",
        Limit::AtLeast(0.8),
    );
    say(
        "import",
        "peak memory",
        usage.peak_megabytes,
        "MB",
        Limit::AtMost(150.0),
    );
    note(
        "import",
        &format!(
            "{pages:.0} replies/s, wall {:.2} s, CPU {:.2} s; again {:.2} s; {:.0} MB of lines; burst {burst:.0} pages/s",
            usage.wall_seconds,
            usage.cpu_seconds,
            again.wall_seconds,
            float(i64::try_from(std::fs::metadata(&file)?.len())?) / 1e6,
        ),
    );
    Ok(())
}
