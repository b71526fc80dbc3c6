//! A later pass of a walk goes on where an earlier one ended: nothing is skipped, and nothing between is bought again.

use soracrawl::sim::Options;

use crate::listed::{LISTED, List, again, archived, bought, listed, look_again};
use crate::support::{Site, walk};

const POSTS: usize = 36;
const PAGE: usize = 6;
const PAGES: i64 = 6;

/// A world whose user has six pages of posts.
fn posts() -> Options {
    Options {
        users: 1,
        posts: POSTS,
        page_size_posts: PAGE,
        comments: 0,
        followers: 0,
        ..walk()
    }
}

async fn site() -> Site {
    let mut site = Site::new(posts()).await;
    let users = format!("{:?}", &site.sim.world().seed_users()[..1]);
    site.only(&["posts"]).set("seeds.users", &users);
    site
}

#[tokio::test]
async fn a_pass_that_stopped_at_page_k_is_continued_after_a_look_at_the_head_for_every_k() {
    for stopped_at in 1..PAGES {
        let mut site = site().await;
        site.set("crawl.max_pages.posts", &stopped_at.to_string());
        site.crawl().await.with(0);
        assert!(bought(&site).await.1.starts_with("capped "), "{stopped_at}");
        again(&site).await;
        site.unset("crawl.max_pages.posts");
        site.crawl().await.with(0);
        // The head, and the pages after the first stop.
        let (pages, end) = bought(&site).await;
        let expected = (PAGES + 1, "complete ");
        assert_eq!((pages, end.as_str()), expected, "{stopped_at}");
        assert_eq!(archived(&site).await, 36, "{stopped_at}");
        again(&site).await;
        site.crawl().await.with(0);
        let (pages, end) = bought(&site).await;
        assert_eq!(pages, PAGES + 2, "a look at the head is enough");
        assert!(end.contains("an earlier pass saw it to its end"), "{end}");
        site.run(&["verify"]).await.with(0);
    }
}

/// What happens to a list between two passes, apart from new posts.
type Change = fn(&mut List);

#[tokio::test]
async fn a_list_that_changed_between_two_passes_is_as_complete_as_after_one_for_every_k() {
    let pages = i64::from(LISTED).div_euclid(8);
    let changes: [(&str, Change); 4] = [
        ("grown", |_| {}),
        ("pinned", |list| list.pinned = Some(3)),
        ("deleted", |list| list.deleted = vec![2, 12, 20, 33, 39]),
        ("reordered", |list| list.is_reordered = true),
    ];
    for stopped_at in 1..pages {
        for more in [0, 1, 8, 19] {
            for (change, apply) in changes {
                let what = format!("stopped at {stopped_at}, {more} more, {change}");
                let (mut place, list) = listed().await;
                place.set("crawl.max_pages.posts", &stopped_at.to_string());
                place.crawl().await.with(0);
                look_again(&mut place, &list, |list| {
                    list.newest += more;
                    apply(list);
                })
                .await;
                let list = list.lock().expect("a list").clone();
                let archived = place.texts("select post_id from posts").await;
                for post in (1..=list.newest).filter(|post| !list.deleted.contains(post)) {
                    let id = format!("s_{post:032x}");
                    assert!(archived.contains(&id), "{what}: post {post} is missing");
                }
                let (bought, end) = bought(&place).await;
                assert!(end.starts_with("complete "), "{what}: {end}");
                // The new posts, the page in which they meet the old ones, and what the first pass did not see.
                let new_pages = i64::from(more).div_euclid(8) + 1;
                assert!(bought <= pages + new_pages + 1, "{what}: {bought} pages");
                if more == 8 {
                    place.run(&["verify"]).await.with(0);
                }
            }
        }
    }
}

#[tokio::test]
async fn a_first_page_whose_rows_were_refused_is_not_bought_again_from_the_head() {
    let (mut place, list) = listed().await;
    place.crawl().await.with(0);
    let refuse =
        "create trigger refuse before insert on posts begin select raise(abort, 'refused'); end";
    list.lock().expect("a list").newest += 2;
    again(&place).await;
    place.execute(refuse).await;
    place.crawl().await.with(3);
    place.execute("drop trigger refuse").await;
    let sent = "select count(*) from calls where endpoint = 'get_user_posts'";
    let calls = place.number(sent).await;
    look_again(&mut place, &list, |_| {}).await;
    assert_eq!(place.number(sent).await, calls);
    assert_eq!(archived(&place).await, 42);
    place.run(&["verify"]).await.with(0);
}

#[tokio::test]
async fn a_cap_counts_the_pages_of_earlier_passes() {
    let mut site = site().await;
    site.set("crawl.max_pages.posts", "2");
    site.crawl().await.with(0);
    again(&site).await;
    site.set("crawl.max_pages.posts", "4");
    site.crawl().await.with(0);
    let (pages, end) = bought(&site).await;
    assert_eq!(pages, 4, "{end}");
    assert!(end.starts_with("capped "), "{end}");
    // The same cap buys nothing more.
    site.crawl().await.with(0);
    assert_eq!(bought(&site).await.0, 4);
    again(&site).await;
    site.unset("crawl.max_pages.posts");
    site.crawl().await.with(0);
    // The third pass meets the second one, which had met the first.
    assert_eq!(bought(&site).await, (8, "complete ".to_owned()));
    assert_eq!(archived(&site).await, 36);
    site.run(&["verify"]).await.with(0);
}

#[tokio::test]
async fn a_whole_pass_buys_every_page_again() {
    let site = site().await;
    site.crawl().await.with(0);
    let dry = ["jobs", "requeue", "--id", "1", "--from-head", "--dry-run"];
    let told = site.run(&dry).await.with(0).out;
    assert!(
        told.contains("1 job: 6 pages") && told.contains("or fewer"),
        "{told}"
    );
    site.run(&["jobs", "requeue", "--id", "1", "--whole"])
        .await
        .with(0);
    site.crawl().await.with(0);
    assert_eq!(bought(&site).await, (2 * PAGES, "complete ".to_owned()));
    again(&site).await;
    site.crawl().await.with(0);
    assert_eq!(
        bought(&site).await.0,
        2 * PAGES + 1,
        "the whole pass is met"
    );
    site.run(&["verify"]).await.with(0);
}

#[tokio::test]
async fn after_a_refused_cursor_the_list_is_walked_from_its_head() {
    let site = site().await;
    site.sim
        .script("get_user_posts:4=expired-cursor")
        .expect("a script");
    let log = site.crawl().await.with(0).err;
    let told = log.lines().find(|line| line.contains("refuses the cursor"));
    let told = told.expect("a warning");
    assert!(
        told.contains("$0.15") && told.contains("bought again"),
        "{told}"
    );
    let (pages, end) = bought(&site).await;
    assert_eq!(archived(&site).await, 36, "{end}");
    assert_eq!(pages, 3 + PAGES, "{end}");
    assert!(end.starts_with("complete "), "{end}");
    // No pass can go on after it.
    let span =
        "select count(*) from spans where pages = 3 and state = 'closed' and reached_end = 0";
    assert_eq!(site.number(span).await, 1);
    site.run(&["verify"]).await.with(0);
}
