//! What the user says of entries that do not say what they are. Others stay what they are.

use super::read_given;
use crate::api::endpoints;
use crate::replies::import::{Given, open};

/// What the entries of a file are if the user names an endpoint and a subject, and if nobody does.
fn both(name: &str, bytes: &[u8]) -> [Vec<String>; 2] {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let given = Given {
        entry: endpoints::find("get_user_posts"),
        subject: Some("user-9".to_owned()),
        at: None,
    };
    [given, Given::default()].map(|given| read_given(open(&path).unwrap(), &given).0)
}

fn har(method: &str, url: &str) -> String {
    let body = r#""{\"events\":[]}""#;
    format!(
        r#"{{"log":{{"entries":[{{"request":{{"method":"{method}"{url}}},"response":{{"status":200,"content":{{"mimeType":"application/json","text":{body}}}}}}}]}}}}"#
    )
}

fn warc(url: &str) -> Vec<u8> {
    let response = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"events\":[]}";
    let bytes = response.len();
    format!(
        "WARC/1.0\r\nWARC-Type: response\r\n{url}Content-Length: {bytes}\r\n\r\n{response}\r\n\r\n"
    )
    .into_bytes()
}

#[test]
fn entries_of_other_hosts_and_methods_stay_foreign() {
    let mut seen = 0;
    for address in [
        "https://analytics.example/collect",
        "https://h.example/api/v2/other",
        "https://h.example/",
        "/collect",
    ] {
        for method in ["GET", "POST", "OPTIONS"] {
            let url = format!(r#","url":"{address}""#);
            let [given, nobody] = both("x.har", har(method, &url).as_bytes());
            assert_eq!(given, nobody);
            assert_eq!(given, ["entry 1: foreign"], "{method} {address}");
        }
        let [given, nobody] = both("x.warc", &warc(&format!("WARC-Target-URI: {address}\r\n")));
        assert_eq!(given, nobody);
        assert_eq!(given, ["record at byte 0: foreign"], "{address}");
        for request in [
            format!(r#""url":"{address}""#),
            format!(r#""uri":"{address}","method":"GET""#),
            format!(r#""request":{{"url":"{address}"}}"#),
            format!(r#""request":"GET {address} HTTP/1.1""#),
            format!(r#""response_url":1,"config":{{"url":"{address}"}}"#),
        ] {
            let line = format!(r#"{{{request},"body":{{"events":[]}}}}"#);
            let [given, nobody] = both("x.jsonl", line.as_bytes());
            assert_eq!(given, nobody, "{line}");
            assert_eq!(given, ["line 1: foreign"], "{line}");
            seen += 1;
        }
    }
    assert_eq!(seen, 20);
    for (line, expected) in [
        (
            r#"{"endpoint":"https://analytics.example/collect","body":{"events":[]}}"#,
            "foreign",
        ),
        (
            r#"{"request":"OPTIONS https://h/api/v1/sora2/get_feed HTTP/1.1","body":{"events":[]}}"#,
            "other: an answer to OPTIONS",
        ),
        (
            r#"{"method":"POST","status_code":200,"body":{"events":[]}}"#,
            "other: an answer to POST",
        ),
        (
            r#"{"code":200,"router":"/v2/collect","data":{"events":[]}}"#,
            "no: `/v2/collect` is no endpoint of this archive",
        ),
        (
            r#"{"code":200,"router":"/api/v1/other/collect","data":{"events":[]}}"#,
            "no: `/api/v1/other/collect` is no endpoint of this archive",
        ),
        (
            r#"{"endpoint":"get_weather","body":{"events":[]}}"#,
            "no: `get_weather` is no endpoint of this archive",
        ),
    ] {
        let [given, nobody] = both("x.jsonl", line.as_bytes());
        assert_eq!(given, nobody, "{line}");
        assert_eq!(given, [format!("line 1: {expected}")], "{line}");
    }
}

#[test]
fn entries_that_say_nothing_are_what_the_user_says() {
    let reply = "get_user_posts user-9 -";
    for line in [
        r#"{"events":[]}"#,
        r#"{"status_code":200,"body":{"events":[]}}"#,
        r#"{"path":"saved/page1.json","body":{"events":[]}}"#,
        r#"{"code":200,"data":{"events":[]}}"#,
        r#"{"code":200,"router":"","data":{"events":[]}}"#,
    ] {
        let [given, nobody] = both("x.jsonl", line.as_bytes());
        assert_eq!(given, [format!("line 1: {reply}")], "{line}");
        assert!(nobody[0].contains("--endpoint NAME"), "{nobody:?}");
    }
    for url in ["", r#","url":"""#, r#","url":null"#] {
        let [given, _] = both("x.har", har("GET", url).as_bytes());
        assert_eq!(given, [format!("entry 1: {reply}")], "{url}");
        for method in ["POST", "OPTIONS"] {
            let [given, _] = both("x.har", har(method, url).as_bytes());
            assert_eq!(given, [format!("entry 1: other: an answer to {method}")]);
        }
    }
    let [given, _] = both("x.warc", &warc(""));
    assert_eq!(given, [format!("record at byte 0: {reply}")]);
}

#[test]
fn json_of_another_site_is_nobody_of_ours_whatever_its_shape() {
    let profile = r#"{"user_id":"user-1","username":"somebody"}"#;
    for (url, expected) in [
        ("https://api.twitter.com/1.1/account.json", "foreign"),
        (
            "https://sora.chatgpt.com/backend/project_y/v2/me",
            "foreign",
        ),
        (
            "https://sora.chatgpt.com/backend/project_y/profile_feed/user-1?cut=liked",
            "foreign",
        ),
        (
            "https://sora.chatgpt.com/profile/somebody",
            "get_user_profile user-1 -",
        ),
        (
            "https://sora.chatgpt.com/backend/project_y/profile_feed/user-1?cut=nf2",
            "get_user_posts user-1 -",
        ),
    ] {
        let line = format!(r#"{{"url":"{url}","body":{profile}}}"#);
        let [_, nobody] = both("x.jsonl", line.as_bytes());
        assert_eq!(nobody, [format!("line 1: {expected}")], "{line}");
    }
}

#[test]
fn the_id_and_the_address_of_a_post_are_of_one_post() {
    let (one, other) = (
        "s_0123456789abcdef0123456789abcdef",
        "s_1123456789abcdef0123456789abcdef",
    );
    let page = |id: &str| format!("https://sora.chatgpt.com/p/{id}?psh=x");
    let expected = format!("line 1: get_post_detail {one} -");
    for parameters in [
        serde_json::json!({"post_id": one}),
        serde_json::json!({"post_id": page(one)}),
        serde_json::json!({"post_url": page(one)}),
        serde_json::json!({"post_id": one, "post_url": page(one)}),
    ] {
        let line = serde_json::json!({"endpoint": "get_post_detail", "params": parameters, "body": {"post": {}}});
        let [_, nobody] = both("x.jsonl", line.to_string().as_bytes());
        assert_eq!(nobody, [expected.as_str()], "{line}");
    }
    let line = serde_json::json!({"endpoint": "get_post_detail", "url": format!("https://h/api/v1/sora2/get_post_detail?post_url={}", page(other)),
        "params": {"post_id": one}, "body": {"post": {}}});
    let [_, nobody] = both("x.jsonl", line.to_string().as_bytes());
    assert!(nobody[0].contains("are of different posts"), "{nobody:?}");
}
