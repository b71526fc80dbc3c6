//! Posts with the objects around them, and replies without rows.

use serde_json::{Value, json};
use soracrawl::api::payload_json;
use soracrawl::model::{Appearance, Harvest, ListKind, Nested, Remix};

use crate::{fixture, ids, read, try_read};

fn remix(post_id: &str, parent_post_id: &str) -> Remix {
    Remix {
        post_id: post_id.into(),
        parent_post_id: parent_post_id.into(),
    }
}

fn appearance(user_id: &str, post_id: &str) -> Appearance {
    Appearance {
        user_id: user_id.into(),
        post_id: post_id.into(),
    }
}

#[test]
fn a_recorded_post_is_read_with_and_without_its_envelope() {
    let bare = read("get_task_detail", "task_1", &fixture!("task_detail"));
    let wrapped = read(
        "get_task_detail",
        "task_1",
        &fixture!("task_detail_in_envelope"),
    );
    assert_eq!(bare, wrapped);
    assert!(bare.odd.is_empty(), "{:?}", bare.odd);
    let [post] = bare.posts.as_slice() else {
        panic!("one post")
    };
    assert_eq!(post.post_id, "s_68ecb45b40988191b89a0af80135a33c");
    assert_eq!(post.posted_at, Some(1_760_343_131.252443));
    assert_eq!(post.text.as_deref(), Some("A cat is playing Minecraft"));
    assert_eq!(
        (post.caption.as_ref(), post.posted_to_public),
        (None, Some(false))
    );
    assert_eq!(
        (
            post.counts.get("like_count"),
            post.counts.get("share_count")
        ),
        (Some(0), None)
    );
    let [video] = bare.attachments.as_slice() else {
        panic!("one video")
    };
    assert_eq!(
        video.attachment_id,
        "s_68ecb45b40988191b89a0af80135a33c-attachment-0"
    );
    assert_eq!((video.width, video.height), (Some(352), Some(640)));
    assert_eq!(video.expires_at, Some(1_760_859_762.0));
    assert!(
        video
            .gif_url
            .as_ref()
            .is_some_and(|url| url.contains("preview.gif"))
    );
    assert_eq!(
        (video.unfurl_url.as_ref(), video.ld_url.as_ref()),
        (None, None)
    );
    assert!(bare.nested.is_empty() && bare.remixes.is_empty());
}

#[test]
fn a_recorded_cast_includes_the_character_and_the_requested_user() {
    let page = read(
        "get_user_cameo_appearances",
        "user-1",
        &fixture!("appearances"),
    );
    let cast = ["ch_6955e4af0b5c81919019718b9c157e83", "ch_123", "user-1"];
    assert_eq!(
        page.appearances,
        cast.map(|user_id| appearance(user_id, "s_probe_1"))
    );
    assert_eq!(
        page.users[0].username.as_deref(),
        Some("next.thur.thursday")
    );
    assert_eq!(page.cursor.as_deref(), Some("appearance-next-cursor"));
    assert_eq!(
        (page.items, page.has_more),
        (vec!["s_probe_1".to_owned()], None)
    );
}

#[test]
fn all_objects_around_a_post_become_rows() {
    let post = json!({"post": {
        "id": "s_1", "shared_by": "user-1", "parent_post_id": "s_0",
        "parent_post": {"post": {"id": "s_0"}, "profile": {"user_id": "user-0"}},
        "ancestors": [{"id": "s_root"}],
        "cameo_profiles": [{"user_id": "user-2"}],
        "text_facets": [{"type": "mention", "profile": {"user_id": "user-3"}}, {"type": "tag"}],
        "remix_posts": {"items": [{"id": "s_2"}, {"post": {"id": "s_3", "parent_post_id": "s_2"}}], "cursor": "c"},
        "permissions": {"share_setting": "public"},
        "attachments": [{"encodings": fixture!("encodings"), "download_urls": fixture!("download_urls")}],
    }, "profile": {"user_id": "user-1"}, "reposter_profile": {"user_id": "user-4"},
    "children": {"items": [{"id": "c1", "posted_by": "user-5"}], "cursor": null}});
    let page = read("get_post_detail", "s_1", &post);
    assert_eq!(
        ids(&page.posts, |post| &post.post_id),
        ["s_0", "s_root", "s_2", "s_3", "s_1"]
    );
    assert_eq!(
        page.remixes,
        [
            remix("s_1", "s_0"),
            remix("s_2", "s_1"),
            remix("s_3", "s_2")
        ]
        .into_iter()
        .collect::<Vec<_>>()
    );
    for user_id in ["user-0", "user-1", "user-2", "user-3", "user-4"] {
        assert!(
            page.users.iter().any(|user| user.user_id == user_id),
            "{user_id}"
        );
    }
    assert_eq!(page.appearances, [appearance("user-2", "s_1")]);
    assert_eq!(page.comments[0].post_id.as_deref(), Some("s_1"));
    assert_eq!(page.posts[4].share_setting.as_deref(), Some("public"));
    let video = &page.attachments[0];
    assert_eq!(video.attachment_id, "s_1-attachment-0");
    assert_eq!(
        (
            video.no_watermark_url.as_ref(),
            video.endcard_wm_url.as_ref()
        ),
        (None, None)
    );
    assert!(video.ld_url.is_some() && video.watermark_url.is_some());
    let nested = |list, items, cursor: Option<&str>| Nested {
        list,
        subject: "s_1".into(),
        items,
        cursor: cursor.map(str::to_owned),
    };
    assert_eq!(
        page.nested,
        [
            nested(ListKind::COMMENTS_OF_POST, 1, None),
            nested(ListKind::REMIXES_OF_POST, 2, Some("c"))
        ]
    );
    assert!(page.odd.is_empty(), "{:?}", page.odd);
}

