//! Each kind of change of a growing world, as replies show it.

use std::collections::BTreeSet;
use std::time::Duration;

use soracrawl::sim::{Change, Endpoint, Event, Options, Sim};

use crate::client::{call, cursor, ids, walk};
use crate::growth::{DAY, advance, growing};

/// Returns a world in which only one kind of change has happened, and its events of a kind.
async fn only(change: Change, kind: &str) -> (Sim, Vec<Event>) {
    let sim = growing(Options {
        growth: 20.0,
        growth_kinds: vec![change],
        ..Options::default()
    })
    .await;
    advance(&sim, 5.0);
    let mut events = sim.events();
    events.retain(|it| it.kind == kind);
    assert!(!events.is_empty(), "no {kind} happened");
    (sim, events)
}

async fn listed(sim: &Sim, endpoint: Endpoint, subject: &str) -> BTreeSet<String> {
    let pages = walk(sim, endpoint, subject).await;
    pages.iter().flat_map(ids).collect()
}

#[tokio::test]
async fn a_deleted_post_leaves_its_list_and_its_404_names_it() {
    let (sim, events) = only(Change::Deletions, "delete").await;
    let posts: Vec<&Event> = events.iter().filter(|it| it.id.starts_with("s_")).collect();
    assert!(posts.len() > 5 && events.len() > posts.len());
    for event in posts {
        let gone = call(&sim, Endpoint::PostDetail, &event.id, "").await;
        let message = gone.json()["detail"]["message"].to_string();
        assert!(
            gone.status == 404 && message.contains(&event.id),
            "{message}"
        );
        let author = sim.world().posts.iter().find(|it| it.id == event.id);
        let author = &sim.world().people[author.expect("an old post").author].id;
        let before = sim.world().ids(Endpoint::UserPosts, author).expect("posts");
        let now = listed(&sim, Endpoint::UserPosts, author).await;
        assert!(before.contains(&event.id) && !now.contains(&event.id));
    }
    let comment = events.iter().find(|it| !it.id.starts_with("s_"));
    let comment = &comment.expect("a comment").id;
    let replies = call(&sim, Endpoint::CommentReplies, comment, "").await;
    assert_eq!(replies.status, 404);
    let unknown = call(&sim, Endpoint::PostDetail, "s_unknown", "").await;
    assert_eq!(unknown.json()["detail"]["message"], "Not Found");
}

#[tokio::test]
async fn a_tombstone_stays_in_its_list_with_its_time() {
    let (sim, events) = only(Change::Deletions, "tombstone").await;
    let event = events.iter().find(|it| it.id.starts_with("s_"));
    let event = event.expect("a post");
    let detail = call(&sim, Endpoint::PostDetail, &event.id, "").await.data();
    let at = detail["post"]["tombstoned_at"].as_f64().expect("a time");
    assert!((at * 1e6 - event.at_micros as f64).abs() < 1.0);
}

#[tokio::test]
async fn a_user_who_left_is_gone_with_everything_and_a_banned_one_stays() {
    let (sim, events) = only(Change::Bans, "leave").await;
    let seeds = sim.world().seed_users();
    let left = events.iter().find(|it| seeds.contains(&it.id));
    let left = &left.expect("a seed user left").id;
    for endpoint in [
        Endpoint::UserProfile,
        Endpoint::UserPosts,
        Endpoint::Followers,
    ] {
        let gone = call(&sim, endpoint, left, "").await;
        let message = gone.json()["detail"]["message"].to_string();
        assert!(
            gone.status == 404 && message.contains(left.as_str()),
            "{message}"
        );
    }
    let follower = sim.world().people.iter().find(|it| {
        let left = sim.world().people.iter().position(|it| &it.id == left);
        it.followers.contains(&left.expect("a person"))
            && events.iter().all(|event| event.id != it.id)
    });
    if let Some(followed) = follower {
        let now = listed(&sim, Endpoint::Followers, &followed.id).await;
        assert!(!now.contains(left));
    }
    let banned = sim.events().into_iter().find(|it| it.kind == "ban");
    let banned = banned.expect("a ban").id;
    let profile = call(&sim, Endpoint::UserProfile, &banned, "").await.data();
    assert!(profile["profile"]["banned_at"].is_number());
}

#[tokio::test]
async fn a_private_user_hides_posts_and_lists_and_shows_them_again() {
    let (sim, events) = only(Change::Privacy, "private").await;
    let last = |id: &str| sim.events().into_iter().rev().find(|it| it.id == id);
    let hidden = events
        .iter()
        .filter(|it| last(&it.id).is_some_and(|it| it.kind == "private"));
    let mut refused = 0;
    for event in hidden {
        let posts = call(&sim, Endpoint::UserPosts, &event.id, "").await;
        let profile = call(&sim, Endpoint::UserProfile, &event.id, "").await;
        assert_eq!((posts.status, profile.status), (403, 200));
        for post in sim
            .world()
            .ids(Endpoint::UserPosts, &event.id)
            .expect("posts")
        {
            assert_eq!(
                call(&sim, Endpoint::PostDetail, &post, "").await.status,
                403
            );
            refused += 1;
        }
    }
    assert!(refused > 5, "{refused} posts were refused");
    let public = sim.events().into_iter().rev();
    let public = public.filter(|it| it.kind == "public").map(|it| it.id);
    let again = public.filter(|id| last(id).is_some_and(|it| it.kind == "public"));
    for user in again.take(3) {
        let before = sim.world().ids(Endpoint::UserPosts, &user).expect("posts");
        let now = listed(&sim, Endpoint::UserPosts, &user).await;
        assert_eq!(now, before.into_iter().collect());
    }
}

