//! Where entries state their requests: a page that is taken for another one is never bought.

use super::entries;

/// What a line is.
fn of_line(line: &str) -> String {
    let (_, mut found) = entries("x.jsonl", line.as_bytes());
    assert_eq!(found.len(), 1, "{line}: {found:?}");
    found.remove(0).trim_start_matches("line 1: ").to_owned()
}

const URL: &str = "https://h/api/v1/sora2/get_feed?cursor=a%2Bb%3D";

#[test]
fn a_cursor_is_found_in_every_place() {
    let mut seen = 0;
    for place in [
        r#""path":"/api/v1/sora2/get_feed?cursor=a%2Bb%3D""#,
        r#""endpoint":"get_feed?cursor=a%2Bb%3D""#,
        r#""endpoint":"get_feed","url":"URL""#,
        r#""path":"saved/page1.json","url":"URL""#,
        r#""path":"saved/page1.json","request_url":"URL""#,
        r#""endpoint":"get_feed","params":{"cursor":["a+b="]}"#,
        r#""endpoint":"get_feed","params":{"cursor":["a+b=","a+b="]}"#,
        r#""endpoint":"get_feed","params":null,"query":{"cursor":"a+b="}"#,
        r#""endpoint":"get_feed","params":{},"queryParams":{"cursor":"a+b="}"#,
        r#""endpoint":"get_feed","params":{},"params":{"cursor":"a+b="}"#,
        r#""endpoint":"get_feed","params":"cursor=a%2Bb%3D""#,
        r#""endpoint":"get_feed","params":"?cursor=a%2Bb%3D""#,
        r#""endpoint":"get_feed","params":"{\"cursor\":\"a+b=\"}""#,
        r#""endpoint":"get_feed","params":[{"name":"cursor","value":"a+b="}]"#,
        r#""endpoint":"get_feed","params":[{"key":"cursor","value":"a+b="}]"#,
        r#""endpoint":"get_feed","params":[["cursor","a+b="]]"#,
        r#""endpoint":"get_feed","params":[{"cursor":"a+b="}]"#,
        r#""endpoint":"get_feed","params":["cursor=a%2Bb%3D"]"#,
        r#""endpoint":"get_feed","request":{"params":{"cursor":"a+b="}}"#,
        r#""endpoint":"get_feed","request":{"cursor":"a+b="}"#,
        r#""endpoint":"get_feed","request":"GET /api/v1/sora2/get_feed?cursor=a%2Bb%3D HTTP/1.1""#,
        r#""endpoint":"get_feed","config":{"url":"/x","params":{"cursor":"a+b="}}"#,
        r#""request":{"method":"GET","url":"URL"}"#,
        r#""endpoint":"get_feed","cursor":"next","params":{"cursor":"a+b="}"#,
    ] {
        let place = place.replace("URL", URL);
        let line = format!(r#"{{{place},"body":{{"items":[]}}}}"#);
        assert_eq!(of_line(&line), "get_feed  a+b=", "{line}");
        seen += 1;
    }
    for body in [
        r#""endpoint":"get_feed","body":{"code":200,"router":"/api/v1/sora2/get_feed","params":{"cursor":"a+b="},"data":{}}"#,
        r#""endpoint":"get_feed","body":[{"code":200,"params":{"cursor":["a+b="]},"data":{}}]"#,
        r#""endpoint":"get_feed","body":{"code":200,"code":200,"params":"cursor=a%2Bb%3D","data":{}}"#,
        r#""endpoint":"get_feed","response":{"status":200,"url":"URL","data":{}}"#,
        r#""endpoint":"get_feed","response":{"status":200,"config":{"params":{"cursor":"a+b="}},"data":{}}"#,
        r#""endpoint":"get_feed","response":"{\"status_code\":200,\"url\":\"URL\",\"text\":\"{}\"}""#,
        r#""url":"URL","code":200,"router":"/api/v1/sora2/get_feed","params":{},"data":{}"#,
        r#""code":200,"router":"/api/v1/sora2/get_feed","params":[["cursor","a+b="]],"data":{}"#,
        r#""endpoint":"get_feed","code":200,"request_id":"1","params":{"cursor":"a+b="},"data":{}"#,
    ] {
        let line = format!("{{{}}}", body.replace("URL", URL));
        assert_eq!(of_line(&line), "get_feed  a+b=", "{line}");
        seen += 1;
    }
    assert_eq!(seen, 33);
}

#[test]
fn an_unclear_request_is_named_and_not_guessed() {
    for place in [
        r#""endpoint":"get_feed","params":{"cursor":"a"},"url":"URL""#,
        r#""endpoint":"get_feed","params":{"cursor":null},"url":"URL""#,
        r#""endpoint":"get_feed","params":{"cursor":"a"},"query":{"cursor":"b"}"#,
        r#""endpoint":"get_feed","params":{"cursor":"a","cursor":"b"}"#,
        r#""endpoint":"get_feed","params":{"cursor":["a","b"]}"#,
        r#""endpoint":"get_feed","params":{"cursor":{"after":"a"}}"#,
        r#""endpoint":"get_feed","params":5"#,
        r#""endpoint":"get_feed","params":"page 2""#,
        r#""endpoint":"get_feed","params":[5]"#,
        r#""endpoint":"get_feed","cursor":"a""#,
        r#""endpoint":"get_feed","path":"/api/v1/sora2/get_user_posts""#,
        r#""endpoint":"get_user_posts","url":"URL""#,
        r#""endpoint":"/api/v1/tiktok/get_feed_of","url":"URL""#,
        r#""url":"https://h/api/v1/sora2/get_feed?cursor=a&cursor=b""#,
        r#""endpoint":"get_user_posts","params":{"user_id":"user-1"},"url":"https://sora.chatgpt.com/backend/project_y/profile_feed/user-2?cut=nf2""#,
    ] {
        let place = place.replace("URL", URL);
        let found = of_line(&format!(r#"{{{place},"body":{{"items":[]}}}}"#));
        assert!(
            found.contains("its request is unclear: "),
            "{place}: {found}"
        );
    }
    for body in [
        r#""endpoint":"get_feed","params":{"cursor":"a"},"body":{"code":200,"params":{"cursor":"b"},"data":{}}"#,
        r#""endpoint":"get_feed","params":{"cursor":"a"},"body":{"code":200,"params":{"cursor":""},"data":{}}"#,
        r#""endpoint":"get_feed","body":{"code":200,"params":{"cursor":["a","b"]},"data":{}}"#,
        r#""endpoint":"get_feed","body":{"code":200,"params":7,"data":{}}"#,
        r#""endpoint":"get_feed","body":{"code":200,"router":"/api/v1/sora2/get_user_posts","data":{}}"#,
        r#""endpoint":"get_feed","body":{"code":200,"router":"/api/v1/tiktok/x","data":{}}"#,
        r#""endpoint":"get_user_posts","params":{"user_id":"user-1"},"body":{"code":200,"params":{"user_id":"user-2"},"data":{}}"#,
    ] {
        let found = of_line(&format!("{{{body}}}"));
        assert!(
            found.contains("its request is unclear: "),
            "{body}: {found}"
        );
    }
}

#[test]
fn only_a_request_for_a_page_has_one() {
    let line = |method: &str, url: &str| {
        of_line(&format!(
            r#"{{"method":"{method}","url":"https://h/api/v1/sora2/{url}","body":{{"items":[]}}}}"#
        ))
    };
    assert_eq!(line("get", "get_feed"), "get_feed  -");
    for method in ["POST", "OPTIONS", "head", "DELETE"] {
        let other = format!("other: an answer to {}", method.to_uppercase());
        assert_eq!(line(method, "get_feed"), other);
    }
    assert!(!line("POST", "create_video").starts_with("other"));
    let har = |method: &str| {
        let text = format!(
            r#"{{"log":{{"entries":[{{"request":{{"method":"{method}","url":"http://h/api/v1/sora2/get_feed"}},
            "response":{{"status":200,"content":{{"mimeType":"application/json","text":"{{}}"}}}}}}]}}}}"#
        );
        entries("x.har", text.as_bytes()).1
    };
    assert_eq!(har("GET"), ["entry 1: get_feed  -"]);
    assert_eq!(har("OPTIONS"), ["entry 1: other: an answer to OPTIONS"]);
}

