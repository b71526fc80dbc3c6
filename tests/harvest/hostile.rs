//! Odd lists, cursors and texts: which are read, which are noted, and which replies are failures.

use soracrawl::api::{Malformed, endpoints, harvest};
use soracrawl::model::Harvest;

use crate::try_read;

pub const LISTS: [&str; 10] = [
    "search_users",
    "get_user_posts",
    "get_user_followers",
    "get_user_following",
    "get_user_cameo_appearances",
    "get_post_remix_list",
    "get_post_comments",
    "get_comment_replies",
    "get_feed",
    "get_cameo_leaderboard",
];

pub fn read(name: &str, body: &str) -> Result<Harvest, Malformed> {
    try_read(name, "user-1", body)
}

#[test]
fn a_missing_list_is_a_failure_and_an_empty_one_is_a_page() {
    for name in LISTS {
        for body in [
            r#"{"code":200,"data":{}}"#,
            r#"{"items":null}"#,
            r#"{"items":{}}"#,
            r#"{"items":"x"}"#,
            r#"{"children":{}}"#,
            r#"{"children":{"items":null}}"#,
            r#"{"code":200,"data":null}"#,
            r#"{"code":500,"data":{"items":[]}}"#,
            r#"{"detail":"x"}"#,
            r#"{"error":"x","items":[]}"#,
            r#"{"code":200,"error":"x","data":{"items":[]}}"#,
            r#"{"code":200,"success":false,"data":[]}"#,
            r#"{"items":[],"status":502}"#,
            "<html>",
            "",
            r#"{"items":[{"user_id":"#,
        ] {
            let page = read(name, body);
            let fails = page.map_or(true, |page| {
                page.doubt.is_some_and(|doubt| doubt.is_failure)
            });
            assert!(fails, "{name}: {body}");
        }
        for body in [r#"{"items":[]}"#, "[]", r#"{"code":200,"data":[]}"#] {
            let page = read(name, body).unwrap();
            assert!(
                page.items.is_empty() && page.cursor.is_none() && page.odd.is_empty(),
                "{name}: {body}"
            );
        }
    }
}

