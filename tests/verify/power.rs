//! P12: after a power failure, every committed page is there and is not bought again.

use std::collections::BTreeSet;
use std::path::Path;

use soracrawl::crawl::StopCause;
use sqlx::{Connection, Row};

use crate::site::{Site, connect_unchecked, examine, report_text, world};

/// Size of a frame of the write-ahead log: a page of the file and its header.
const FRAME: usize = 4096 + 24;
const HEAD: usize = 32;

type Page = (String, String, String);

/// Returns the pages that an archive has committed.
async fn kept(path: &Path) -> BTreeSet<Page> {
    let mut connection = connect_unchecked(path).await;
    let rows =
        sqlx::query("select endpoint, subject, coalesce(cursor, '') from calls where kept = 1")
            .fetch_all(&mut connection)
            .await
            .expect("calls");
    connection.close().await.expect("a clean close");
    rows.iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect()
}

/// An archive before a crawl, and the write-ahead log of the crawl.
struct Written {
    site: Site,
    file: Vec<u8>,
    log: Vec<u8>,
    contents: Option<String>,
    kept: BTreeSet<Page>,
}

async fn written() -> Written {
    let site = Site::new(world(11, 0.08)).await;
    let path = site.path("a.db");
    let archive = site.begin(&path).await;
    let mut connection = connect_unchecked(&path).await;
    sqlx::query("pragma wal_checkpoint(truncate)")
        .execute(&mut connection)
        .await
        .expect("a checkpoint");
    // An open read transaction keeps every checkpoint from moving later frames into the file.
    sqlx::raw_sql("begin; select count(*) from jobs")
        .execute(&mut connection)
        .await
        .expect("a reader");
    let file = std::fs::read(&path).expect("the file");
    assert_eq!(site.work(&archive).await, StopCause::Idle);
    assert!(
        std::fs::read(&path).expect("the file") == file,
        "the file has changed, but only the log may"
    );
    let log = std::fs::read(site.path("a.db-wal")).expect("the log");
    connection.close().await.expect("a clean close");
    archive.close("idle", None).await.expect("the run ends");
    Written {
        contents: examine(&path).await.contents,
        kept: kept(&path).await,
        site,
        file,
        log,
    }
}

/// Writes the archive as a power failure at this byte of the log would leave it.
fn cut(written: &Written, name: &str, log: &[u8]) -> std::path::PathBuf {
    let path = written.site.path(name);
    std::fs::write(&path, &written.file).expect("the file");
    std::fs::write(written.site.path(&format!("{name}-wal")), log).expect("the log");
    path
}

#[tokio::test]
async fn pages_committed_before_a_power_failure_are_kept_and_not_bought_again() {
    let written = written().await;
    let frames = (written.log.len() - HEAD) / FRAME;
    assert!(frames > 400, "{frames} frames");
    let (mut before, mut different) = (0, BTreeSet::new());
    for step in 0..36 {
        // Between frames, inside a frame, and at the last byte of a frame.
        let frame = HEAD + frames * step / 36 * FRAME;
        let end = (frame + [0, 1, 24, 2000, FRAME - 1][step % 5]).min(written.log.len());
        let mut log = written.log[..end].to_vec();
        if step % 3 == 0 {
            // A disk may have written other bytes there.
            log.extend(std::iter::repeat_n(0xa5, FRAME * 2));
        }
        let name = format!("{step}.db");
        let path = cut(&written, &name, &log);
        let report = examine(&path).await;
        assert!(report.is_sound(), "cut at {end}: {}", report_text(&report));
        let found = kept(&path).await;
        assert!(found.len() >= before, "cut at {end}: a page is gone");
        assert!(
            found.is_subset(&written.kept),
            "cut at {end}: an unknown page"
        );
        before = found.len();
        different.insert(found.len());
        if step % 9 == 5 {
            go_on(&written, &path, &found).await;
        }
    }
    assert!(different.len() > 15, "{different:?}");
}

/// Checks that a further run ends with the same archive and requests no committed page again.
async fn go_on(written: &Written, path: &Path, kept_before: &BTreeSet<Page>) {
    let asked_before = written.site.sim.log().len();
    written.site.crawl(path).await;
    let report = examine(path).await;
    assert!(report.is_sound(), "{}", report_text(&report));
    assert_eq!(report.contents, written.contents);
    let again: Vec<_> = written.site.sim.log()[asked_before..]
        .iter()
        .map(|call| {
            (
                call.endpoint.to_owned(),
                call.subject.to_string(),
                call.cursor.to_string(),
            )
        })
        .filter(|page| kept_before.contains(page))
        .collect();
    assert_eq!(again, Vec::new(), "bought again");
}
