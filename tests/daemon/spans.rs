//! A later pass of a walk goes on where an earlier one ended: nothing is skipped, and nothing between is bought again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Query, State};
use axum::{Json, Router};
use soracrawl::sim::Options;

use crate::support::{Place, Site, walk};

const POSTS: usize = 24;
const PAGE: usize = 4;
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

async fn again(site: &Place, from_head: bool) {
    let mut command = vec!["jobs", "requeue", "--id", "1"];
    if from_head {
        command.push("--from-head");
    }
    site.run(&command).await.with(0);
}

/// Returns the pages that the walk has bought, and how it ended.
async fn bought(site: &Place) -> (i64, String) {
    let kept = "select count(*) from calls where endpoint = 'get_user_posts' and kept = 1";
    let end = "select stop_reason || ' ' || coalesce(note, '') from jobs where endpoint = 'get_user_posts'";
    (site.number(kept).await, site.texts(end).await.remove(0))
}

async fn archived(site: &Place) -> i64 {
    site.number("select count(*) from posts").await
}

#[tokio::test]
async fn a_pass_that_stopped_at_page_k_is_continued_after_a_look_at_the_head_for_every_k() {
    for stopped_at in 1..PAGES {
        let mut site = site().await;
        site.set("crawl.max_pages.posts", &stopped_at.to_string());
        site.crawl().await.with(0);
        assert!(bought(&site).await.1.starts_with("capped "), "{stopped_at}");
        again(&site, true).await;
        site.unset("crawl.max_pages.posts");
        site.crawl().await.with(0);
        // The head, and the pages after the first stop.
        let (pages, end) = bought(&site).await;
        assert_eq!(
            (pages, end.as_str()),
            (PAGES + 1, "complete "),
            "{stopped_at}"
        );
        assert_eq!(archived(&site).await, 24, "{stopped_at}");
        // Now a look at the head is enough.
        again(&site, true).await;
        site.crawl().await.with(0);
        let (pages, end) = bought(&site).await;
        assert_eq!(pages, PAGES + 2, "{stopped_at}");
        assert!(end.contains("an earlier pass saw it to its end"), "{end}");
        site.run(&["verify"]).await.with(0);
    }
}

/// A list of posts that changes between two passes, newest first. Its cursor is the number of the last post before the page.
#[derive(Debug, Clone, Default)]
struct List {
    newest: u32,
    pinned: Option<u32>,
    deleted: Vec<u32>,
    is_reordered: bool,
}

/// What happens to a list between two passes, apart from new posts.
type Change = fn(&mut List);

const LISTED: u32 = 40;
const LISTED_PAGE: usize = 8;

impl List {
    /// Returns the numbers of the posts of a page, and whether there are more.
    fn page(&self, after: Option<u32>) -> (Vec<u32>, bool) {
        let below = after.unwrap_or(self.newest + 1);
        let is_shown = |post: &u32| !self.deleted.contains(post) && self.pinned != Some(*post);
        let mut posts: Vec<u32> = (1..below).rev().filter(is_shown).collect();
        if after.is_none() {
            if self.is_reordered {
                posts.swap(0, 2);
            }
            posts.splice(0..0, self.pinned);
        }
        let has_more = posts.len() > LISTED_PAGE;
        posts.truncate(LISTED_PAGE);
        (posts, has_more)
    }

    fn reply(&self, after: Option<u32>) -> serde_json::Value {
        let (posts, has_more) = self.page(after);
        let cursor = posts
            .iter()
            .filter(|post| self.pinned != Some(**post))
            .min();
        let items = posts.iter().map(|post| {
            serde_json::json!({"post": {"id": format!("s_{post:032x}"), "text": "t", "posted_at": 1.7e9 + f64::from(*post)}})
        });
        let items: Vec<_> = items.collect();
        serde_json::json!({"code": 200, "data": {
            "items": items, "has_more": has_more,
            "cursor": has_more.then(|| format!("before-{}", cursor.expect("a post"))),
        }})
    }
}

/// Returns a place whose remote serves such a list, and the list.
async fn listed() -> (Place, Arc<Mutex<List>>) {
    let list = Arc::new(Mutex::new(List {
        newest: LISTED,
        ..List::default()
    }));
    let give = |State(list): State<Arc<Mutex<List>>>,
                Query(query): Query<HashMap<String, String>>| async move {
        let after = query.get("cursor").map(|cursor| {
            cursor
                .trim_start_matches("before-")
                .parse()
                .expect("a cursor of the list")
        });
        Json(list.lock().expect("a list").reply(after))
    };
    let router = Router::new()
        .route("/api/v1/sora2/get_user_posts", axum::routing::get(give))
        .with_state(list.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    let mut place = Place::new(&format!("http://{address}"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    place
        .only(&["posts"])
        .set("seeds.users", "[\"user-0123456789\"]");
    (place, list)
}

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
                {
                    let mut list = list.lock().expect("a list");
                    list.newest += more;
                    apply(&mut list);
                }
                again(&place, true).await;
                place.unset("crawl.max_pages.posts");
                place.crawl().await.with(0);
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
async fn a_cap_counts_the_pages_of_earlier_passes() {
    let mut site = site().await;
    site.set("crawl.max_pages.posts", "2");
    site.crawl().await.with(0);
    again(&site, true).await;
    site.set("crawl.max_pages.posts", "4");
    site.crawl().await.with(0);
    let (pages, end) = bought(&site).await;
    assert_eq!(pages, 4, "{end}");
    assert!(end.starts_with("capped "), "{end}");
    // The same cap buys nothing more.
    site.crawl().await.with(0);
    assert_eq!(bought(&site).await.0, 4);
    again(&site, true).await;
    site.unset("crawl.max_pages.posts");
    site.crawl().await.with(0);
    // The third pass meets the second one, which had met the first.
    assert_eq!(bought(&site).await, (8, "complete ".to_owned()));
    assert_eq!(archived(&site).await, 24);
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
    again(&site, true).await;
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
    assert_eq!(archived(&site).await, 24, "{end}");
    assert_eq!(pages, 3 + PAGES, "{end}");
    assert!(end.starts_with("complete "), "{end}");
    // What came before the refused cursor is known, and no pass can go on after it.
    let span =
        "select count(*) from spans where pages = 3 and tail_cursor is null and reached_end = 0";
    assert_eq!(site.number(span).await, 1);
    site.run(&["verify"]).await.with(0);
}
