//! Property tests: no reply causes a panic, and no row has an invalid id.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Number, Value, json};
use soracrawl::api::endpoints::ALL;
use soracrawl::api::harvest;

use crate::hostile::LISTS;
use crate::try_read;

/// Field names that some parser reads, so that arbitrary trees reach the parsers.
const KEYS: [&str; 44] = [
    "code",
    "data",
    "items",
    "children",
    "leaderboard",
    "cursor",
    "has_more",
    "post",
    "profile",
    "reposter_profile",
    "owner_profile",
    "id",
    "user_id",
    "post_id",
    "shared_by",
    "posted_by",
    "posted_at",
    "text",
    "token",
    "parent_post",
    "parent_post_id",
    "root_post_id",
    "ancestors",
    "remix_posts",
    "cameo_profiles",
    "text_facets",
    "attachments",
    "encodings",
    "source",
    "path",
    "url",
    "download_urls",
    "watermark",
    "permissions",
    "share_setting",
    "like_count",
    "verified",
    "video",
    "author",
    "stats",
    "title",
    "error",
    "detail",
    "character_user_id",
];

fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        select(
            &[
                "s_1",
                "1",
                "",
                "user-1",
                "<@user-1>",
                "https://x/a?se=2025-10-19T07%3A42%3A42Z",
                "12",
                "-1"
            ][..]
        )
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(|value| Number::from_f64(value).map_or(Value::Null, Value::Number)),
        Just(json!(200)),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(7, 96, 8, |inner| {
        let key = prop_oneof![9 => select(&KEYS[..]).prop_map(str::to_owned), 1 => any::<String>()];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::vec((key, inner), 0..10)
                .prop_map(|entries| Value::Object(entries.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Returns a page that is valid for every list: each item is a user, a post, a comment and a search result.
fn good_page() -> Value {
    let item = |n: u32| {
        let user = json!({"user_id": format!("user-{n}"), "username": "u", "owner_profile": {"user_id": "user-o"}});
        let post = |id: String| {
            json!({"id": id, "shared_by": format!("user-{n}"), "posted_at": 1.5, "like_count": 2,
            "cameo_profiles": [user], "attachments": [{"url": "https://x/a?se=2025-10-19T07%3A42%3A42Z"}],
            "text_facets": [{"profile": user}], "parent_post_id": "s_p", "parent_post": {"post": {"id": "s_p"}}})
        };
        let mut whole = post(format!("s_{n}"));
        whole["remix_posts"] = json!({"items": [post(format!("s_r{n}"))], "cursor": null});
        json!({"post": whole, "profile": user, "token": "<@user-1>",
            "children": {"items": [{"post": post(format!("c{n}")), "profile": user}], "cursor": "x"}})
    };
    json!({"items": (0..5).map(item).collect::<Vec<_>>(), "cursor": "n", "has_more": true})
}

/// Replaces the `nth` value of a tree, in depth-first order and modulo the number of values.
fn replace(tree: &mut Value, nth: usize, by: Value) {
    fn count(tree: &Value) -> usize {
        1 + match tree {
            Value::Array(items) => items.iter().map(count).sum(),
            Value::Object(entries) => entries.values().map(count).sum(),
            _ => 0,
        }
    }
    fn put(tree: &mut Value, nth: &mut usize, by: &mut Option<Value>) {
        if *nth == 0 {
            if let Some(by) = by.take() {
                *tree = by;
            }
            return;
        }
        *nth -= 1;
        let inner: Vec<&mut Value> = match tree {
            Value::Array(items) => items.iter_mut().collect(),
            Value::Object(entries) => entries.values_mut().collect(),
            _ => return,
        };
        for value in inner {
            if by.is_some() {
                put(value, nth, by);
            }
        }
    }
    let mut nth = nth % count(tree);
    put(tree, &mut nth, &mut Some(by));
}

/// Parses a body as a reply of every endpoint and checks the invariants of a harvest.
fn read_as_all(subject: &str, body: &[u8]) -> Result<(), TestCaseError> {
    for entry in ALL {
        let Ok(page) = harvest(entry, subject, body) else {
            continue;
        };
        prop_assert!(page.odd.len() <= 110);
        let users = page.users.iter().map(|user| &user.user_id);
        let posts = page.posts.iter().map(|post| &post.post_id);
        let comments = page.comments.iter().map(|comment| &comment.comment_id);
        let edges = page
            .follows
            .iter()
            .flat_map(|follow| [&follow.follower, &follow.followed]);
        for id in users
            .chain(posts)
            .chain(comments)
            .chain(edges)
            .chain(&page.items)
        {
            prop_assert!(!id.is_empty() && id.len() <= 200 && !id.chars().any(char::is_control));
        }
        prop_assert!(
            page.attachments
                .iter()
                .all(|video| video.post_id.is_some() != video.comment_id.is_some())
        );
        prop_assert!(
            page.remixes
                .iter()
                .all(|remix| remix.post_id != remix.parent_post_id)
        );
        prop_assert!(page.cursor.as_deref() != Some(""));
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_json_at_all_gives_rows_or_a_named_failure(tree in any_json(), subject in "\\PC{0,12}") {
        read_as_all(&subject, tree.to_string().as_bytes())?;
        read_as_all(&subject, json!({"code": 200, "data": tree}).to_string().as_bytes())?;
        read_as_all(&subject, json!({"items": [tree]}).to_string().as_bytes())?;
    }

    #[test]
    fn a_page_with_any_value_replaced_gives_rows_or_a_named_failure(nth in any::<prop::sample::Index>(), by in any_json()) {
        let mut page = good_page();
        replace(&mut page, nth.index(100_000), by);
        read_as_all("user-1", page.to_string().as_bytes())?;
    }

    #[test]
    fn broken_bytes_give_rows_or_a_named_failure(at in any::<prop::sample::Index>(), cut in any::<bool>(), byte in any::<u8>()) {
        let mut body = good_page().to_string().into_bytes();
        let at = at.index(body.len());
        if cut { body.truncate(at) } else { body[at] = byte }
        read_as_all("user-1", &body)?;
        if cut { prop_assert!(try_read("get_feed", "", &String::from_utf8(body).unwrap()).is_err()) }
    }

    #[test]
    fn an_invalid_item_never_loses_its_neighbours(place in 0usize..5, by in any_json()) {
        let mut page = good_page();
        page["items"][place] = by;
        for name in LISTS {
            let got = try_read(name, "user-1", &page.to_string()).unwrap();
            prop_assert!(got.items.len() >= 4, "{} kept {:?}", name, got.items);
            prop_assert_eq!(got.cursor.as_deref(), Some("n"));
        }
    }
}
