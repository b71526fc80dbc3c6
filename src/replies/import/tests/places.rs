//! Cursors under other names: the page is none of its list that nobody can tell, and never the first one.

use super::{entries, plain};

const FEED: &str = "https://h/api/v1/sora2/get_feed";

/// What the one entry of a file is.
fn of_file(name: &str, text: &str) -> String {
    let (_, mut found) = entries(name, text.as_bytes());
    assert_eq!(found.len(), 1, "{text}: {found:?}");
    found.remove(0).split_once(": ").unwrap().1.to_owned()
}

fn har(url: &str) -> String {
    format!(
        r#"{{"log":{{"entries":[{{"request":{{"url":"{url}"}},"response":{{"status":200,"content":{{"mimeType":"application/json","text":"{{\"items\":[]}}"}}}}}}]}}}}"#
    )
}

#[test]
fn the_cursor_of_the_next_page_beside_a_reply_is_none_of_its_request() {
    let body = r#""body":{"items":[],"cursor" : "c2"}"#;
    for beside in [
        r#""cursor_out":"c2""#,
        r#""payload":{"items":[],"cursor":"c2"}"#,
        r#""params":{"cursor":null},"new_cursor":"c9""#,
    ] {
        let line = format!(r#"{{"endpoint":"get_feed",{beside},{body}}}"#);
        assert_eq!(of_file("x.jsonl", &line), "get_feed  -", "{beside}");
    }
    let line = format!(r#"{{"endpoint":"get_feed","new_cursor":"c1",{body}}}"#);
    assert!(of_file("x.jsonl", &line).contains("`new_cursor` may be the cursor"));
}

#[test]
fn a_page_whose_cursor_has_another_name_is_not_the_first_one() {
    let mut seen = 0;
    for place in [
        r#""params":{"next_cursor":"c"}"#,
        r#""params":{"cursor":null,"after":"c"}"#,
        r#""params":{"pageToken":"c"}"#,
        r#""params":{"page":2}"#,
        r#""params":{"offset":"30"}"#,
        r#""params":"after=c""#,
        r#""params":[["page_token","c"]]"#,
        r#""params":[{"name":"after","value":"c"}]"#,
        r#""params":{"pagination":{"cursor":"c"}}"#,
        r#""params":{"variables":"{\"after\":\"c\"}"}"#,
        r#""query":{"starting_after":["c"]}"#,
        r#""request":{"params":{"continuation":"c"}}"#,
        r#""request":{"next_cursor":"c"}"#,
        r#""request":{"variables":{"cursor":"c"}}"#,
        r#""request":"GET /api/v1/sora2/get_feed?after=c HTTP/1.1""#,
        r#""url":"https://h/api/v1/sora2/get_feed?page_token=c""#,
        r#""url":"https://h/api/v1/sora2/get_feed?variables=%7B%22cursor%22%3A%22c%22%7D""#,
        r#""page":3"#,
        r#""page_token":"c""#,
        r#""variables":{"cursor":"c"}"#,
    ] {
        let line = format!(r#"{{"endpoint":"get_feed",{place},"body":{{"items":[]}}}}"#);
        let found = of_file("x.jsonl", &line);
        assert!(
            found.contains("its request is unclear: `"),
            "{place}: {found}"
        );
        assert!(
            found.contains("may be the cursor of this page"),
            "{place}: {found}"
        );
        // Its own cursor decides.
        let line = line.replace(r#""body""#, r#""query_params":{"cursor":"own"},"body""#);
        assert!(!place.contains("null") || of_file("x.jsonl", &line).contains("unclear"));
        if !place.contains("null") {
            assert_eq!(of_file("x.jsonl", &line), "get_feed  own", "{place}");
        }
        seen += 1;
    }
    for query in ["after=c", "next_cursor=c", "page=2", "page%5Bcursor%5D=c"] {
        let url = format!("{FEED}?{query}");
        for (name, text) in [
            ("x.har", har(&url)),
            ("x.warc", plain("resource", &url, "{\"items\":[]}")),
        ] {
            let found = of_file(name, &text);
            assert!(
                found.contains("may be the cursor"),
                "{name} {query}: {found}"
            );
            seen += 1;
        }
    }
    let envelope = r#"{"code":200,"router":"/api/v1/sora2/get_feed","params":{"after":"c"},"data":{"items":[]}}"#;
    for line in [
        envelope.to_owned(),
        format!(r#"{{"endpoint":"get_feed","body":{envelope}}}"#),
    ] {
        assert!(
            of_file("x.jsonl", &line).contains("may be the cursor"),
            "{line}"
        );
        seen += 1;
    }
    assert_eq!(seen, 30);
}

#[test]
fn what_is_no_cursor_leaves_a_page_the_first_one() {
    for place in [
        r#""params":{"limit":30,"cut":"nf2"}"#,
        r#""params":{"page":1,"offset":0,"after":null,"next_cursor":""}"#,
        r#""params":{"filter":{"text":"x"}}"#,
        r#""page":1"#,
        r#""page":"home""#,
        r#""before":"x""#,
        r#""request":{"headers":{"cursor":"x"},"timeout":3}"#,
    ] {
        let line = format!(r#"{{"endpoint":"get_feed",{place},"body":{{"items":[]}}}}"#);
        assert_eq!(of_file("x.jsonl", &line), "get_feed  -", "{place}");
    }
    // It has no pages.
    let line = r#"{"endpoint":"get_post_detail","params":{"post_id":"s_1","page":2},"body":{"post":{"id":"s_1","text":"x"}}}"#;
    assert_eq!(of_file("x.jsonl", line), "get_post_detail s_1 -");
}
