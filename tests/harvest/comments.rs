//! Rows of comments and replies, and how their parents are determined.

use serde_json::json;
use soracrawl::model::Harvest;

use crate::{read, try_read};

/// Returns (comment, its post, its parent comment), sorted by comment.
pub fn tree(page: &Harvest) -> Vec<(&str, Option<&str>, Option<&str>)> {
    let mut tree: Vec<_> = page
        .comments
        .iter()
        .map(|row| {
            (
                row.comment_id.as_str(),
                row.post_id.as_deref(),
                row.parent_comment_id.as_deref(),
            )
        })
        .collect();
    tree.sort_unstable();
    tree
}

#[test]
fn flat_and_wrapped_comments_become_the_same_rows() {
    let flat = json!({"children": {"items": [{"id": "c1", "text": "t", "posted_by": "user-1", "posted_at": 5.5,
        "like_count": 1, "reply_count": 2, "profile": {"username": "a", "profile_picture_url": "https://x/a"}}],
        "cursor": "n", "has_more": true}});
    let wrapped = json!({"children": {"items": [{"post": {"id": "c1", "text": "t", "shared_by": "user-1",
        "posted_at": 5.5, "like_count": 1, "reply_count": 2}, "profile": {"user_id": "user-1", "username": "a",
        "profile_picture_url": "https://x/a"}}]}, "cursor": "n", "has_more": 1});
    let page = read("get_post_comments", "s_1", &flat);
    assert_eq!(page, read("get_post_comments", "s_1", &wrapped));
    assert_eq!(tree(&page), [("c1", Some("s_1"), None)]);
    assert_eq!(page.users[0].user_id, "user-1");
    assert_eq!(
        (page.cursor.as_deref(), page.has_more),
        (Some("n"), Some(true))
    );
    assert!(page.odd.is_empty() && page.posts.is_empty());
}

#[test]
fn a_comment_whose_parent_is_the_post_has_no_parent_comment() {
    for parent in [json!("s_1"), json!("1"), json!(""), json!(null)] {
        let page = read(
            "get_post_comments",
            "s_1",
            &json!({"items": [{"id": "c1", "parent_post_id": parent}]}),
        );
        assert_eq!(tree(&page), [("c1", Some("s_1"), None)], "{parent}");
    }
    let page = read(
        "get_post_comments",
        "s_1",
        &json!({"items": [{"id": "c2", "parent_post_id": "c1"}]}),
    );
    assert_eq!(tree(&page), [("c2", Some("s_1"), Some("c1"))]);
}

#[test]
fn replies_belong_to_the_requested_comment_unless_they_name_another() {
    let reply = |id: &str, parent: &str| json!({"post": {"id": id, "parent_post_id": parent, "root_post_id": "s_1"}});
    let page = read(
        "get_comment_replies",
        "c1",
        &json!({"children": {"items": [
        reply("r1", "c1"), reply("r2", "s_c1"), reply("r3", "s_1"), reply("r4", "s_r1"), reply("r5", "c9")]}}),
    );
    let parents: Vec<_> = tree(&page)
        .into_iter()
        .map(|(_, _, parent)| parent.unwrap())
        .collect();
    assert_eq!(parents, ["c1", "c1", "c1", "r1", "c9"]);
    assert!(
        page.comments
            .iter()
            .all(|comment| comment.post_id.as_deref() == Some("s_1"))
    );
}

#[test]
fn a_reply_that_does_not_name_its_post_has_no_post() {
    let page = read(
        "get_comment_replies",
        "c1",
        &json!({"children": {"items": [{"id": "r1"},
        {"id": "r2", "parent_post_id": "s_1"}]}}),
    );
    assert_eq!(
        tree(&page),
        [("r1", None, Some("c1")), ("r2", None, Some("c1"))]
    );
}

#[test]
fn nested_replies_become_rows_and_replace_the_first_page_of_their_walk() {
    let page = read(
        "get_post_comments",
        "s_1",
        &json!({"children": {"items": [
        {"post": {"id": "c1", "parent_post_id": "s_1"}, "children": {"items": [
            {"post": {"id": "r1", "parent_post_id": "s_c1"}, "children": [{"id": "q1"}]}], "cursor": "on"}},
        {"post": {"id": "c2"}, "children": {"items": [], "cursor": null}}]}}),
    );
    let post = Some("s_1");
    assert_eq!(
        tree(&page),
        [
            ("c1", post, None),
            ("c2", post, None),
            ("q1", post, Some("r1")),
            ("r1", post, Some("c1"))
        ]
    );
    assert_eq!(page.items, ["c1", "c2"]);
    let nested: Vec<_> = page
        .nested
        .iter()
        .map(|nested| {
            (
                nested.subject.as_str(),
                nested.items,
                nested.cursor.as_deref(),
            )
        })
        .collect();
    assert_eq!(nested, [("r1", 1, None), ("c1", 1, Some("on"))]);
}

