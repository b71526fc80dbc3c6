//! Files whose names promise something else than they have.

use super::{POST, entries, gzip};
use crate::replies::import::Kind;

const HAR: &str = r#"{ "log" : {"version":"1.2","entries":[{"request":{"url":"http://h/api/v1/sora2/get_feed"},"response":{"status":200,"content":{"mimeType":"application/json","text":"{\"items\":[]}"}}}]}}"#;

#[test]
fn a_har_file_is_one_whatever_its_name_is() {
    let pretty: serde_json::Value = serde_json::from_str(HAR).unwrap();
    let late = HAR.replacen('{', r#"{"comment":"x","#, 1);
    for (text, names) in [
        (
            HAR.to_owned(),
            &["x.har", "x.jsonl", "x.ndjson", "x.json", "x"][..],
        ),
        (
            format!("\u{feff}\r\n{HAR}\r\n"),
            &["x.har", "x.jsonl", "x.json"],
        ),
        (format!("{pretty:#}"), &["x.har", "x.jsonl", "x.json"]),
        (late, &["x.har"]),
    ] {
        for name in names {
            let expected = (Kind::Har, vec!["entry 1: get_feed  -".to_owned()]);
            assert_eq!(entries(name, text.as_bytes()), expected, "{name} {text}");
            let packed = gzip(text.as_bytes());
            assert_eq!(entries(&format!("{name}.gz"), &packed), expected, "{name}");
        }
    }
}

#[test]
fn json_with_the_name_of_a_har_file_is_read_as_json() {
    let pretty: serde_json::Value = serde_json::from_str(POST).unwrap();
    let long = format!(r#"{{"x":"{}",{}"#, "x".repeat(1_000), &POST[1..]);
    for (text, kind, replies) in [
        (POST.to_owned(), Kind::Json, 1),
        (format!("{pretty:#}"), Kind::Json, 1),
        (format!("[{POST},{POST}]"), Kind::Json, 1),
        (format!("{POST}\n{POST}\n"), Kind::JsonLines, 2),
        (format!("{long}\n").repeat(90), Kind::JsonLines, 90),
    ] {
        let (found_kind, found) = entries("x.har", text.as_bytes());
        assert_eq!((found_kind, found.len()), (kind, replies), "{found:?}");
        assert!(
            found.iter().all(|it| it.contains("get_post_detail s_1")),
            "{found:?}"
        );
    }
    for log in [
        r#"{"level":"info"}"#,
        r#"{"level":"info","entries":1,"creator":"x"}"#,
    ] {
        let line = format!(r#"{{"log":{log},"endpoint":"get_feed","body":{{"items":[]}}}}"#);
        assert_eq!(
            entries("x.jsonl", line.as_bytes()).1,
            ["line 1: get_feed  -"]
        );
    }
}

#[test]
fn a_file_without_anything_has_no_entries() {
    for name in ["x.json", "x.jsonl", "x.har", "x", "x.jsonl.gz"] {
        for text in ["", " \r\n\n", "\u{feff}"] {
            let bytes = match name.ends_with(".gz") {
                true => gzip(text.as_bytes()),
                false => text.as_bytes().to_vec(),
            };
            assert_eq!(entries(name, &bytes).1, [""; 0], "{name} {text:?}");
        }
    }
}
