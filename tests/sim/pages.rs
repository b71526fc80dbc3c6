//! Replies of every read endpoint in both shapes.

use serde_json::{Value, json};
use soracrawl::sim::{Endpoint, Options, Shape, Sim, Thing};

use crate::client::{call, cursor, id, ids, items, start, walk};

const SHAPES: [Shape; 2] = [Shape::Flat, Shape::Wrapped];

#[tokio::test]
async fn walking_a_list_by_cursor_returns_exactly_its_items() {
    for shape in SHAPES {
        let sim = start(shape).await;
        let users = sim.world().seed_users();
        let mut longest = 0;
        for endpoint in [
            Endpoint::UserPosts,
            Endpoint::Followers,
            Endpoint::Following,
            Endpoint::Appearances,
        ] {
            for user in users.iter().take(12) {
                let pages = walk(&sim, endpoint, user).await;
                longest = longest.max(pages.len());
                let seen: Vec<String> = pages.iter().flat_map(ids).collect();
                assert_eq!(
                    Some(seen),
                    sim.world().ids(endpoint, user),
                    "{}",
                    endpoint.name()
                );
            }
        }
        assert!(longest >= 3, "no list had three pages");
        for endpoint in [Endpoint::Feed, Endpoint::Leaderboard] {
            let seen: Vec<String> = walk(&sim, endpoint, "")
                .await
                .iter()
                .flat_map(ids)
                .collect();
            assert_eq!(Some(seen), sim.world().ids(endpoint, ""));
        }
    }
}

#[tokio::test]
async fn endpoints_for_single_objects_return_the_requested_object() {
    for shape in SHAPES {
        let sim = start(shape).await;
        let user = sim.world().seed_users()[1].clone();
        let profile = call(&sim, Endpoint::UserProfile, &user, "").await.data();
        assert_eq!(profile["profile"]["user_id"], user.as_str());
        let post = sim.world().ids(Endpoint::UserPosts, &user).expect("posts")[0].clone();
        let detail = call(&sim, Endpoint::PostDetail, &post, "").await.data();
        assert_eq!(id(&detail), Some(post.clone()));
        let info = call(&sim, Endpoint::VideoInfo, &post, "").await.data();
        assert_eq!(info["post_id"], post.as_str());
        let name = profile["profile"]["username"]
            .as_str()
            .expect("a name")
            .to_uppercase();
        let found = call(&sim, Endpoint::SearchUsers, &name, "").await.data();
        assert!(ids(&found).contains(&user));
        assert_eq!(items(&found)[0]["token"], format!("<@{}>", ids(&found)[0]));
        assert_eq!(sim.world().find(&user), Some(Thing::Person(1)));
    }
}

#[tokio::test]
async fn equal_seeds_return_equal_bytes_and_different_seeds_do_not() {
    let (one, same) = (start(Shape::Wrapped).await, start(Shape::Wrapped).await);
    let other = Sim::start(Options {
        seed: 2,
        ..Options::default()
    })
    .await
    .expect("a simulator");
    let feed = call(&one, Endpoint::Feed, "", "").await.body;
    assert_eq!(feed, call(&same, Endpoint::Feed, "", "").await.body);
    assert_ne!(feed, call(&other, Endpoint::Feed, "", "").await.body);
    assert_eq!(one.truth(), same.truth());
}

#[tokio::test]
async fn nested_lists_are_complete_or_continue_at_their_cursor() {
    let sim = start(Shape::Wrapped).await;
    let (mut whole, mut cut) = (0, 0);
    for post in sim.world().ids(Endpoint::Feed, "").expect("a feed") {
        let detail = call(&sim, Endpoint::PostDetail, &post, "").await.data();
        let mut nested = vec![(
            Endpoint::RemixList,
            post.clone(),
            detail["post"]["remix_posts"].clone(),
        )];
        for page in walk(&sim, Endpoint::PostComments, &post).await {
            let threads = items(&page).into_iter();
            let thread = |it: Value| {
                (
                    Endpoint::CommentReplies,
                    id(&it).expect("an id"),
                    it["children"].clone(),
                )
            };
            nested.extend(threads.map(thread));
        }
        for (endpoint, subject, list) in nested {
            let mut seen = match &list {
                Value::Null => Vec::new(),
                Value::Array(_) => ids(&json!({"items": list})),
                _ => ids(&list),
            };
            let mut at = list
                .get("cursor")
                .and_then(Value::as_str)
                .unwrap_or("")
                .to_owned();
            *if at.is_empty() { &mut whole } else { &mut cut } += usize::from(!seen.is_empty());
            while !at.is_empty() {
                let page = call(&sim, endpoint, &subject, &at).await.data();
                seen.extend(ids(&page));
                at = cursor(&page);
            }
            assert_eq!(Some(seen), sim.world().ids(endpoint, &subject));
        }
    }
    assert!(whole > 20 && cut > 1, "{whole} whole, {cut} cut");
}