#[test]
fn a_truncated_nested_list_does_not_replace_a_page() {
    for tail in [json!({"has_more": true}), json!({"cursor": {}})] {
        let mut children = json!({"items": [{"id": "r1"}]});
        children
            .as_object_mut()
            .unwrap()
            .extend(tail.as_object().unwrap().clone());
        let page = read(
            "get_post_comments",
            "s_1",
            &json!({"items": [{"id": "c1", "children": children}]}),
        );
        assert_eq!((page.comments.len(), page.nested.len()), (2, 0), "{tail}");
    }
}

#[test]
fn the_object_that_contains_the_list_becomes_a_row_too() {
    let page = read(
        "get_post_comments",
        "s_1",
        &json!({"post": {"id": "s_1", "like_count": 4},
        "profile": {"user_id": "user-1"}, "children": {"items": [{"id": "c1"}], "cursor": "n"}, "cursor": null}),
    );
    assert_eq!(
        (
            page.posts[0].counts.get("like_count"),
            page.posts[0].author_user_id.as_deref()
        ),
        (Some(4), Some("user-1"))
    );
    assert_eq!(
        (
            page.cursor.as_deref(),
            page.comments.len(),
            page.nested.len()
        ),
        (Some("n"), 1, 0)
    );
    let page = read(
        "get_comment_replies",
        "c1",
        &json!({"post": {"id": "c1", "root_post_id": "s_1",
        "parent_post_id": "s_1"}, "children": {"items": [{"id": "r1"}]}}),
    );
    assert_eq!(
        tree(&page),
        [("c1", Some("s_1"), None), ("r1", None, Some("c1"))]
    );
    assert!(page.posts.is_empty());
}

#[test]
fn a_video_of_a_comment_belongs_to_the_comment() {
    let page = read(
        "get_post_comments",
        "s_1",
        &json!({"items": [{"id": "s_c1", "attachments": [{"url": "https://x"}]}]}),
    );
    let video = &page.attachments[0];
    assert_eq!(
        (video.post_id.as_deref(), video.comment_id.as_deref()),
        (None, Some("s_c1"))
    );
    assert_eq!(video.attachment_id, "s_c1-attachment-0");
}

#[test]
fn a_missing_list_is_empty_only_if_the_subject_itself_counts_no_replies() {
    let empty = |name, subject, data: &serde_json::Value| {
        try_read(name, subject, &data.to_string()).map(|page| page.items.is_empty())
    };
    for count in [json!(0), json!("0"), json!(0.0)] {
        let data = json!({"post": {"id": "s_1", "reply_count": count}, "children": null});
        assert_eq!(empty("get_post_comments", "s_1", &data), Ok(true), "{data}");
    }
    let data = json!({"post": {"id": "c1", "reply_count": 0}, "profile": {"user_id": "user-1"}, "children": null});
    assert_eq!(empty("get_comment_replies", "c1", &data), Ok(true));
    let page = read("get_comment_replies", "c1", &data);
    assert_eq!((page.comments.len(), page.users.len()), (1, 1));
    for data in [
        json!({"post": {"id": "s_1", "reply_count": 1}, "children": null}),
        json!({"post": {"id": "s_1"}, "children": null}),
        json!({"post": {"id": "s_1", "reply_count": null}, "children": null}),
        json!({"post": {"id": "s_2", "reply_count": 0}, "children": null}),
        json!({"post": {"id": "s_1", "reply_count": 0}, "children": null, "cursor": "n"}),
        json!({"post": {"id": "s_1", "reply_count": 0}, "children": null, "has_more": true}),
        json!({"post": {"id": "s_1", "reply_count": 0}, "children": {"items": null}}),
        json!({"post": {"id": "s_1", "reply_count": 0}, "children": "x"}),
        json!({"post": {"id": "s_1", "reply_count": 0}}),
        json!({"profile": {"user_id": "user-1"}, "children": null}),
        json!({"children": null}),
    ] {
        let failed = empty("get_post_comments", "s_1", &data).unwrap_err();
        assert!(failed.at.starts_with("data.children"), "{data}: {failed}");
    }
}
