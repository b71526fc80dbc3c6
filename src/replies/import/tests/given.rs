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