#[test]
fn statuses_that_contradict_each_other_are_named() {
    for (statuses, why) in [
        (r#""status":200,"http_status":429"#, "two statuses"),
        (r#""status":"200","status_code":"500""#, "two statuses"),
        (r#""http_status":0"#, "none of HTTP"),
        (r#""http_status":70000"#, "none of HTTP"),
        (r#""http_status":65736"#, "none of HTTP"),
        (r#""http_status":-200"#, "none of HTTP"),
        (r#""http_status":200.5"#, "none of HTTP"),
        (r#""status":404"#, "status 404"),
        (r#""status":null,"statusCode":503"#, "status 503"),
    ] {
        let found = of_line(&format!(
            r#"{{"endpoint":"get_feed",{statuses},"body":{{"items":[]}}}}"#
        ));
        assert!(found.contains(why), "{statuses}: {found}");
    }
    let inner = r#"{"endpoint":"get_feed","http_status":200,"response":{"status":500,"data":{}}}"#;
    assert!(of_line(inner).contains("two statuses"));
    let word = r#"{"endpoint":"get_feed","status":"ok","body":{"items":[]}}"#;
    assert_eq!(of_line(word), "get_feed  -");
}

#[test]
fn the_first_time_that_can_be_read_counts() {
    for time in [
        r#""time":"2026-01-01T00:00:00Z""#,
        r#""time":1767225600"#,
        r#""time":1767225600000"#,
        r#""time":"1767225600""#,
        r#""time":"1767225600000.0""#,
        r#""time":"2026-01-01 00:00:00""#,
        r#""time":"2026-01-01T02:00:00+02:00""#,
        r#""time":"Thu, 01 Jan 2026 00:00:00 GMT""#,
        r#""time":null,"fetched_at":1767225600"#,
        r#""time":"soon","fetchedAt":"2026-01-01""#,
        r#""time":0,"fetched_at":1767225600"#,
    ] {
        let line = format!(r#"{{"endpoint":"get_feed",{time},"body":{{"items":[]}}}}"#);
        assert_eq!(of_line(&line), "get_feed  - at 1767225600", "{line}");
    }
    for stamp in ["1767225600", "1767225600000", "\"1767225600\""] {
        let line = format!(
            r#"{{"code":200,"router":"/api/v1/sora2/get_feed","time":"2025-12-31 16:00:00","time_stamp":{stamp},"data":{{}}}}"#
        );
        assert_eq!(of_line(&line), "get_feed  - at 1767225600", "{line}");
    }
}

#[test]
fn a_list_of_envelopes_and_long_lines_are_taken_apart() {
    let envelope = |cursor: &str| {
        format!(
            r#"{{"code":200,"router":"/api/v1/sora2/get_feed","params":{{"cursor":"{cursor}"}},"data":{{"items":[]}}}}"#
        )
    };
    let list = format!("[{},\n{}]", envelope("a"), envelope("b"));
    let said = ["item 0: get_feed  a", "item 1: get_feed  b"];
    assert_eq!(entries("x.json", list.as_bytes()).1, said);
    let line = list.replace('\n', "");
    let said = said.map(|it| format!("line 1, {it}"));
    assert_eq!(entries("x.jsonl", line.as_bytes()).1, said);
    let long = format!("{}{}\n", envelope("a"), " ".repeat(70_000));
    let (_, found) = entries("x.txt", long.repeat(2).as_bytes());
    assert_eq!(found, ["line 1: get_feed  a", "line 2: get_feed  a"]);
    let pretty = envelope("a").replace(',', ",\n");
    assert_eq!(entries("x.json", pretty.as_bytes()).1.len(), 1);
}

#[test]
fn the_methods_of_generated_clients_are_endpoints() {
    for (name, is_ours) in [
        ("Sora2APIApi.get_user_posts", true),
        ("get_user_posts_api_v1_sora2_get_user_posts_get", true),
        (
            "Sora2APIApi.get_user_posts_api_v1_sora2_get_user_posts_get_with_http_info",
            true,
        ),
        ("client.sora2.getUserPosts", true),
        ("getUserPostsApiV1Sora2GetUserPostsGet", true),
        ("InstagramApi.get_user_posts", false),
        ("get_user_posts_api_v1_threads_get_user_posts_get", false),
        ("get_user_posts_v2", false),
    ] {
        let line = serde_json::json!({"endpoint": name, "params": {"user_id": "user-1"}, "body": {"items": []}});
        let (_, all) = entries("a.jsonl", line.to_string().as_bytes());
        let is_call = all == ["line 1: get_user_posts user-1 -"];
        assert_eq!(is_call, is_ours, "{name}: {all:?}");
    }
}

#[test]
fn values_without_names_have_the_order_of_their_operation() {
    let posts = r#""operation":"get_user_posts""#;
    let method = r#""operation":"Sora2APIApi.get_user_posts_api_v1_sora2_get_user_posts_get""#;
    let remixes = r#""operation":"get_post_remix_list""#;
    let mut seen = 0;
    for (operation, values, expected) in [
        (posts, r#"["user-1", null, 20]"#, "get_user_posts user-1 -"),
        (posts, r#"["user-1"]"#, "get_user_posts user-1 -"),
        (posts, r#"["user-1", ""]"#, "get_user_posts user-1 -"),
        (
            posts,
            r#"["user-1", "eyJhIjoxfQ=="]"#,
            "get_user_posts user-1 eyJhIjoxfQ==",
        ),
        (
            method,
            r#"["user-1", "c", true, null, 2.5]"#,
            "get_user_posts user-1 c",
        ),
        (
            remixes,
            r#"["s_1", null, "c"]"#,
            "get_post_remix_list s_1 c",
        ),
        (
            remixes,
            r#"[null, "https://sora.chatgpt.com/p/s_0123456789abcdef0123456789abcdef"]"#,
            "get_post_remix_list s_0123456789abcdef0123456789abcdef -",
        ),
        (
            r#""operation":"get_feed""#,
            r#"["eyJhIjoxfQ=="]"#,
            "get_feed  eyJhIjoxfQ==",
        ),
        (
            r#""operation":"search_users""#,
            r#"["two words"]"#,
            "search_users two words -",
        ),
        (
            r#""operation":"get_cameo_leaderboard","kwargs":{"cursor":"c"}"#,
            "[]",
            "get_cameo_leaderboard  c",
        ),
    ] {
        for key in ["args", "arguments", "params", "parameters"] {
            let line = format!(r#"{{{operation},"{key}":{values},"body":{{"items":[]}}}}"#);
            assert_eq!(of_line(&line), expected, "{line}");
            let inner =
                format!(r#"{{"request":{{{operation},"{key}":{values}}},"body":{{"items":[]}}}}"#);
            assert_eq!(of_line(&inner), expected, "{inner}");
            seen += 1;
        }
    }
    assert_eq!(seen, 40);
}

#[test]
fn values_without_names_that_fit_no_order_are_named_with_a_way_out() {
    let posts = r#""operation":"get_user_posts""#;
    let order = "other values than get_user_posts takes, which are in this order: user_id, cursor";
    for (operation, values, why) in [
        (posts, r#"["user-1", 20, "c"]"#, order),
        (posts, r#"["user-1", 20]"#, order),
        (posts, r#"["user-1", null, "c"]"#, order),
        (posts, r#"[7]"#, order),
        (
            posts,
            r#"["<Sora2APIApi object at 0x7f>", "user-1"]"#,
            order,
        ),
        (
            r#""path":"saved/page1.json""#,
            r#"["user-1"]"#,
            "nothing says of which operation",
        ),
        (
            r#""status_code":200"#,
            r#"["user-1"]"#,
            "nothing says of which operation",
        ),
        (
            r#""operation":"get_user_posts","params":{"user_id":"user-2"}"#,
            r#"["user-1"]"#,
            "one value in",
        ),
        // The padding of a cursor is no query.
        (
            r#""operation":"get_feed","query":"eyJhIjoxfQ==""#,
            "[]",
            "cannot be read",
        ),
    ] {
        let line = format!(r#"{{{operation},"args":{values},"body":{{"items":[]}}}}"#);
        let found = of_line(&line);
        assert!(
            found.starts_with("bad: its request is unclear: "),
            "{line}: {found}"
        );
        assert!(found.contains(why), "{line}: {found}");
    }
    let other = r#"{"operation":"get_weather","args":["user-1"],"body":{"items":[]}}"#;
    assert_eq!(
        of_line(other),
        "no: `get_weather` is no endpoint of this archive"
    );
    let elsewhere = r#"{"url":"https://h.example/other","args":["x"],"body":{"x":1}}"#;
    assert_eq!(of_line(elsewhere), "foreign");
}
