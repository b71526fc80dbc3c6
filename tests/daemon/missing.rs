//! What is missing and why: `completeness`, `refusals`, `provenance`, and the plan of each run.

use std::collections::{BTreeMap, BTreeSet};

use soracrawl::sim::{Endpoint, Options, Shape, counted};
use sqlx::Row;

use crate::support::{Site, small};

#[tokio::test]
async fn of_a_whole_crawl_nothing_is_missing_of_what_was_seeded() {
    let site = Site::whole(small(Shape::Wrapped)).await;
    site.crawl().await.with(0);
    let wrong = site
        .texts(
            "select kind || ' of ' || subject_id || ': ' || state || ' ' || coalesce(why, '') from completeness
             where (missing_count <> 0 or state <> 'done' or why is not null)
                 and (subject_kind = 'post' or subject_id in (select subject from seeds))",
        )
        .await;
    assert_eq!(wrong, Vec::<String>::new());
    let lists = site
        .texts("select distinct kind from completeness order by 1")
        .await;
    let all = [
        "appearances",
        "comments",
        "followers",
        "following",
        "posts",
        "remixes",
    ];
    assert_eq!(lists, all);
    let plan = site
        .texts("select plan ->> '$.max_depth' || ' ' || (plan ->> '$.comments') from runs")
        .await;
    assert_eq!(plan, ["0 1"]);
    let unexplained = "select (select count(*) from users) + (select count(*) from posts)
        + (select count(*) from comments) - (select count(*) from provenance where seed_subject is not null)";
    assert_eq!(site.number(unexplained).await, 0);
    let via = "select count(*) from provenance p join comments c on c.comment_id = p.id
        join posts on posts.id = c.post_id where via_endpoint = 'get_post_comments' and via_subject = posts.post_id";
    assert!(site.number(via).await > 5);
}

/// Subjects by state and reason.
async fn reasons(site: &Site, kind: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let sql = format!(
        "select state || ' ' || coalesce(why, '?'), subject_id from completeness
         where kind = '{kind}' and missing_count > 0"
    );
    for row in site.rows(&sql).await {
        found.entry(row.get(0)).or_default().insert(row.get(1));
    }
    found
}

#[tokio::test]
async fn every_missing_list_has_its_reason_and_its_number() {
    let mut site = Site::whole(Options {
        page_size_comments: 4,
        posts: 8,
        ..small(Shape::Wrapped)
    })
    .await;
    site.set("crawl.max_pages.comments", "1")
        .set("crawl.max_per_parent.posts", "1")
        .set("crawl.filter.min_likes", "40")
        .set("crawl.remixes", "false");
    site.crawl().await.with(0);
    let world = site.sim.world();
    let post_of = |id: &str| {
        let mut posts = world.posts.iter();
        posts
            .find(|post| post.id == id)
            .expect("a post of the world")
    };
    let known = site
        .rows("select subject_id, known_count, collected_count, missing_count from completeness where kind = 'comments'")
        .await;
    for row in &known {
        let (id, counts): (String, [i64; 3]) = (row.get(0), [row.get(1), row.get(2), row.get(3)]);
        assert_eq!(counts[0], post_of(&id).thread_size as i64, "{id}");
        assert_eq!(counts[2], counts[0] - counts[1], "{id}");
    }
    assert_eq!(known.len(), world.posts.len());

    let of_comments = reasons(&site, "comments").await;
    let asked: BTreeSet<String> = site
        .texts("select subject from jobs where endpoint = 'get_post_comments'")
        .await
        .into_iter()
        .collect();
    for (why, posts) in &of_comments {
        for post in posts {
            let comments = world.ids(Endpoint::PostComments, post).expect("a post");
            let expected = match (asked.contains(post), post_of(post).like_count < 40) {
                (false, true) => "never_asked filter",
                (false, false) => "never_asked parent_cap",
                (true, _) if comments.len() > 4 => "stopped page_cap",
                (true, _) => "partial page_cap",
            };
            assert_eq!(why, expected, "{post}");
        }
    }
    for some in [
        "never_asked filter",
        "never_asked parent_cap",
        "stopped page_cap",
    ] {
        assert!(of_comments.contains_key(some), "no {some}: {of_comments:?}");
    }
    let of_remixes = reasons(&site, "remixes").await;
    let reasons: Vec<&String> = of_remixes.keys().collect();
    assert!(
        reasons.iter().all(|why| *why == "never_asked not_followed"),
        "{reasons:?}"
    );

    // Another plan counts again, from the kept replies.
    let capped = "select count(*) from refusals where reason = 'parent_cap'";
    assert!(site.number(capped).await > 0);
    site.unset("crawl.max_per_parent.posts");
    site.crawl().await.with(0);
    assert_eq!(site.number(capped).await, 0);
    let filtered = "select count(*) from refusals where reason = 'filter'";
    assert!(site.number(filtered).await > 0);
    let plans = "select count(distinct plan) from runs where plan is not null";
    assert_eq!(site.number(plans).await, 2);
}

