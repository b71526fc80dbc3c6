//! Lists and lines of replies: each is a reply or is named.

use super::{POST, entries};
use crate::replies::import::Kind;

fn envelope(router: &str, params: &str, data: &str) -> String {
    format!(
        r#"{{"code":200,{router}"params":{params},"time_stamp":1767225600,"time":"2026-01-01 08:00:00","data":{data}}}"#
    )
}

/// A list of envelopes, and what each of them is.
fn envelopes() -> (Vec<String>, Vec<&'static str>) {
    let posts = r#""router":"/api/v1/sora2/get_user_posts","#;
    let detail = r#""router":"/api/v1/sora2/get_post_detail","request_id":"r","#;
    let page = r#"{"items":[],"cursor":"d"}"#;
    let items = vec![
        envelope(posts, r#"{"user_id":"user-1","cursor":"c"}"#, page),
        envelope(posts, "{}", page),
        envelope(detail, r#"{"post_id":"s_1"}"#, POST),
        envelope("", r#"{"post_id":"s_1"}"#, POST),
        envelope("", "{}", page),
        envelope(r#""request_id":"r","#, "null", POST),
        r#"{"code":400,"router":"/api/v1/sora2/get_user_posts","params":{"user_id":"user-1"}}"#
            .to_owned(),
        r#"{"detail":{"code":402,"message":"no","router":"/api/v1/sora2/get_feed"}}"#.to_owned(),
        POST.to_owned(),
    ];
    let expected = vec![
        "get_user_posts user-1 c at 1767225600",
        "no: it is a reply of get_user_posts, but nothing says of whom",
        "get_post_detail s_1 - at 1767225600",
        "get_post_detail s_1 - at 1767225600",
        "no: its shape does not tell",
        "get_post_detail s_1 - at 1767225600",
        // Its reader says which error it is.
        "get_user_posts user-1 -",
        "no: it is an error",
        "get_post_detail s_1 -",
    ];
    (items, expected)
}

fn assert_all(found: &[String], before: &str, from: usize, expected: &[&str]) {
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (number, (found, expected)) in found.iter().zip(expected).enumerate() {
        let expected = format!("{before}{}: {expected}", number + from);
        assert!(found.starts_with(&expected), "{found}, not {expected}");
    }
}

#[test]
fn each_envelope_of_a_list_is_imported_or_named() {
    let (items, expected) = envelopes();
    for between in [",", " ,\n\n  "] {
        let list = format!("[{}]", items.join(between));
        let (_, found) = entries("x.json", list.as_bytes());
        assert_all(&found, "item ", 0, &expected);
        if between == "," {
            for name in ["x.jsonl", "x.json"] {
                let lines = format!("{list}\n{POST}\n");
                let (_, mut found) = entries(name, lines.as_bytes());
                assert_eq!(
                    found.pop().as_deref(),
                    Some("line 2: get_post_detail s_1 -")
                );
                assert_all(&found, "line 1, item ", 0, &expected);
            }
        }
    }
    // Also if all are of one form.
    for (item, expected) in items.iter().zip(&expected) {
        let list = format!("[{item},{item}]");
        let (_, found) = entries("x.json", list.as_bytes());
        match item == POST {
            true => assert_eq!(found.len(), 1),
            false => assert_all(&found, "item ", 0, &[*expected; 2]),
        }
    }
}

#[test]
fn each_envelope_of_lines_is_imported_or_named() {
    let (items, expected) = envelopes();
    for name in ["x.jsonl", "x.json", "x.txt", "x"] {
        let (kind, found) = entries(name, items.join("\n").as_bytes());
        assert_eq!(kind, Kind::JsonLines);
        assert_all(&found, "line ", 1, &expected);
    }
}

#[test]
fn pages_in_a_list_are_replies_of_their_own() {
    let page = format!(r#"{{"items":[{POST}],"cursor":"c"}}"#);
    let (_, found) = entries("x.json", format!("[{page},{page}]").as_bytes());
    let posts = ["get_post_detail s_1 - item 0"; 2];
    assert_all(&found, "item ", 0, &posts);
}

#[test]
fn a_first_line_may_be_long_or_damaged() {
    let page = r#"{"endpoint":"get_feed","body":{"items":[]}}"#;
    let long = format!(
        "{{\"endpoint\":\"get_feed\",\"x\":\"{}\",\"body\":{{\"items\":[]}}}}",
        "x".repeat(100_000)
    );
    let longer = format!(
        "{{\"endpoint\":\"get_feed\",\"x\":\"{}\",\"body\":{{\"items\":[]}}}}",
        "x".repeat(2_000_000)
    );
    for (first, expected) in [
        (&*long, "line 1: get_feed  -"),
        (&longer, "line 1: bad: the line is longer than"),
        (
            r#"{"endpoint":"get_feed","body":{"ite"#,
            "line 1: no: it is not JSON",
        ),
    ] {
        for name in ["x.json", "x.txt", "x.jsonl", "x"] {
            let lines = format!("{first}\n{page}\n\n{page}");
            let (_, found) = entries(name, lines.as_bytes());
            assert_eq!(found.len(), 3, "{name}: {found:#?}");
            assert!(found[0].starts_with(expected), "{name}: {found:#?}");
            assert_eq!(
                found[1..],
                ["line 2: get_feed  -", "line 4: get_feed  -"],
                "{name}"
            );
        }
    }
    // One value on many lines is one value.
    for text in [
        "{\n\"items\":[\n{},\n{}\n]}",
        "{\"items\":[\n{}\n",
        "{\"a\":\n{}\n",
    ] {
        let (_, found) = entries("x.json", text.as_bytes());
        assert_eq!(found.len(), 1, "{text}: {found:#?}");
        assert!(found[0].starts_with("the file: "), "{found:#?}");
    }
}

#[test]
fn other_lists_of_the_service_are_taken_apart_and_are_none_of_ours() {
    let posts = format!(r#"{{"items":[{POST}],"cursor":"c"}}"#);
    let users = r#"{"items":[{"profile":{"user_id":"ch_1","username":"a"},"token":"<@ch_1>"}]}"#;
    let empty = r#"{"items":[],"cursor":null}"#;
    for (path, reply, expected) in [
        ("feed?cut=nf2_top_7d&limit=15", &*posts, "get_feed  -"),
        ("feed?limit=15", &posts, "get_feed  -"),
        (
            "feed?cut=nf2_latest",
            &posts,
            "get_post_detail s_1 - item 0",
        ),
        (
            "feed?cut=nf2&cursor=x",
            &posts,
            "get_post_detail s_1 - item 0",
        ),
        ("feed?cut=nf2_latest", empty, "foreign"),
        (
            "profile/search_mentions?username=a&intent=users",
            users,
            "search_users a -",
        ),
        (
            "profile/search_mentions?username=a",
            users,
            "search_users a -",
        ),
        (
            "profile/search_mentions?username=a&intent=cameo",
            users,
            "get_user_profile ch_1 - item 0",
        ),
    ] {
        let line = format!(
            r#"{{"url":"https://sora.chatgpt.com/backend/project_y/{path}","body":{reply}}}"#
        );
        let (_, found) = entries("x.jsonl", line.as_bytes());
        assert_eq!(found, [format!("line 1: {expected}")], "{path}");
    }
}
