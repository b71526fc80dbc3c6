//! Users, follows, and positions in lists.

use serde_json::json;
use soracrawl::model::Follow;

use crate::{fixture, ids, read, try_read};

#[test]
fn a_search_result_without_an_id_takes_it_from_the_mention() {
    let page = read("search_users", "sam", &fixture!("search_users"));
    assert_eq!(
        ids(&page.users, |user| &user.user_id),
        ["user-abc123xyz", "user-def456uvw"]
    );
    assert_eq!(page.search[1].token.as_deref(), Some("<@user-def456uvw>"));
    assert_eq!((page.search[1].position, page.odd.len()), (1, 0));
}

#[test]
fn both_shapes_of_a_profile_become_the_same_row() {
    let documented = json!({"profile": {"user_id": "user-1", "bio": "b", "like_count": 7.0, "is_verified": 1,
        "banner_image_url": "https://x/c", "created_at": 1.5}});
    let upstream = json!({"user_id": "user-1", "description": "b", "likes_received_count": 7, "verified": true,
        "cover_photo_url": "https://x/c", "created_at": "1970-01-01T00:00:01.5Z", "new_field": {}});
    let page = read("get_user_profile", "user-1", &documented);
    assert_eq!(page, read("get_user_profile", "user-1", &upstream));
    assert_eq!(page.users[0].counts.get("likes_received_count"), Some(7));
    let recorded = read(
        "get_user_profile",
        "user-RsKdjUJuQQFxzHDL95653kdw",
        &fixture!("profile_upstream"),
    );
    assert_eq!(recorded.users[0].counts.get("cameo_count"), Some(446_185));
    assert!(recorded.odd.is_empty(), "{:?}", recorded.odd);
}

#[test]
fn a_profile_without_an_id_belongs_to_the_requested_user() {
    let page = read("get_user_profile", "user-9", &fixture!("user_profile"));
    assert_eq!(ids(&page.users, |user| &user.user_id), ["user-9"]);
    assert_eq!(page.users[0].counts.get("post_count"), Some(45));
    assert!(
        try_read(
            "get_user_profile",
            "",
            &fixture!("user_profile").to_string()
        )
        .is_err()
    );
    assert!(
        try_read(
            "get_user_profile",
            "user-9",
            &json!({"profile": {}}).to_string()
        )
        .is_err()
    );
    assert!(
        try_read(
            "get_user_profile",
            "user-9",
            &json!({"profile": null}).to_string()
        )
        .is_err()
    );
}

#[test]
fn the_owner_of_a_character_becomes_a_user() {
    let page = read(
        "get_user_profile",
        "ch_1",
        &json!({"profile": {"user_id": "ch_1", "owner_profile":
        {"user_id": "user-1", "username": "owner"}}}),
    );
    assert_eq!(ids(&page.users, |user| &user.user_id), ["user-1", "ch_1"]);
    assert_eq!(page.users[1].owner_user_id.as_deref(), Some("user-1"));
}

#[test]
fn followers_and_following_have_opposite_directions() {
    let flat = json!({"items": [{"user_id": "user-2"}, {"user_id": "user-2"}], "cursor": "", "has_more": false});
    let wrapped = json!({"items": [{"profile": {"user_id": "user-2"}}, {"profile": {"user_id": "user-2"}}],
        "cursor": null, "has_more": 0});
    let page = read("get_user_followers", "user-1", &flat);
    assert_eq!(page, read("get_user_followers", "user-1", &wrapped));
    assert_eq!(
        page.follows[0],
        Follow {
            follower: "user-2".into(),
            followed: "user-1".into()
        }
    );
    assert_eq!(
        (page.items, page.cursor, page.has_more),
        (vec!["user-2".to_owned()], None, Some(false))
    );
    let page = read("get_user_following", "user-1", &flat);
    assert_eq!(
        page.follows[0],
        Follow {
            follower: "user-1".into(),
            followed: "user-2".into()
        }
    );
}

#[test]
fn the_feed_and_the_leaderboard_keep_positions() {
    let page = read(
        "get_feed",
        "",
        &json!({"items": [
        {"post": {"id": "s_1", "shared_by": "user-1"}, "profile": {"username": "a"}}, 7, {"id": "s_2"}]}),
    );
    let places: Vec<_> = page
        .feed
        .iter()
        .map(|entry| (entry.position, entry.id.as_str()))
        .collect();
    assert_eq!(places, [(0, "s_1"), (2, "s_2")]);
    assert_eq!(
        page.users[0].user_id, "user-1",
        "the profile takes the post's author"
    );
    assert_eq!(
        (page.odd.len(), page.odd[0].at.as_str()),
        (1, "data.items[1]")
    );
    for data in [
        json!({"items": [{"user_id": "user-1"}], "cursor": 5}),
        json!({"leaderboard": [{"profile": {"user_id": "user-1"}}], "cursor": "5"}),
        json!({"leaderboard": {"items": [{"profile": {"user_id": "user-1"}}], "cursor": "5"}}),
    ] {
        let page = read("get_cameo_leaderboard", "", &data);
        assert_eq!(
            (page.leaderboard[0].id.as_str(), page.cursor.as_deref()),
            ("user-1", Some("5"))
        );
    }
}
