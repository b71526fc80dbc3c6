//! The crawler does not buy what replies contained before: empty lists, nested lists, objects in lists.

use soracrawl::sim::{Endpoint, Options, Shape, Thing};

use crate::support::{Site, small};

#[tokio::test]
async fn lists_that_are_known_to_be_empty_are_not_bought() {
    let options = Options {
        comments: 1,
        replies: 1,
        appearances: 1,
        followers: 2,
        ..small(Shape::Wrapped)
    };
    let site = Site::whole(options).await;
    site.crawl().await.with(0);
    site.assert_whole().await;
    let world = site.sim.world();
    let mut empty = 0;
    for entry in site.sim.log() {
        let endpoint = Endpoint::named(entry.endpoint).expect("an endpoint");
        // No reply contains the counts of a user without posts, so their empty lists may be unknown.
        let has_posts = |id: &str| {
            world
                .ids(Endpoint::UserPosts, id)
                .is_some_and(|posts| !posts.is_empty())
        };
        let is_list = endpoint.is_paged() && endpoint != Endpoint::UserPosts;
        if is_list
            && world
                .items(endpoint, &entry.subject)
                .is_some_and(|list| list.is_empty())
        {
            let is_unknown = matches!(world.find(&entry.subject), Some(Thing::Person(_)))
                && !has_posts(&entry.subject);
            assert!(
                is_unknown,
                "bought although it was known to be empty: {entry:?}"
            );
            empty += 1;
        }
    }
    assert_eq!(
        empty, 0,
        "the profile of a user without posts is requested before other lists"
    );
}

#[tokio::test]
async fn replies_that_arrived_nested_are_not_bought() {
    let site = Site::whole(Options {
        nested_items: 50,
        ..small(Shape::Wrapped)
    })
    .await;
    site.crawl().await.with(0);
    site.assert_whole().await;
    assert_eq!(site.calls_of("get_comment_replies"), 0);
    assert!(
        site.number("select count(*) from comments where parent_comment_id is not null")
            .await
            > 0
    );
}

#[tokio::test]
async fn profiles_and_details_are_bought_only_if_no_list_contained_them() {
    let mut site = Site::whole(small(Shape::Wrapped)).await;
    site.crawl().await.with(0);
    let users = site.sim.world().seed_users();
    let world = site.sim.world().clone();
    let silent = users.iter().filter(|id| {
        world
            .ids(Endpoint::UserPosts, id)
            .is_some_and(|posts| posts.is_empty())
    });
    assert!(site.calls_of("get_user_profile") <= silent.count() as u64);
    assert_eq!(site.calls_of("get_post_detail"), 0);
    assert_eq!(site.calls_of("get_video_download_info"), 0);
    site.set("crawl.buy_known_profiles", "true")
        .set("crawl.buy_known_details", "true");
    site.set("crawl.download_info", "true");
    site.crawl().await.with(0);
    assert_eq!(site.calls_of("get_user_profile"), users.len() as u64);
    let posts = world
        .posts
        .iter()
        .filter(|post| users.contains(&world.people[post.author].id))
        .count() as u64;
    assert_eq!(
        (
            site.calls_of("get_post_detail"),
            site.calls_of("get_video_download_info")
        ),
        (posts, posts)
    );
    site.assert_whole().await;
    assert_eq!(site.sim.account().total.repeats, 0);
}