#[tokio::test]
async fn users_beyond_the_depth_are_never_asked_because_of_it() {
    let mut site = Site::new(small(Shape::Wrapped)).await;
    let users = format!("{:?}", [site.user(0), site.user(1)]);
    site.only(&["posts", "followers"])
        .set("seeds.users", &users)
        .set("crawl.max_depth", "0");
    site.crawl().await.with(0);
    let of_posts = reasons(&site, "posts").await;
    let all: Vec<&String> = of_posts.keys().collect();
    assert_eq!(all, ["never_asked depth"]);
}

#[tokio::test]
async fn lists_of_a_private_user_are_denied_and_cost_nothing() {
    let mut site = Site::new(Options {
        audience: 60,
        ..small(Shape::Wrapped)
    })
    .await;
    let world = site.sim.world();
    let hidden = world
        .people
        .iter()
        .find(|it| world.is_private(&it.id) && !it.following.is_empty())
        .expect("a private user who follows somebody")
        .id
        .clone();
    let users = format!("{:?}", [&hidden, &site.user(0)]);
    site.set("seeds.users", &users);
    site.crawl().await.with(0);
    // The profile says that the other lists are empty.
    let ends = format!(
        "select endpoint || ' ' || stop_reason from jobs where subject = '{hidden}' and stop_reason <> 'complete'"
    );
    let ends = site.texts(&ends).await;
    assert!(
        ends.contains(&"get_user_following denied".to_owned()),
        "{ends:?}"
    );
    assert!(ends.iter().all(|it| it.ends_with(" denied")), "{ends:?}");
    let paid = format!(
        "select count(*) from calls where subject = '{hidden}' and cost_micro_usd > 0 and endpoint <> 'get_user_profile'"
    );
    assert_eq!(site.number(&paid).await, 0);
    let why = format!(
        "select kind || ': ' || state || ' ' || why from completeness where subject_id = '{hidden}' and missing_count > 0"
    );
    let why = site.texts(&why).await;
    assert!(
        why.contains(&"following: stopped denied".to_owned()),
        "{why:?}"
    );
}

#[tokio::test]
async fn a_count_that_disagrees_with_its_list_is_told_as_a_difference() {
    let site = Site::whole(Options {
        users: 60,
        posts: 0,
        ..small(Shape::Wrapped)
    })
    .await;
    site.crawl().await.with(0);
    let world = site.sim.world();
    let sql = "select subject_id, known_count, collected_count, missing_count from completeness
        where kind = 'followers' and state = 'done'";
    let mut differences = BTreeSet::new();
    for row in site.rows(sql).await {
        let (id, counts): (String, [i64; 3]) = (row.get(0), [row.get(1), row.get(2), row.get(3)]);
        let listed = world.ids(Endpoint::Followers, &id).expect("a user").len();
        assert_eq!(counts[1], listed as i64, "{id}");
        assert_eq!(counts[0], counted(&id, "followers", listed) as i64, "{id}");
        assert_eq!(counts[2], counts[0] - counts[1], "{id}");
        differences.insert(counts[2]);
    }
    assert!(differences.len() > 1, "{differences:?}");
}
