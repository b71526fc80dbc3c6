//! What the plan buys: depth, caps, filters, and counts that are known already.

use std::collections::BTreeSet;

use soracrawl::sim::{Endpoint, Options, Shape};

use crate::support::{Site, small};

/// Returns a small world of users who follow each other, so that a crawl without limits reaches everyone.
fn crowd() -> Options {
    Options {
        users: 9,
        audience: 10,
        followers: 7,
        ..small(Shape::Wrapped)
    }
}

/// Returns the billed pages as (endpoint, subject, cursor).
fn bought(site: &Site) -> BTreeSet<(String, String, String)> {
    let log = site.sim.log().into_iter().filter(|entry| entry.billed);
    log.map(|entry| {
        (
            entry.endpoint.to_owned(),
            entry.subject.to_string(),
            entry.cursor.to_string(),
        )
    })
    .collect()
}

async fn one_seed(depth: u32) -> Site {
    let mut site = Site::new(crowd()).await;
    let users = format!("{:?}", [site.user(0)]);
    site.set("seeds.users", &users)
        .set("crawl.max_depth", &depth.to_string());
    site
}

#[tokio::test]
async fn at_depth_0_other_users_become_rows_and_are_not_crawled() {
    let site = one_seed(0).await;
    site.crawl().await.with(0);
    let walked = site
        .texts("select distinct subject from jobs where endpoint like 'get_user_%'")
        .await;
    assert_eq!(walked, [site.user(0)]);
    assert!(
        site.number("select count(*) from users where username is not null")
            .await
            > 5
    );
    let others = "select count(*) from jobs join posts on post_id = subject join users on users.id = author_id
         where user_id <> ";
    assert_eq!(
        site.number(&format!("{others} '{}'", site.user(0))).await,
        0,
        "only the seed's own posts have follow-ups"
    );
}

#[tokio::test]
async fn a_second_run_buys_nothing() {
    let site = Site::whole(small(Shape::Wrapped)).await;
    site.crawl().await.with(0);
    let bill = site.bill();
    site.crawl().await.with(0);
    assert_eq!(site.bill(), bill);
    site.assert_whole().await;
}

#[tokio::test]
async fn a_depth_raised_later_buys_only_new_pages_and_reaches_the_same_set() {
    let mut later = one_seed(0).await;
    later.crawl().await.with(0);
    let before = bought(&later);
    later.set("crawl.max_depth", "1");
    later.crawl().await.with(0);
    assert_eq!(later.sim.account().total.repeats, 0);
    let at_once = one_seed(1).await;
    at_once.crawl().await.with(0);
    assert!(
        before.len() * 2 < bought(&later).len(),
        "depth 1 buys more than twice as many pages as depth 0"
    );
    let (later, at_once) = (bought(&later), bought(&at_once));
    let difference: Vec<_> = later.symmetric_difference(&at_once).collect();
    assert!(difference.is_empty(), "{difference:#?}");
}

#[tokio::test]
async fn at_depth_1_the_users_that_the_seed_shows_are_crawled_and_no_others() {
    let site = one_seed(1).await;
    site.crawl().await.with(0);
    let world = site.sim.world();
    let mut shown: BTreeSet<String> = BTreeSet::from([site.user(0)]);
    for list in [Endpoint::Followers, Endpoint::Following] {
        shown.extend(world.ids(list, &site.user(0)).expect("a user"));
    }
    let walked = site
        .texts("select distinct subject from jobs where endpoint = 'get_user_posts'")
        .await;
    let walked: BTreeSet<String> = walked.into_iter().collect();
    let has_posts = |id: &String| {
        world
            .ids(Endpoint::UserPosts, id)
            .is_some_and(|posts| !posts.is_empty())
    };
    let expected: BTreeSet<String> = shown.iter().filter(|id| has_posts(id)).cloned().collect();
    let missed: Vec<_> = expected.difference(&walked).collect();
    assert!(missed.is_empty(), "{missed:?}");
    assert_eq!(site.number("select max(depth) from jobs").await, 1);
}

/// Returns the maximum number of subjects that one job of an endpoint led to.
async fn most_led_to(site: &Site, endpoint: &str) -> i64 {
    let sql = format!(
        "select coalesce(max(led), 0) from (select count(distinct subject) as led from jobs where parent_job_id in
         (select id from jobs where endpoint = '{endpoint}') group by parent_job_id)"
    );
    site.number(&sql).await
}

#[tokio::test]
async fn a_cap_per_parent_bounds_the_follow_ups_of_one_list() {
    for (depth, walks, cap, parent) in [
        (
            1,
            &["followers", "following"][..],
            "users",
            "get_user_followers",
        ),
        (0, &["posts", "comments"], "posts", "get_user_posts"),
        (
            0,
            &["posts", "comments", "replies"],
            "comments",
            "get_post_comments",
        ),
    ] {
        let mut free = one_seed(depth).await;
        // With one call at a time, the same job shows a subject first in every run.
        free.only(walks).set("limits.max_in_flight", "1");
        free.crawl().await.with(0);
        let without = most_led_to(&free, parent).await;
        let mut site = one_seed(depth).await;
        site.only(walks)
            .set("limits.max_in_flight", "1")
            .set(&format!("crawl.max_per_parent.{cap}"), "1");
        site.crawl().await.with(0);
        assert_eq!(
            // Zero subjects are possible if another list led to them first.
            (without > 1, most_led_to(&site, parent).await <= 1),
            (true, true),
            "{walks:?}, {without} without a cap"
        );
        // After the cap is removed, the rest is admitted from the archived replies.
        assert!(bought(&site).len() < bought(&free).len(), "{walks:?}");
        site.unset(&format!("crawl.max_per_parent.{cap}"));
        site.crawl().await.with(0);
        assert_eq!(bought(&site), bought(&free), "{walks:?}");
        assert_eq!(site.sim.account().total.repeats, 0);
    }
}

#[tokio::test]
async fn filtered_users_and_posts_become_rows_and_are_not_crawled() {
    let mut site = one_seed(1).await;
    site.set("crawl.filter.min_followers", "7")
        .set("crawl.filter.min_likes", "40");
    site.crawl().await.with(0);
    let small_users = "select count(*) from jobs join users on user_id = subject where depth = 1 and endpoint like
         'get_user_%' and follower_count < 7";
    assert_eq!(site.number(small_users).await, 0);
    let small_posts =
        "select count(*) from jobs join posts on post_id = subject where like_count < 40";
    assert_eq!(site.number(small_posts).await, 0);
    assert!(
        site.number("select count(*) from users where follower_count < 7")
            .await
            > 0
    );
    assert!(
        site.number("select count(*) from posts where like_count < 40")
            .await
            > 0
    );
    assert!(
        site.number("select count(*) from jobs join posts on post_id = subject")
            .await
            > 0
    );
}

#[tokio::test]
async fn posts_from_before_the_configured_date_have_no_follow_ups() {
    let site = one_seed(0).await;
    site.crawl().await.with(0);
    let middle = "select strftime('%Y-%m-%dT%H:%M:%SZ', avg(posted_at), 'unixepoch') from posts";
    let middle = site.texts(middle).await.remove(0);
    let mut site = one_seed(0).await;
    site.set("crawl.filter.posted_after", &middle);
    site.crawl().await.with(0);
    let old = format!(
        "select count(*) from jobs join posts on post_id = subject where posted_at < unixepoch('{middle}')"
    );
    assert_eq!(site.number(&old).await, 0);
    assert!(
        site.number("select count(*) from jobs join posts on post_id = subject")
            .await
            > 0
    );
}
