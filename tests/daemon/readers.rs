//! Access to the archive during a crawl: readers of the file, other commands, and a second daemon.

use soracrawl::sim::{Options, Shape};
use sqlx::Row;

use crate::support::{Site, small, soon};

const COUNTS: &str = "select (select count(*) from users), (select count(*) from posts), (select count(*) from comments),
    (select count(*) from follows), (select count(*) from attachments), (select count(*) from calls where kept = 1)";

/// Counts rows without a parent. It is one statement, so it reads one snapshot.
const ORPHANS: &str = "select
    (select count(*) from comments c where c.post_id is null),
    (select count(*) from comments c left join posts p on p.id = c.post_id where c.post_id is not null and p.id is null),
    (select count(*) from comments c left join comments p on p.id = c.parent_comment_id
        where c.parent_comment_id is not null and p.id is null),
    (select count(*) from attachments a left join posts p on p.id = a.post_id where p.id is null),
    (select count(*) from calls where kept = 1 and body is null)";

#[tokio::test]
async fn a_reader_never_sees_half_a_page_nor_a_child_before_its_parent() {
    let site = Site::whole(Options {
        latency_ms: 2,
        ..small(Shape::Wrapped)
    })
    .await;
    // Creates the archive for the readers.
    site.run(&["seed", "feed"]).await.with(0);
    let pool = site.readers().await;
    let mut daemon = site.start(&["run", "--until-idle"]);
    let (mut looks, mut before) = (0, vec![0; 6]);
    let mut different = 0;
    loop {
        let now = sqlx::query(COUNTS)
            .fetch_one(&pool)
            .await
            .expect("a reader is never refused");
        let now: Vec<i64> = (0..6).map(|at| now.get(at)).collect();
        assert!(
            now.iter().zip(&before).all(|(now, before)| now >= before),
            "{before:?} became {now:?}"
        );
        different += u32::from(now != before);
        before = now;
        let orphans = sqlx::query(ORPHANS)
            .fetch_one(&pool)
            .await
            .expect("a reader is never refused");
        let orphans: Vec<i64> = (0..5).map(|at| orphans.get(at)).collect();
        assert_eq!(orphans, [0; 5], "after {looks} reads");
        let broken = sqlx::query("pragma foreign_key_check")
            .fetch_all(&pool)
            .await
            .expect("a reader");
        assert_eq!(broken.len(), 0, "after {looks} reads");
        looks += 1;
        if daemon.has_exited() {
            break;
        }
    }
    daemon.end().await.with(0);
    assert!(
        looks > 10 && different > 5,
        "{looks} reads, {different} of them with changes"
    );
    site.assert_whole().await;
}

#[tokio::test]
async fn other_commands_work_during_a_run_and_the_run_crawls_a_new_seed() {
    let mut site = Site::new(small(Shape::Flat)).await;
    let (first, second) = (site.user(0), site.user(1));
    site.set("seeds.users", &format!("[{first:?}]"));
    let mut daemon = site.start(&["run"]);
    daemon.until_logged("crawl started").await;
    soon("the first user's pages", site.sim.answered(4)).await;
    for command in [
        &["status"][..],
        &["status", "--json"],
        &["jobs"],
        &["estimate"],
        &["status", "--check"],
    ] {
        site.run(command).await.with(0);
    }
    assert!(
        site.run(&["status", "--json"]).await.json()["daemon"]
            .as_str()
            .expect("a daemon")
            .contains("process")
    );
    site.run(&["seed", "users", &second]).await.with(0);
    // The crawl of the second user begins with their posts.
    let asked = async {
        let mut calls = 5;
        while !site.sim.log().iter().any(|entry| *entry.subject == *second) {
            site.sim.received(calls).await;
            calls += 1;
        }
    };
    soon("the second user's page", asked).await;
    daemon.signal("SIGTERM");
    daemon.end().await.with(0);
    site.crawl().await.with(0);
    assert_eq!(site.follower_differences(&second).await, (0, 0));
    assert_eq!(site.sim.account().total.repeats, 0);
    site.run(&["status", "--check"]).await.with(1);
}

#[tokio::test]
async fn a_second_daemon_is_refused_with_the_id_of_the_process_that_has_the_archive() {
    let site = Site::whole(Options {
        latency_ms: 100,
        ..small(Shape::Flat)
    })
    .await;
    let daemon = site.start(&["run", "--until-idle"]);
    soon("the first daemon's calls", site.sim.received(3)).await;
    let refused = site.crawl().await.with(1);
    assert!(
        refused.err.contains(&format!("process {}", daemon.id())),
        "{}",
        refused.err
    );
    let user = format!("user_id={}", site.user(0));
    let refused = site.run(&["call", "get_user_profile", &user]).await.with(1);
    assert!(refused.err.contains("in use"), "{}", refused.err);
    daemon.end().await.with(0);
    site.assert_whole().await;
    assert_eq!(site.sim.account().total.repeats, 0);
}
