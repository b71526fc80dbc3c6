//! Intact archives are sound.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use soracrawl::crawl::StopCause;
use soracrawl::sim::Options;
use soracrawl::store::Store;
use soracrawl::store::read::canonical::canonical_lines;
use sqlx::Row;

use crate::site::{Site, connect_unchecked, copy, damage, examine, report_text, world};

#[tokio::test]
async fn an_archive_whose_walks_ended_in_every_way_is_sound() {
    let (_folder, path) = copy().await;
    let mut connection = connect_unchecked(&path).await;
    let rows = sqlx::query("select distinct stop_reason from jobs")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    let reasons: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
    let all = [
        "complete",
        "gone",
        "capped",
        "stalled",
        "truncated",
        "failed",
    ];
    assert_eq!(reasons, all.map(str::to_owned).into());
    let nested = "select count(*) from calls c where kept = 1 and cursor is not null and not exists
        (select 1 from calls b where b.job_id = c.job_id and b.id < c.id and b.kept = 1)";
    let count = |sql: &'static str| sqlx::query_scalar::<_, i64>(sql);
    for sql in [
        nested,
        "select sum(restarts) from jobs",
        "select sum(odd_items) from calls",
        "select count(*) from calls where outcome = 'unknown'",
    ] {
        let found = count(sql).fetch_one(&mut connection).await.unwrap();
        assert!(found > 0, "the archive has no such row: {sql}");
    }
    let report = examine(&path).await;
    assert!(report.is_sound(), "{}", report_text(&report));
    assert!(report.replies > 100 && report.rows > 500, "{report:?}");
    let odd: i64 = count("select sum(odd_items) from calls where kept = 1")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(i64::try_from(report.odd.count), Ok(odd));
    let example = &report.odd.examples[0];
    assert!(
        example.starts_with("call ") && example.contains("data."),
        "{example}"
    );
}

#[tokio::test]
async fn an_archive_is_sound_at_every_moment_of_a_crawl() {
    // Slow answers, so that the crawl lasts for several looks.
    let options = Options {
        latency_ms: 40,
        ..world(5, 0.1)
    };
    let site = Site::new(options).await;
    let path = site.path("a.db");
    let archive = site.begin(&path).await;
    let is_over = AtomicBool::new(false);
    let looks = async {
        let (mut replies, mut different) = (0, 0);
        while !is_over.load(Ordering::Relaxed) {
            let report = examine(&path).await;
            assert!(report.is_sound(), "{}", report_text(&report));
            assert!(report.replies >= replies, "a page is gone");
            different += u32::from(report.replies != replies);
            replies = report.replies;
        }
        different
    };
    let work = async {
        let cause = site.work(&archive).await;
        is_over.store(true, Ordering::Relaxed);
        cause
    };
    let (cause, different) = tokio::join!(work, looks);
    assert!(different > 3, "{different} different moments were seen");
    assert_eq!(cause, StopCause::Idle);
    archive.close(cause.as_str(), None).await.unwrap();
    assert!(examine(&path).await.is_sound());
}

#[tokio::test]
async fn two_crawls_of_one_world_have_the_same_canonical_text_despite_faults() {
    let (smooth, rough) = (
        Site::new(world(9, 0.0)).await,
        Site::new(world(9, 0.2)).await,
    );
    let (one, other) = (smooth.path("a.db"), rough.path("b.db"));
    smooth.crawl(&one).await;
    rough.crawl(&other).await;
    let lines = |path| async move {
        let pool = Store::open_readers(path).await.unwrap();
        let lines = canonical_lines(&pool).await.unwrap();
        pool.close().await;
        lines
    };
    let (expected, found) = (lines(&one).await, lines(&other).await);
    let differences: Vec<_> = expected
        .iter()
        .zip(&found)
        .filter(|(one, other)| one != other)
        .take(3)
        .collect();
    assert_eq!(expected.len(), found.len(), "{differences:?}");
    assert_eq!(differences, Vec::new());
    let hash = examine(&one).await.contents;
    assert_eq!(hash, examine(&other).await.contents);
    damage(
        &other,
        "update users set display_name = display_name || '.' where display_name is not null",
    )
    .await;
    assert_ne!(
        hash,
        examine(&other).await.contents,
        "one more character changes the hash"
    );
}
