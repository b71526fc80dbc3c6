//! The writer alone, compared with one bulk script for the `sqlite3` shell that inserts the same rows.
//!
//! Both start from a copy of one archive with open calls and leased jobs, and both end with a checkpoint of the WAL.
//! The script inserts each row once, in its final form, in one transaction. The writer gets each page as recorded, 32
//! at a time. It merges users and posts that occur repeatedly, and looks up the ids of references. The same
//! transactions advance cursors, end jobs and settle calls with their raw replies, and each has its own fsync. On both
//! sides the schema's triggers write the histories.

mod prepare;
mod script;

use std::collections::VecDeque;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use soracrawl::clock::Clock;
use soracrawl::store::{Store, Writer};
use sqlx::Connection;
use tokio::task::JoinSet;

use crate::support::{Bench, Limit, float, note, say};
use crate::world::{self, IN_FLIGHT};
use prepare::{Prepared, TABLES, Walk};

pub fn run(bench: &Bench) -> Result<()> {
    let recorded = world::job(bench)?.site.archive();
    let folder = tempfile::tempdir()?;
    let (ours, theirs) = (
        folder.path().join("ours.db"),
        folder.path().join("theirs.db"),
    );
    let Prepared {
        walks,
        reading,
        packing,
    } = bench.wait(prepare::prepare(&recorded, &ours))?;
    std::fs::copy(&ours, &theirs)?;
    let pages: i64 = i64::try_from(walks.iter().map(Vec::len).sum::<usize>())?;
    let shown: usize = walks.iter().flatten().map(|page| page.row_count).sum();
    let seconds = bench.wait(write(&ours, walks))?;
    let mut rows = 0;
    for table in TABLES {
        let (count,): (i64,) = bench.ask_one(&ours, &format!("select count(*) from {table}"))?;
        rows += count;
    }
    note(
        "writer",
        &format!(
            "{rows} rows from {pages} pages, which contain {shown} with duplicates, in {seconds:.2} s: {:.0} rows/s",
            float(rows) / seconds
        ),
    );
    note(
        "writer",
        &format!(
            "not included, on one core: {:.2} s to parse these replies, {:.2} s to compress them",
            reading.as_secs_f64(),
            packing.as_secs_f64()
        ),
    );
    let text = folder.path().join("bulk.sql");
    bench.wait(script::write(&ours, &text))?;
    let Some(script_seconds) = shell(&theirs, &text)? else {
        note("writer", "sqlite3 is not installed: no comparison");
        return Ok(());
    };
    note(
        "writer",
        &format!(
            "the same rows with sqlite3 in {script_seconds:.2} s: {:.0} rows/s",
            float(rows) / script_seconds
        ),
    );
    bench.wait(same(&ours, &theirs))?;
    say(
        "writer",
        "speed relative to a bulk script",
        100.0 * script_seconds / seconds,
        "%",
        Limit::AtLeast(70.0),
    );
    Ok(())
}

/// Commits all pages with as many concurrent workers as a crawl has. Returns the time in seconds.
async fn write(archive: &Path, walks: Vec<Walk>) -> Result<f64> {
    let store = Store::open(archive).await?;
    let writer = Writer::start(&store, Clock::real());
    let queue = Arc::new(Mutex::new(VecDeque::from(walks)));
    let started = Instant::now();
    let mut workers = JoinSet::new();
    for _ in 0..IN_FLIGHT {
        let (writer, queue) = (writer.clone(), queue.clone());
        workers.spawn(async move {
            loop {
                let walk = queue
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .pop_front();
                let Some(walk) = walk else {
                    return Ok::<_, soracrawl::store::Error>(());
                };
                for page in walk {
                    writer.commit_page(page).await?;
                }
            }
        });
    }
    while let Some(worker) = workers.join_next().await {
        worker??;
    }
    // The shell checkpoints the WAL when it closes the file, so the writer has to do it as well.
    let mut connection = prepare::open(archive).await?;
    sqlx::query("pragma wal_checkpoint(truncate)")
        .execute(&mut connection)
        .await?;
    let seconds = started.elapsed().as_secs_f64();
    connection.close().await?;
    drop(writer);
    store.close().await?;
    Ok(seconds)
}

/// Runs the script and returns its time in seconds; `None` if the shell is not installed.
fn shell(archive: &Path, script: &Path) -> Result<Option<f64>> {
    let started = Instant::now();
    let child = Command::new("sqlite3")
        .arg("-bail")
        .arg(archive)
        .stdin(std::fs::File::open(script)?)
        .stdout(Stdio::null())
        .status();
    match child {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        status => {
            ensure!(status?.success(), "sqlite3 failed");
            Ok(Some(started.elapsed().as_secs_f64()))
        }
    }
}

/// Checks that both wrote the same rows.
async fn same(ours: &Path, theirs: &Path) -> Result<()> {
    let mut connection = prepare::open(ours).await?;
    sqlx::query("attach ? as theirs")
        .bind(theirs.to_str().context("a path")?)
        .execute(&mut connection)
        .await?;
    for table in TABLES {
        // The script has only the latest observation of each number, but a history starts with the first observation.
        let columns: String = sqlx::query_scalar(
            "select group_concat(name) from pragma_table_info(?1)
             where ?1 not like '%_stats' or name not in ('call_id', 'observed_at', 'last_observed_at')",
        )
        .bind(table)
        .fetch_one(&mut connection)
        .await?;
        let (main, theirs) = (
            format!("select {columns} from main.{table}"),
            format!("select {columns} from theirs.{table}"),
        );
        let text = format!(
            "select (select count(*) from ({main} except {theirs})), (select count(*) from ({theirs} except {main}))"
        );
        let (missing, extra): (i64, i64) = sqlx::query_as(sqlx::AssertSqlSafe(text))
            .fetch_one(&mut connection)
            .await?;
        ensure!(
            (missing, extra) == (0, 0),
            "{table} differs: {missing} missing, {extra} extra"
        );
    }
    Ok(())
}