#[test]
fn an_empty_list_proves_its_end_only_if_nothing_beside_it_says_otherwise() {
    let doubts = |name, body| read(name, body).unwrap().doubt.is_some();
    for name in LISTS {
        for (body, expected) in [
            (r#"{"items":[]}"#, false),
            (r#"{"code":200,"data":{"items":[],"cursor":null}}"#, false),
            ("[]", true),
            (r#"{"code":200,"data":[]}"#, true),
            (r#"[{"code":200,"message":"no","data":{"items":[]}}]"#, true),
            (r#"{"items":[],"message":"no"}"#, true),
            (r#"{"items":[],"message":"no","cursor":"c"}"#, false),
            (r#"{"code":200,"has_more":true,"data":{"items":[]}}"#, true),
        ] {
            assert_eq!(doubts(name, body), expected, "{name}: {body}");
        }
    }
    // What is no list has no end.
    let post = r#"{"code":200,"message":"no","data":{"post":{"id":"s_1"}}}"#;
    assert!(!doubts("get_post_detail", post));
}

#[test]
fn a_failure_names_the_place_of_the_list() {
    let at = |name, body| read(name, body).unwrap_err().at;
    assert_eq!(at("get_feed", "{}"), "data.items");
    assert_eq!(at("get_post_comments", "{}"), "data.children.items");
    assert_eq!(
        at("get_post_comments", r#"{"children":{"items":3}}"#),
        "data.children.items"
    );
}

#[test]
fn a_cursor_is_a_string_or_a_number_and_an_unreadable_cursor_never_ends_a_walk_silently() {
    for (cursor, read_as, has_more, odd) in [
        (r#""a+/=""#, Some("a+/="), None, 0),
        ("15", Some("15"), None, 0),
        (r#""""#, None, None, 0),
        ("null", None, None, 0),
        ("false", None, None, 1),
        ("{}", None, Some(true), 1),
        ("[1]", None, Some(true), 1),
        ("17.5", Some("17.5"), None, 0),
        ("-3", Some("-3"), None, 0),
        ("9007199254740993", Some("9007199254740993"), None, 0),
        ("9223372036854775807", Some("9223372036854775807"), None, 0),
        (
            "18446744073709551615",
            Some("18446744073709551615"),
            None,
            0,
        ),
        // A float cannot represent these numbers exactly.
        ("9007199254740993.0", None, Some(true), 1),
        ("-98765432109876543210", None, Some(true), 1),
        ("1e300", None, Some(true), 1),
    ] {
        let page = read("get_feed", &format!(r#"{{"items":[],"cursor":{cursor}}}"#)).unwrap();
        let got = (page.cursor.as_deref(), page.has_more, page.odd.len());
        assert_eq!(got, (read_as, has_more, odd), "{cursor}");
    }
}

#[test]
fn has_more_false_is_trusted_whatever_the_cursor() {
    for cursor in ["98765432109876543210", "{}", "7"] {
        let body = format!(r#"{{"items":[],"cursor":{cursor},"has_more":"false"}}"#);
        let page = read("get_feed", &body).unwrap();
        assert_eq!(page.has_more, Some(false), "{cursor}");
    }
}

#[test]
fn has_more_may_be_a_string_or_a_number() {
    for (said, read_as) in [
        (r#""true""#, Some(true)),
        (r#""False""#, Some(false)),
        (r#""1""#, Some(true)),
        ("0.0", Some(false)),
        ("null", None),
    ] {
        let page = read("get_feed", &format!(r#"{{"items":[],"has_more":{said}}}"#)).unwrap();
        assert_eq!((page.has_more, page.odd.len()), (read_as, 0), "{said}");
    }
}

#[test]
fn a_list_in_one_extra_wrapper_is_found() {
    for (body, cursor, has_more) in [
        (
            r#"{"items":{"items":[{"id":"s_1"}],"cursor":"in"},"cursor":"out"}"#,
            Some("in"),
            None,
        ),
        (
            r#"{"items":{"items":[{"id":"s_1"}]},"cursor":"out","has_more":true}"#,
            Some("out"),
            Some(true),
        ),
        (
            r#"{"items":{"items":[{"id":"s_1"}],"cursor":null,"has_more":true}}"#,
            None,
            Some(true),
        ),
        // The outer list beats an inner one that says no.
        (
            r#"{"items":{"items":[{"id":"s_1"}],"has_more":false},"cursor":"out","has_more":true}"#,
            Some("out"),
            Some(true),
        ),
        (
            r#"{"items":{"items":[{"id":"s_1"}],"cursor":null,"has_more":false},"cursor":"out","has_more":true}"#,
            Some("out"),
            Some(true),
        ),
        (
            r#"{"items":{"items":[{"id":"s_1"}],"cursor":null},"cursor":"out"}"#,
            None,
            None,
        ),
    ] {
        let page = read("get_feed", body).unwrap();
        assert_eq!(page.items, ["s_1"], "{body}");
        assert_eq!(
            (page.cursor.as_deref(), page.has_more),
            (cursor, has_more),
            "{body}"
        );
        assert!(page.odd.is_empty(), "{body}");
    }
    let comments = r#"{"children":{"items":{"items":[{"id":"c1"}],"cursor":"in"}}}"#;
    let page = read("get_post_comments", comments).unwrap();
    assert_eq!((page.items.len(), page.cursor.as_deref()), (1, Some("in")));
    let odd = read("get_feed", r#"{"items":{"items":[3,{"id":"s_1"}]}}"#).unwrap();
    assert_eq!(odd.odd[0].at, "data.items.items[0]");
    for body in [
        r#"{"items":{"items":null}}"#,
        r#"{"items":{"items":{"items":[]}}}"#,
    ] {
        assert!(read("get_feed", body).is_err(), "{body}");
    }
}

#[test]
fn nearly_valid_json_is_repaired_and_noted() {
    for (body, text) in [
        ("\u{feff}{\"items\":[{\"id\":\"s_1\",\"text\":\"x\"}]}", "x"),
        (
            r#"{"items":[{"id":"s_1","text":"a\ud83d!"}]}"#,
            "a\u{fffd}!",
        ),
        (
            r#"{"items":[{"id":"s_1","text":"x","updated_at":NaN,"like_count":1e999}]}"#,
            "x",
        ),
    ] {
        let page = read("get_feed", body).unwrap();
        assert_eq!(
            (page.posts[0].text.as_deref(), page.posts[0].updated_at),
            (Some(text), None)
        );
        assert_eq!(
            (page.odd.len(), page.odd[0].at.as_str()),
            (1, "body"),
            "{body}"
        );
    }
    let mut body = br#"{"items":[{"id":"s_1","text":"#.to_vec();
    body.extend_from_slice(b"\"\xff\"}]}");
    let page = harvest(endpoints::find("get_feed").unwrap(), "", &body).unwrap();
    assert_eq!(
        (page.posts[0].text.as_deref(), page.odd.len()),
        (Some("\u{fffd}"), 1)
    );
}

#[test]
fn an_array_around_the_list_or_the_envelope_is_unwrapped() {
    for body in [
        r#"[{"items":[{"user_id":"user-2"}],"cursor":"n"}]"#,
        r#"{"code":200,"data":[{"items":[{"user_id":"user-2"}],"cursor":"n"}]}"#,
        r#"[{"code":200,"data":{"items":[{"user_id":"user-2"}],"cursor":"n"}}]"#,
    ] {
        let page = read("get_user_followers", body).unwrap();
        assert_eq!(
            (page.items.len(), page.cursor.as_deref()),
            (1, Some("n")),
            "{body}"
        );
    }
    // An array of one item is a list of one item, also if the item contains a list.
    let item = r#"[{"post":{"id":"s_1"},"children":{"items":[{"id":"c1"}]}}]"#;
    assert_eq!(read("get_feed", item).unwrap().items, ["s_1"]);
}
