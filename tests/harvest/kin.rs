//! Ancestors in the object of a comment: ids distinguish posts from comments.

use serde_json::json;

use crate::comments::tree;
use crate::{ids, read};

#[test]
fn an_ancestor_of_a_comment_is_a_post_or_a_comment_by_its_id() {
    let page = read(
        "get_post_comments",
        "s_1",
        &json!({"items": [{"id": "r1", "parent_post_id": "c1",
        "ancestors": {"items": [{"id": "s_1"}, {"post": {"id": "c1", "parent_post_id": "s_1"}}]}}]}),
    );
    assert_eq!(
        tree(&page),
        [("c1", Some("s_1"), None), ("r1", Some("s_1"), Some("c1"))]
    );
    assert_eq!(page.posts[0].post_id, "s_1");
}

#[test]
fn an_ancestor_that_is_another_post_is_not_a_comment() {
    let post = json!({"id": "s_0", "attachments": [{"id": "a1", "url": "https://x"}]});
    let page = read(
        "get_post_comments",
        "s_1",
        &json!({"items": [{"id": "c1", "root_post_id": "s_1", "parent_post_id": "s_1",
            "ancestors": [{"post": {"id": "s_1"}}, {"post": post}], "parent_post": {"post": {"id": "s_1"}}}]}),
    );
    assert_eq!(tree(&page), [("c1", Some("s_1"), None)]);
    assert_eq!(page.attachments[0].post_id.as_deref(), Some("s_0"));
    assert_eq!(
        ids(&page.posts, |post| &post.post_id),
        ["s_1", "s_0", "s_1"]
    );
}

#[test]
fn the_requested_comment_is_not_a_post_even_if_its_id_looks_like_one() {
    let page = read(
        "get_comment_replies",
        "s_c1",
        &json!({"post": {"id": "s_c1", "root_post_id": "s_1"}, "children": [
            {"id": "r1", "root_post_id": "s_1", "parent_post_id": "s_c1", "ancestors": [{"id": "s_1"}, {"id": "s_c1"}],
             "children": [{"id": "q1", "root_post_id": "s_1", "parent_post_id": "r1",
                "ancestors": [{"id": "s_1"}, {"id": "s_c1"}, {"id": "r1"}]}]}]}),
    );
    assert!(
        page.posts.iter().all(|post| post.post_id == "s_1"),
        "{:?}",
        page.posts
    );
    assert!(
        page.comments
            .iter()
            .all(|comment| comment.comment_id != "s_1")
    );
    assert_eq!(page.posts.len(), 2);
}

#[test]
fn a_comment_with_a_post_like_id_is_recognized_by_its_reply() {
    let page = read(
        "get_post_comments",
        "s_1",
        &json!({"items": [{"id": "r1", "parent_post_id": "s_c1", "root_post_id": "s_1",
            "ancestors": [{"id": "s_1"}, {"id": "s_c1", "parent_post_id": "s_1"}]}]}),
    );
    assert_eq!(
        tree(&page),
        [
            ("r1", Some("s_1"), Some("s_c1")),
            ("s_c1", Some("s_1"), None)
        ]
    );
    assert_eq!(ids(&page.posts, |post| &post.post_id), ["s_1"]);
}