#[tokio::test]
async fn a_renamed_user_keeps_the_id_and_another_takes_the_name() {
    let (sim, events) = only(Change::Renames, "rename").await;
    let world = sim.world_at(Duration::from_secs(5 * DAY));
    let first_name = |id: &str| {
        let person = sim.world().people.iter().find(|it| it.id == id);
        person.map(|it| it.username.clone())
    };
    let reused = events.iter().find(|event| {
        let of_other = |it: &soracrawl::sim::Person| {
            it.id != event.id && Some(&it.username) == event.other.as_ref()
        };
        sim.world().people.iter().any(of_other)
    });
    let reused = reused.expect("a name that was given to another user");
    assert_ne!(first_name(&reused.id), reused.other);
    let names: BTreeSet<_> = world.people.iter().map(|it| &it.username).collect();
    assert_eq!(names.len(), world.people.len(), "names are unique");
    for event in events.iter().rev().take(3) {
        let profile = call(&sim, Endpoint::UserProfile, &event.id, "")
            .await
            .data();
        let person = world.people.iter().find(|it| it.id == event.id);
        let name = &person.expect("a user").username;
        assert_eq!(profile["profile"]["username"], name.as_str());
    }
}

#[tokio::test]
async fn follows_begin_at_the_head_and_unfollows_end() {
    let (sim, events) = only(Change::Follows, "follow").await;
    let newest = events.last().expect("a follow");
    let followed = newest.other.as_ref().expect("a user");
    let first = call(&sim, Endpoint::Followers, followed, "").await.data();
    assert_eq!(ids(&first)[0], newest.id);
    let (sim, events) = only(Change::Unfollows, "unfollow").await;
    for event in events.iter().take(5) {
        let followed = event.other.as_ref().expect("a user");
        let before = sim.world().ids(Endpoint::Followers, followed);
        let now = listed(&sim, Endpoint::Followers, followed).await;
        assert!(before.expect("followers").contains(&event.id) && !now.contains(&event.id));
    }
}

#[tokio::test]
async fn a_pinned_post_stands_first_and_once_and_neighbours_at_the_head_change_places() {
    let (sim, _) = only(Change::Pins, "pin").await;
    let world = sim.world_at(Duration::from_secs(5 * DAY));
    let mut pinned = 0;
    for person in world.people.iter().filter(|it| it.pinned.is_some()) {
        let pages = walk(&sim, Endpoint::UserPosts, &person.id).await;
        let seen: Vec<String> = pages.iter().flat_map(ids).collect();
        let post = &world.posts[person.pinned.expect("a pin")].id;
        let mut rest = world.ids(Endpoint::UserPosts, &person.id).expect("posts");
        rest.retain(|it| it != post);
        assert_eq!((&seen[0], &seen[1..]), (post, &rest[..]));
        pinned += 1;
    }
    assert!(pinned > 3, "{pinned} pins");
    let sim = growing(Options {
        growth_kinds: vec![Change::Reordering],
        ..Options::default()
    })
    .await;
    let mut moved = 0;
    for user in sim.world().seed_users() {
        let pages = walk(&sim, Endpoint::UserPosts, &user).await;
        let seen: Vec<String> = pages.iter().flat_map(ids).collect();
        let sorted = sim.world().ids(Endpoint::UserPosts, &user).expect("posts");
        moved += usize::from(seen != sorted);
        let same = |it: &[String]| it.iter().cloned().collect::<BTreeSet<_>>();
        assert_eq!(same(&seen), same(&sorted));
    }
    assert!((1..30).contains(&moved), "{moved} lists are rearranged");
}

#[tokio::test]
async fn a_cursor_expires_after_its_life() {
    let sim = growing(Options {
        cursor_seconds: 3_600,
        growth_kinds: vec![Change::Posts],
        page_size_posts: 3,
        ..Options::default()
    })
    .await;
    let user = sim.world().seed_users()[3].clone();
    advance(&sim, 1.0);
    let at = cursor(&call(&sim, Endpoint::UserPosts, &user, "").await.data());
    advance(&sim, 0.04);
    let list = async || call(&sim, Endpoint::UserPosts, &user, &at).await;
    assert_eq!(list().await.status, 200);
    advance(&sim, 0.01);
    let refused = list().await;
    assert_eq!(refused.status, 400);
    assert!(
        refused.text().contains("Invalid cursor"),
        "{}",
        refused.text()
    );
    assert_eq!(call(&sim, Endpoint::UserPosts, &user, "").await.status, 200);
}
