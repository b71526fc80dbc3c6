//! A run follows configuration changes and manual requeues, and leaves no job without a stated end.

use soracrawl::sim::{Options, Shape};

use crate::support::{PAGE, Site, small, soon, walk};

const WALK: &str = "get_user_followers";

#[tokio::test]
async fn a_walk_enabled_between_seeding_and_the_first_run_is_crawled() {
    let mut site = Site::new(walk()).await;
    let user = site.user(0);
    site.only(&["following"]);
    site.run(&["seed", "users", &user]).await.with(0);
    site.only(&["followers"]);
    site.crawl().await.with(0);
    assert_eq!(site.job(WALK, &user).await.reason, "complete");
    assert_eq!(site.follower_differences(&user).await, (0, 0));
    assert_eq!(
        site.calls_of("get_user_following"),
        0,
        "this walk is disabled now"
    );
}

#[tokio::test]
async fn a_job_does_not_wait_for_a_job_that_the_plan_no_longer_includes() {
    let mut site = Site::new(walk()).await;
    let user = site.user(0);
    site.only(&["posts", "profiles", "followers"]);
    site.run(&["seed", "users", &user]).await.with(0);
    assert_eq!(site.job(WALK, &user).await.state, "waiting");
    site.only(&["followers"]);
    site.crawl().await.with(0);
    assert_eq!(site.job(WALK, &user).await.reason, "complete");
    assert_eq!(site.bill(), 3 * PAGE);
}

#[tokio::test]
async fn a_plan_change_survives_a_run_that_is_killed_at_once() {
    let options = Options {
        latency_ms: 20,
        ..small(Shape::Wrapped)
    };
    let mut site = Site::whole(options).await;
    site.only(&["posts"]);
    site.crawl().await.with(0);
    for walk in [
        "followers",
        "following",
        "appearances",
        "comments",
        "replies",
        "remixes",
        "profiles",
        "details",
    ] {
        site.set(&format!("crawl.{walk}"), "true");
    }
    // Kills the process during the replanning of archived replies, or just before it.
    let calls = site.sim.log().len() as u64;
    for more in [1, 2, 4] {
        let mut daemon = site.start(&["run", "--until-idle"]);
        soon("a call", site.sim.received(calls + more)).await;
        daemon.kill();
    }
    site.crawl().await.with(0);
    site.assert_whole().await;
    site.assert_settled().await;
}

async fn completes_after_requeue(script: &str, state: &str, reason: &str) {
    let site = Site::walk(script).await;
    site.crawl().await.with(3);
    let job = site.job(WALK, &site.user(0)).await;
    assert_eq!((job.state.as_str(), job.reason.as_str()), (state, reason));
    site.sim.heal();
    // The cursors that a fault made up lead nowhere.
    let mut requeue = vec!["jobs", "requeue", "--state", state, "--reason", reason];
    if script.contains("endless-new-cursors") {
        requeue.push("--from-head");
    }
    site.run(&requeue).await.with(0);
    site.crawl().await.with(0);
    let job = site.job(WALK, &site.user(0)).await;
    assert_eq!(job.reason, "complete", "{script}: {job:?}");
    assert_eq!(
        site.follower_differences(&site.user(0)).await,
        (0, 0),
        "{script}"
    );
    site.assert_settled().await;
}

#[tokio::test]
async fn an_incomplete_walk_completes_after_a_requeue_once_the_remote_recovers() {
    completes_after_requeue(
        "get_user_followers:2=has-more-no-cursor",
        "stopped",
        "truncated",
    )
    .await;
    completes_after_requeue("get_user_followers:2=own-cursor", "stopped", "stalled").await;
    completes_after_requeue(
        "get_user_followers:2=endless-new-cursors",
        "stopped",
        "stalled",
    )
    .await;
    completes_after_requeue(
        "get_user_followers:3=expired-cursor\nget_user_followers:7=expired-cursor",
        "failed",
        "failed",
    )
    .await;
    completes_after_requeue("get_user_followers:2+=html-200", "failed", "failed").await;
    completes_after_requeue("get_user_followers:1+=data-null", "failed", "failed").await;
    completes_after_requeue("get_user_followers:2+=endpoint-retired", "failed", "failed").await;
}

#[tokio::test]
async fn a_requeued_done_job_is_bought_again_and_loses_nothing() {
    let site = Site::walk("").await;
    site.crawl().await.with(0);
    site.run(&["jobs", "requeue", "--state", "done"])
        .await
        .with(0);
    site.crawl().await.with(0);
    assert_eq!(site.bill(), 6 * PAGE);
    assert_eq!(site.job(WALK, &site.user(0)).await.reason, "complete");
    assert_eq!(site.follower_differences(&site.user(0)).await, (0, 0));
}

#[tokio::test]
async fn every_job_of_a_retired_endpoint_ends_with_a_stated_reason() {
    let mut site = Site::new(small(Shape::Wrapped)).await;
    let users = format!("{:?}", [site.user(0), site.user(1)]);
    site.sim
        .script("get_post_comments:1=endpoint-retired")
        .expect("a script");
    // Jobs at depth 1 are found after the endpoint was retired.
    site.set("limits.max_in_flight", "1")
        .set("seeds.users", &users)
        .set("crawl.max_depth", "1");
    site.crawl().await.with(3);
    let unended = site
        .texts(
            "select endpoint || ' ' || state || ' ' || depth from jobs where stop_reason is null",
        )
        .await;
    assert!(unended.is_empty(), "{unended:?}");
    // One answer never decides alone.
    assert_eq!(site.calls_of("get_post_comments"), 6);
    site.sim.heal();
    site.run(&["jobs", "requeue"]).await.with(0);
    site.crawl().await.with(0);
    assert!(site.calls_of("get_post_comments") > 2);
    assert_eq!(site.sim.account().total.repeats, 0);
}

#[tokio::test]
async fn a_walk_that_is_bought_again_begins_at_its_head_also_if_another_reply_contains_its_list() {
    let mut site = Site::new(Options {
        users: 5,
        posts: 10,
        comments: 30,
        replies: 30,
        page_size_comments: 4,
        ..Options::default()
    })
    .await;
    let posts = site.sim.world().posts.iter().take(6);
    let posts: Vec<String> = posts.map(|post| post.id.clone()).collect();
    site.set("seeds.posts", &format!("{posts:?}"))
        .set("crawl.buy_known_details", "true");
    site.crawl().await.with(0);
    site.run(&["jobs", "requeue", "--state", "done", "--yes"])
        .await
        .with(0);
    site.crawl().await.with(0);
    site.run(&["verify"]).await.with(0);
}
