//! Rows that contradict each other or form cycles: none is lost, and none stops the others.

use super::{store, text, write_page};
use crate::model::{Attachment, Comment, Harvest, Post, Remix};
use crate::store::Store;

fn video(attachment_id: &str, post_id: Option<&str>, comment_id: Option<&str>) -> Attachment {
    Attachment {
        attachment_id: attachment_id.into(),
        post_id: post_id.map(str::to_owned),
        comment_id: comment_id.map(str::to_owned),
        ..Attachment::default()
    }
}

fn videos(attachments: Vec<Attachment>) -> Harvest {
    Harvest {
        attachments,
        ..Harvest::default()
    }
}

fn comment(comment_id: &str, parent: Option<&str>) -> Comment {
    Comment {
        comment_id: comment_id.into(),
        parent_comment_id: parent.map(str::to_owned),
        ..Comment::default()
    }
}

fn comments(comments: Vec<Comment>) -> Harvest {
    Harvest {
        comments,
        ..Harvest::default()
    }
}

async fn owners(store: &Store) -> Vec<(String, Option<String>, Option<String>)> {
    sqlx::query_as(
        "select attachment_id, post_id, comment_id from attachment_links order by attachment_id",
    )
    .fetch_all(store.readers())
    .await
    .unwrap()
}

#[tokio::test]
async fn a_video_shown_by_a_post_and_a_comment_belongs_to_the_first() {
    let (_folder, store) = store().await;
    let post = || video("a1", Some("s_1"), None);
    let under = |id: &str| video(id, None, Some("c1"));
    write_page(&store, &videos(vec![post(), under("a2")]), 50.0).await;
    write_page(
        &store,
        &videos(vec![under("a1"), video("a2", Some("s_2"), None)]),
        60.0,
    )
    .await;
    // Both are in one page, so one row is bound for both.
    write_page(
        &store,
        &videos(vec![under("a3"), video("a3", Some("s_1"), None)]),
        70.0,
    )
    .await;
    let expected = [
        ("a1".to_owned(), text("s_1"), None),
        ("a2".to_owned(), None, text("c1")),
        ("a3".to_owned(), None, text("c1")),
    ];
    assert_eq!(owners(&store).await, expected);
}

#[tokio::test]
async fn comments_in_a_cycle_are_shown_although_no_root_leads_to_them() {
    let (_folder, store) = store().await;
    let page = comments(vec![
        comment("root", None),
        comment("reply", Some("root")),
        comment("one", Some("two")),
        comment("two", Some("one")),
        comment("below", Some("two")),
        comment("self", Some("self")),
    ]);
    write_page(&store, &page, 50.0).await;
    let rows: Vec<(String, Option<String>, i64)> = sqlx::query_as(
        "select comment_id, parent_comment_id, depth from comment_tree order by comment_id",
    )
    .fetch_all(store.readers())
    .await
    .unwrap();
    let row = |id: &str, parent: &str, depth| (id.to_owned(), text(parent), depth);
    let expected = [
        row("below", "two", 0),
        row("one", "two", 0),
        row("reply", "root", 1),
        ("root".to_owned(), None, 0),
        row("self", "self", 0),
        row("two", "one", 0),
    ];
    assert_eq!(rows, expected);
}

#[tokio::test]
async fn remixes_in_a_cycle_are_shown_once() {
    let (_folder, store) = store().await;
    let remix = |parent: &str, post: &str| Remix {
        post_id: post.into(),
        parent_post_id: parent.into(),
    };
    let page = Harvest {
        remixes: vec![
            remix("s_root", "s_a"),
            remix("s_a", "s_b"),
            // This edge closes a cycle below a valid root.
            remix("s_b", "s_a"),
            remix("s_x", "s_y"),
            remix("s_y", "s_x"),
            remix("s_y", "s_z"),
        ],
        ..Harvest::default()
    };
    write_page(&store, &page, 50.0).await;
    let rows: Vec<(String, String, Option<String>, i64)> = sqlx::query_as(
        "select root_post_id, post_id, parent_post_id, depth from remix_tree order by post_id",
    )
    .fetch_all(store.readers())
    .await
    .unwrap();
    let row = |root: &str, id: &str, parent: &str, depth| {
        (root.to_owned(), id.to_owned(), text(parent), depth)
    };
    let expected = [
        row("s_root", "s_a", "s_root", 1),
        row("s_root", "s_b", "s_a", 2),
        ("s_root".to_owned(), "s_root".to_owned(), None, 0),
        row("s_x", "s_x", "s_y", 0),
        row("s_y", "s_y", "s_x", 0),
        row("s_z", "s_z", "s_y", 0),
    ];
    assert_eq!(rows, expected);
}

#[tokio::test]
async fn a_deep_thread_gets_its_post_from_a_later_page() {
    let (_folder, store) = store().await;
    let name = |number: usize| format!("c{number}");
    let deep = (1..1500).map(|number| comment(&name(number), Some(&name(number - 1))));
    let mut thread: Vec<_> = deep.collect();
    // The page also contains a cycle.
    thread.push(comment("one", Some("two")));
    thread.push(comment("two", Some("one")));
    write_page(&store, &comments(thread), 50.0).await;
    let head = |id: &str| Comment {
        post_id: text("s_1"),
        ..comment(id, None)
    };
    write_page(&store, &comments(vec![head("c0"), head("one")]), 60.0).await;
    let without_post: i64 =
        sqlx::query_scalar("select count(*) from comments where post_id is null")
            .fetch_one(store.readers())
            .await
            .unwrap();
    assert_eq!(without_post, 0);
}

#[tokio::test]
async fn a_title_does_not_replace_the_prompt() {
    let (_folder, store) = store().await;
    let post_with = |prompt, title| Harvest {
        posts: vec![Post {
            post_id: "s_1".into(),
            text: prompt,
            title,
            ..Post::default()
        }],
        ..Harvest::default()
    };
    write_page(&store, &post_with(None, text("the whole…")), 50.0).await;
    write_page(
        &store,
        &post_with(text("the whole long prompt"), None),
        60.0,
    )
    .await;
    write_page(&store, &post_with(None, text("the who…")), 70.0).await;
    let row: (Option<String>, Option<String>) =
        sqlx::query_as("select text, title from posts_now where post_id = 's_1'")
            .fetch_one(store.readers())
            .await
            .unwrap();
    assert_eq!(row, (text("the whole long prompt"), text("the who…")));
}