#[test]
fn a_detail_reply_without_a_post_is_a_failure() {
    for data in [
        json!({}),
        json!({"post": null}),
        json!({"post": {}}),
        json!({"profile": {"user_id": "u"}}),
        json!({"post": {"id": 5.5}}),
        json!([]),
    ] {
        assert!(
            try_read("get_post_detail", "s_1", &data.to_string()).is_err(),
            "{data}"
        );
    }
    let other = read("get_post_detail", "s_2", &json!({"id": "s_1"}));
    assert_eq!(other.odd.len(), 1);
    let by_url = read(
        "get_post_detail",
        "https://sora.chatgpt.com/p/s_1?x",
        &json!({"post": {"id": "s_1"}}),
    );
    assert!(by_url.odd.is_empty());
}

#[test]
fn remixes_belong_to_the_requested_post_unless_they_name_another() {
    let page = read(
        "get_post_remix_list",
        "s_1",
        &json!({"items": [{"id": "s_2", "attachments": []},
        {"post": {"id": "s_3", "parent_post_id": "s_2"}}], "cursor": "next"}),
    );
    assert_eq!(page.remixes, [remix("s_2", "s_1"), remix("s_3", "s_2")]);
}

#[test]
fn the_author_of_a_listed_post_defaults_to_the_requested_user() {
    let author = |subject, item: &Value| {
        let page = read("get_user_posts", subject, &json!({"items": [item]}));
        page.posts.last().expect("a post").author_user_id.clone()
    };
    let requested = Some("user-1".to_owned());
    for item in [
        json!({"id": "s_1"}),
        json!({"post": {"id": "s_1", "shared_by": null, "parent_post": {"id": "s_0"}}, "profile": null}),
        json!({"post": {"id": "s_1"}, "reposter_profile": null, "children": [{"id": "c1"}]}),
    ] {
        assert_eq!(author("user-1", &item), requested, "{item}");
    }
    for (item, said) in [
        (json!({"id": "s_1", "shared_by": "user-2"}), Some("user-2")),
        (
            json!({"post": {"id": "s_1"}, "profile": {"user_id": "user-2"}}),
            Some("user-2"),
        ),
        (
            json!({"post": {"id": "s_1"}, "profile": {"username": "two"}}),
            None,
        ),
        (json!({"id": "s_1", "shared_by": 17}), Some("17")),
        (
            json!({"post": {"id": "s_1"}, "reposter_profile": {"user_id": "user-1"}}),
            None,
        ),
        (json!({"id": "s_1", "repost_of_post_id": "s_0"}), None),
        (json!({"id": "s_1", "repost_of_user_id": "user-2"}), None),
        (
            json!({"id": "s_1", "original_poster": {"user_id": "user-2"}}),
            None,
        ),
        (json!({"id": "s_1", "original_poster": "user-2"}), None),
    ] {
        assert_eq!(author("user-1", &item).as_deref(), said, "{item}");
    }
    // A character has no posts of its own, and an invalid subject is no user.
    for subject in ["ch_1", "", "a\u{0}b"] {
        assert_eq!(author(subject, &json!({"id": "s_1"})), None, "{subject}");
    }
    let inside = json!({"post": {"id": "s_1", "parent_post": {"id": "s_0"}}});
    let page = read("get_user_posts", "user-1", &json!({"items": [inside]}));
    assert_eq!(
        (
            page.posts[0].post_id.as_str(),
            &page.posts[0].author_user_id
        ),
        ("s_0", &None)
    );
}

#[test]
fn download_info_becomes_a_post_its_author_and_one_video() {
    let page = read(
        "get_video_download_info",
        "s_1",
        &json!({"post_id": "s_1", "title": "t",
        "video": {"no_watermark": "https://x/n?se=2025-10-19T07%3A42%3A42Z", "preview_gif": null, "width": 640},
        "author": {"user_id": "user-1", "avatar": "https://x/a"}, "stats": {"comment_count": 3},
        "created_at": 1760343131.25}),
    );
    assert_eq!(page.posts[0].counts.get("reply_count"), Some(3));
    // The remote truncates the title, so it must not replace the prompt in `text`.
    assert_eq!(
        (page.posts[0].title.as_deref(), &page.posts[0].text),
        (Some("t"), &None)
    );
    assert_eq!(page.posts[0].author_user_id.as_deref(), Some("user-1"));
    assert_eq!(
        page.users[0].profile_picture_url.as_deref(),
        Some("https://x/a")
    );
    assert_eq!(page.attachments[0].expires_at, Some(1_760_859_762.0));
    assert_eq!(page.attachments[0].attachment_id, "s_1-attachment-0");
    let documented = read(
        "get_video_download_info",
        "s_9",
        &fixture!("video_download_info"),
    );
    assert_eq!(
        (documented.posts[0].post_id.as_str(), documented.users.len()),
        ("s_9", 0)
    );
}

#[test]
fn a_reply_without_rows_is_printed_unchanged() {
    for (name, data) in [
        ("upload_image", fixture!("upload_image")),
        ("get_task_status", fixture!("task_status")),
    ] {
        assert_eq!(read(name, "", &data), Harvest::default());
        let printed = payload_json(data.to_string().as_bytes()).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&printed).unwrap(), data);
    }
    let printed = payload_json(fixture!("create_video").to_string().as_bytes()).unwrap();
    assert!(printed.contains("task_01k7e05chaem08va8sq5qy2een") && !printed.contains("code"));
}
