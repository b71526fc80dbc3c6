//! What it costs to be up to date again, against an oracle that knows what has changed.

use std::collections::BTreeMap;

use soracrawl::api::endpoints;
use soracrawl::sim::{Change, Options, Shape};
use soracrawl::store::Requeue;

use crate::absent::{Growing, rows};
use crate::site::{examine, number, report_text, world};

const PAGE: usize = 10;
const SENT: &str = "select count(*) from calls where endpoint = 'get_user_posts' and kept = 1";

/// Returns the listed posts of each user.
fn listed(growing: &Growing) -> BTreeMap<String, Vec<String>> {
    let world = growing.world();
    let users = world.seed_users();
    let people = world.people.iter().filter(|it| users.contains(&it.id));
    let posts = |posts: &[usize]| {
        let shown = posts.iter().map(|post| &world.posts[*post]);
        let shown = shown.filter(|post| !post.is_hidden);
        shown.map(|post| post.id.clone()).collect()
    };
    people.map(|it| (it.id.clone(), posts(&it.posts))).collect()
}

#[tokio::test]
async fn full_freshness_after_one_percent_has_changed_costs_about_one_look_at_each_list() {
    let mut growing = Growing::new(Options {
        shape: Shape::Flat,
        exact: true,
        growth: 0.2,
        growth_kinds: vec![
            Change::Posts,
            Change::Deletions,
            Change::Pins,
            Change::Reordering,
        ],
        users: 40,
        audience: 5,
        posts: 60,
        page_size_posts: PAGE,
        comments: 0,
        remixes: 0,
        followers: 0,
        appearances: 0,
        characters: 0,
        ..world(7, 0.0)
    })
    .await;
    let crawl = &mut growing.site.config.crawl;
    (crawl.comments, crawl.remixes, crawl.followers) = (false, false, false);
    (crawl.following, crawl.appearances, crawl.profiles) = (false, false, false);
    growing.pass().await;
    let (before, sent) = (listed(&growing), number(&growing.path, SENT).await);
    growing.advance(86_400);
    let now = listed(&growing);
    let (mut oracle, mut new) = (0, 0);
    for (user, posts) in &now {
        let known = before.get(user).cloned().unwrap_or_default();
        let more = posts.iter().filter(|post| !known.contains(post)).count();
        new += more;
        oracle += 1 + more / PAGE;
    }
    let all: usize = before.values().map(Vec::len).sum();
    let share = new as f64 / all as f64;
    assert!(
        (0.002..0.03).contains(&share),
        "{new} of {all} posts are new"
    );
    let posts = Requeue {
        endpoint: Some("get_user_posts".to_owned()),
        from_head: true,
        newest_first: endpoints::newest_first(),
        ..Requeue::default()
    };
    growing.walk(&posts).await;
    let bought = number(&growing.path, SENT).await - sent;
    assert!(
        bought as f64 <= 1.2 * oracle as f64,
        "{bought} pages; an oracle buys {oracle}, and a whole walk {sent}"
    );
    let archived = rows(&growing.path, "select post_id from posts")
        .await
        .concat();
    let missing: Vec<&String> = now
        .values()
        .flatten()
        .filter(|post| !archived.contains(post))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    let report = examine(&growing.path).await;
    assert!(report.is_sound(), "{}", report_text(&report));
}
