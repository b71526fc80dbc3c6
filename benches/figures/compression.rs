//! The compression ratio of raw replies in the archive of `job`.

use anyhow::Result;

use crate::support::{Bench, Limit, float, note, say};
use crate::world;

pub fn run(bench: &Bench) -> Result<()> {
    let archive = world::job(bench)?.site.archive();
    let sums: Vec<(String, i64, i64, i64)> = bench.ask(
        &archive,
        "select endpoint, count(*), sum(body_bytes), sum(length(body)) from calls where kept = 1 group by endpoint",
    )?;
    let replies: i64 = sums.iter().map(|(_, _, came, _)| came).sum();
    let packed: i64 = sums.iter().map(|(_, _, _, packed)| packed).sum();
    let ratio = float(replies) / float(packed);
    say(
        "compression",
        "raw to compressed size",
        ratio,
        "x",
        Limit::AtLeast(8.0),
    );
    for (endpoint, pages, came, packed) in &sums {
        note(
            "compression",
            &format!(
                "{endpoint}: {pages} pages, {:.1} MB compressed to {:.2} MB, {:.1} x",
                float(*came) / 1e6,
                float(*packed) / 1e6,
                float(*came) / float(*packed)
            ),
        );
    }
    let (dictionaries, bytes): (i64, i64) = bench.ask_one(
        &archive,
        "select count(*), coalesce(sum(length(dictionary)), 0) from dictionaries",
    )?;
    note(
        "compression",
        &format!(
            "dictionaries (not included): {dictionaries}, {:.2} MB",
            float(bytes) / 1e6
        ),
    );
    Ok(())
}
