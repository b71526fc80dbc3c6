//! Kills before the crawl begins: during the migrations, while seeds are added, and before the first call.

use std::time::Duration;

use soracrawl::sim::{Options, Shape};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{Connection, SqliteConnection};

use crate::support::{Site, small, soon};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

/// Creates an archive whose creation stopped after this migration; 0 is an empty file.
async fn partial_archive(site: &Site, version: i64) {
    std::fs::write(site.archive(), []).expect("an empty file");
    if version == 0 {
        return;
    }
    let options = SqliteConnectOptions::new()
        .filename(site.archive())
        .journal_mode(SqliteJournalMode::Wal);
    let mut connection = SqliteConnection::connect_with(&options)
        .await
        .expect("a file");
    MIGRATIONS
        .run_to(version, &mut connection)
        .await
        .expect("a part of the migrations");
    connection.close().await.expect("a clean close");
}

#[tokio::test]
async fn an_archive_whose_creation_stopped_between_two_migrations_is_completed() {
    let whole = Site::whole(small(Shape::Flat)).await.undisturbed().await;
    let versions = MIGRATIONS.iter().map(|step| step.version);
    for version in std::iter::once(0).chain(versions) {
        let site = Site::whole(small(Shape::Flat)).await;
        partial_archive(&site, version).await;
        site.crawl().await.with(0);
        let when = format!("after migration {version}");
        site.assert_survived(0, 0, &whole, &when).await;
    }
}

#[tokio::test]
async fn a_process_killed_while_it_creates_the_archive_leaves_a_usable_one() {
    let site = Site::new(small(Shape::Flat)).await;
    for kills in 0..24 {
        let mut daemon = site.start(&["seed", "feed"]);
        // Each kill is 250 µs later than the previous one, counted from the creation of the file.
        while !site.archive().exists() && !daemon.has_exited() {
            tokio::task::yield_now().await;
        }
        tokio::time::sleep(Duration::from_micros(250 * kills)).await;
        daemon.kill();
        if kills % 4 == 3 {
            for name in ["a.db", "a.db-wal", "a.db-shm"] {
                let _ = std::fs::remove_file(site.file(name));
            }
        }
    }
    site.run(&["seed", "feed"]).await.with(0);
    site.assert_sound("after all kills").await;
    assert_eq!(site.number("select count(*) from seeds").await, 1);
}

#[tokio::test]
async fn seeds_of_a_killed_command_are_added_once_when_it_is_repeated() {
    const SEEDS: i64 = 3_000;
    const SEEDED: &str = "select count(*) from seeds where kind = 'user'";
    let site = Site::new(small(Shape::Flat)).await;
    let seeds: String = (0..SEEDS).map(|at| format!("user-{at:032}\n")).collect();
    std::fs::write(site.file("seeds.txt"), seeds).expect("a file");
    let command = ["seed", "users", "--file", "seeds.txt"];
    site.run(&["seed", "feed"]).await.with(0);
    let mut cut_short = 0;
    for kills in 1..=8 {
        let mut daemon = site.start(&command);
        // At this size of the write-ahead log, a part of the seeds is written.
        let enough = kills * 100_000;
        let size = || std::fs::metadata(site.file("a.db-wal")).map_or(0, |file| file.len());
        while size() < enough && !daemon.has_exited() {
            tokio::task::yield_now().await;
        }
        daemon.kill();
        site.assert_sound(&format!("killed at {enough} bytes"))
            .await;
        let planted = site.number(SEEDED).await;
        let jobs = "select count(distinct seed_id) from jobs where endpoint <> 'get_feed'";
        assert_eq!(site.number(jobs).await, planted, "a seed has no job");
        cut_short += i64::from(planted < SEEDS);
    }
    assert!(cut_short > 1, "only {cut_short} kills before the end");
    site.run(&command).await.with(0);
    assert_eq!(site.number(SEEDED).await, SEEDS);
    site.assert_sound("after the seeds").await;
}

#[tokio::test]
async fn a_crawl_killed_before_its_first_call_starts_over_and_pays_nothing_twice() {
    let site = Site::whole(small(Shape::Flat)).await;
    let mut daemon = site.start(&["run", "--until-idle"]);
    // The account call precedes every paid call.
    soon("the account call", site.sim.received(1)).await;
    assert!(daemon.kill());
    site.crawl().await.with(0);
    site.assert_whole().await;
    assert!(site.sim.account().total.repeats <= 4);
}

#[tokio::test]
async fn a_restart_reports_what_the_killed_run_left_and_continues_under_its_number() {
    let options = Options {
        slow_ms: 60_000,
        ..small(Shape::Flat)
    };
    let site = Site::whole(options).await;
    site.sim
        .script("get_user_followers:1=slow")
        .expect("a script");
    let mut daemon = site.start(&["run", "--until-idle"]);
    // The slow call is among them: it is in flight for ever.
    soon("some calls", site.sim.received(40)).await;
    assert!(daemon.kill());
    let ended = site.crawl().await.with(0);
    assert!(
        ended.err.contains("the previous process died"),
        "{}",
        ended.err
    );
    assert_eq!(site.number("select count(*) from runs").await, 1);
    site.assert_whole().await;
    site.assert_settled().await;
}
