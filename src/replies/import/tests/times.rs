//! When entries say that they were received. The time of the file would make old values newer than they are.

use super::{entries, plain, read_given};
use crate::replies::import::{Given, open, times};

/// What a line is.
fn of_line(line: &str) -> String {
    let (_, mut found) = entries("x.jsonl", line.as_bytes());
    assert_eq!(found.len(), 1, "{line}: {found:?}");
    found.remove(0).trim_start_matches("line 1: ").to_owned()
}

fn feed(keys: &str) -> String {
    of_line(&format!(
        r#"{{"endpoint":"get_feed",{keys},"body":{{"items":[]}}}}"#
    ))
}

const AT: &str = "get_feed  - at 1760341362";
const HOW: &str =
    "cannot be read: write it as 2025-10-13T07:42:42Z, or state none, or name it with --time WHEN";

#[test]
fn every_form_of_a_time_is_read() {
    for form in [
        r#""2025-10-13T07:42:42Z""#,
        r#""2025-10-13 07:42:42""#,
        r#""2025-10-13 07:42:42 UTC""#,
        r#""2025-10-13T07:42:42 Z""#,
        r#""2025-10-13 07:42:42.000 UTC""#,
        r#""2025-10-13 07:42:42 +0000 UTC""#,
        r#""2025-10-13 00:42:42 -0700""#,
        r#""2025-10-13 07:42:42+00""#,
        r#""2025-10-13T09:42:42.000+0200""#,
        r#""2025-10-13T09:42:42+02:00[Europe/Berlin]""#,
        r#""20251013T074242Z""#,
        r#""20251013074242""#,
        "20251013074242",
        r#""Mon, 13 Oct 2025 07:42:42 GMT""#,
        r#""Mon, 13 Oct 2025 09:42:42 +0200""#,
        r#""Mon, 13 Oct 2025 03:42:42 EDT""#,
        r#""Mon Oct 13 2025 07:42:42 GMT+0000 (Coordinated Universal Time)""#,
        r#""Mon Oct 13 2025 09:42:42 GMT+0200 (CEST)""#,
        r#""Mon Oct 13 2025 09:42:42 GMT+0200""#,
        r#""Mon Oct 13 07:42:42 UTC 2025""#,
        "1760341362",
        "1760341362000",
        "1760341362000000",
        "1760341362000000000",
        r#""1760341362000000000""#,
        r#"{"$date":"2025-10-13T07:42:42Z"}"#,
        r#"{"$date":1760341362000}"#,
        r#"{"$date":{"$numberLong":"1760341362000"}}"#,
        r#"{"$numberLong":"1760341362000"}"#,
    ] {
        assert_eq!(times::of_json(form), Some(1_760_341_362.0), "{form}");
        assert_eq!(feed(&format!(r#""time":{form}"#)), AT, "{form}");
    }
    assert_eq!(times::of_text("20251013"), Some(1_760_313_600.0));
    assert_eq!(times::of_text("2025-10-13"), Some(1_760_313_600.0));
}

#[test]
fn a_form_that_may_be_two_times_or_none_is_bad() {
    for form in [
        r#""10/13/2025, 7:42:42 AM""#,
        r#""13/10/2025 07:42""#,
        r#""04/05/2026""#,
        r#""yesterday""#,
        r#""Mon, 13 Oct 2025 07:42:42 CEST""#,
        r#""Mon, 13 Oct 2025 07:42:42""#,
        r#""Mon Oct 13 07:42:42 2025""#,
        r#""2025-10-13T07:42:42[Europe/Berlin]""#,
        r#""2025-13-10T07:42:42Z""#,
        r#""NaN""#,
        r#"{"$date":"13/10/2025"}"#,
        r#"{"seconds":5}"#,
        r#"[1760341362]"#,
        "true",
    ] {
        assert_eq!(times::of_json(form), None, "{form}");
        for key in [
            "time",
            "fetchedAt",
            "ts",
            "created_at",
            "scraped_at",
            "timestamp_end",
            "start_time",
            "requested_at",
        ] {
            let found = feed(&format!(r#""{key}":{form}"#));
            assert!(
                found.starts_with("bad: its time `"),
                "{key} {form}: {found}"
            );
            assert!(found.ends_with(HOW), "{key} {form}: {found}");
        }
        let other = feed(&format!(r#""time":{form},"timestamp_start":1760341362"#));
        assert_eq!(other, AT, "{form}");
        let early = feed(&format!(r#""time":{form},"timestamp_start":5"#));
        assert!(early.starts_with("bad: its time"), "{form}: {early}");
    }
    let quoted = feed(r#""time":"10/13/2025, 7:42:42 AM""#);
    assert!(quoted.starts_with("bad: its time `10/13/2025, 7:42:42 AM` in `time` cannot"));
    for nothing in ["null", r#""""#, r#"" ""#, "{}", "[]"] {
        assert_eq!(
            feed(&format!(r#""time":{nothing}"#)),
            "get_feed  -",
            "{nothing}"
        );
    }
    let long = feed(&format!(r#""time":"{}""#, "x".repeat(1_000)));
    assert!(long.len() < 200, "{long}");
}

#[test]
fn an_envelope_says_it_if_the_entry_cannot() {
    let line = |stamp: &str| {
        of_line(&format!(
            r#"{{"endpoint":"get_feed","time":"13/10/2025","data":{{"code":200,"time_stamp":{stamp},"data":{{}}}}}}"#
        ))
    };
    assert_eq!(line("1760341362"), AT);
    assert!(line("5").starts_with("bad: its time"));
    let vendor = r#"{"code":200,"router":"/api/v1/sora2/get_feed","time":"13/10/2025","created_at":"x","time_stamp":1760341362,"data":{}}"#;
    assert_eq!(of_line(vendor), AT);
}

#[test]
fn every_place_of_a_time_is_read_and_the_response_wins() {
    let url = r#""url":"https://h/api/v1/sora2/get_feed""#;
    let reply = r#""{\"items\":[],\"created_at\":5}""#;
    let now = "1760341362";
    let http = r#""Mon, 13 Oct 2025 07:42:42 GMT""#;
    for line in [
        format!(
            r#"{{"request":{{{url},"timestamp_start":9999999999}},"response":{{"status_code":200,"timestamp_start":9999999999,"timestamp_end":{now},"content":{reply}}}}}"#
        ),
        format!(
            r#"{{"request":{{{url},"timestamp_start":{now},"timestamp_end":null}},"response":{{"status_code":200,"content":{reply}}}}}"#
        ),
        format!(
            r#"{{"request":{{{url},"timestamp_start":9999999999,"timestamp_end":{now}}},"response":{{"status_code":200,"content":{reply}}}}}"#
        ),
        format!(
            r#"{{"request":{{{url}}},"response":{{"status":200,"headers":{{"Date":{http}}}}},"body":{reply}}}"#
        ),
        format!(
            r#"{{{url},"timestamp_start":9999999999,"response":{{"status":200,"headers":{{"date":[{http}]}},"body":{reply}}}}}"#
        ),
        format!(
            r#"{{{url},"response":{{"status":200,"headers":[["Server","x"],["Date",{http}]],"body":{reply}}}}}"#
        ),
        format!(
            r#"{{{url},"response":{{"status":200,"headers":[{{"name":"date","value":{http}}}],"body":{reply}}}}}"#
        ),
        format!(
            r#"{{{url},"status_code":200,"headers":{{"date":{http},"set-cookie":"x"}},"text":{reply}}}"#
        ),
        format!(r#"{{{url},"response_headers":{{"date":{http}}},"body":{reply}}}"#),
        format!(r#"{{{url},"timestamp_start":9999999999,"timestamp_end":{now},"body":{reply}}}"#),
        format!(r#"{{{url},"start_time":9999999999,"end_time":{now},"body":{reply}}}"#),
        format!(r#"{{{url},"requested_at":9999999999,"created_at":{now},"body":{reply}}}"#),
        format!(r#"{{{url},"created_at":9999999999,"scraped_at":{now},"body":{reply}}}"#),
        format!(r#"{{{url},"requested_at":{now},"body":{reply}}}"#),
        format!(r#"{{{url},"start_time":{now},"body":{reply}}}"#),
        format!(r#"{{{url},"scraped_at":9999999999,"fetched_at":{now},"body":{reply}}}"#),
    ] {
        assert_eq!(of_line(&line), AT, "{line}");
    }
    let bad = r#"{"url":"https://h/api/v1/sora2/get_feed","status":200,"headers":{"date":"soon"},"body":{"items":[]}}"#;
    assert!(of_line(bad).starts_with("bad: its time `soon` in `date`"));
}

#[test]
fn times_of_the_reply_and_of_parameters_are_none_of_the_entry() {
    let post = r#"{"post":{"id":"s_1","text":"x","created_at":1760341362},"created_at":"soon","start_time":1760341362}"#;
    assert_eq!(of_line(post), "get_post_detail s_1 -");
    for data in [
        r#""body":{"items":[],"created_at":1760341362,"timestamp_end":1760341362}"#,
        r#""request":{"created_at":1760341362,"start_time":"soon"},"body":{"items":[]}"#,
        r#""params":{"start_time":"soon"},"body":{"items":[]}"#,
        r#""headers":{"date":1760341362},"body":{"items":[]}"#,
        r#""response":{"items":[],"created_at":1760341362,"start_time":"soon"}"#,
    ] {
        let line = format!(r#"{{"endpoint":"get_feed",{data}}}"#);
        assert_eq!(of_line(&line), "get_feed  -", "{line}");
    }
    let foreign = r#"{"url":"https://h.example/other","time":"13/10/2025","body":{"x":1}}"#;
    assert_eq!(of_line(foreign), "foreign");
    let nobody =
        r#"{"http_status":200,"created_at":1760341362,"body":{"post":{"id":"s_1","text":"x"}}}"#;
    assert_eq!(of_line(nobody), "get_post_detail s_1 -");
}

#[test]
fn times_of_files_of_other_kinds_are_read_or_bad() {
    let har = |time: &str, url: &str| {
        let har = format!(
            r#"{{"log":{{"entries":[{{{time}"request":{{"url":"{url}"}},"response":{{"status":200,"content":{{"mimeType":"application/json","text":"{{}}"}}}}}}]}}}}"#
        );
        entries("x.har", har.as_bytes()).1.remove(0)
    };
    let feed = "http://h/api/v1/sora2/get_feed";
    let browser = r#""startedDateTime":"Mon Oct 13 2025 07:42:42 GMT+0000 (x)","#;
    assert_eq!(har(browser, feed), format!("entry 1: {AT}"));
    let odd = r#""startedDateTime":"13/10/2025","#;
    assert!(har(odd, feed).starts_with("entry 1: bad: its time `13/10/2025` in `startedDateTime`"));
    assert_eq!(har(odd, "http://h/other"), "entry 1: foreign");
    for nothing in ["", r#""startedDateTime":"","#, r#""startedDateTime":null,"#] {
        assert_eq!(har(nothing, feed), "entry 1: get_feed  -", "{nothing}");
    }
    let warc = |date: &str| {
        let record = plain("resource", feed, "{\"items\":[]}");
        let record = record.replace("2026-01-01T00:00:00Z", date);
        entries("x.warc", record.as_bytes()).1.remove(0)
    };
    assert_eq!(warc("20251013074242"), format!("record at byte 0: {AT}"));
    assert!(warc("13/10/2025").contains("bad: its time `13/10/2025` in `WARC-Date`"));
    assert_eq!(warc(""), "record at byte 0: get_feed  -");
    let bare = |at: &str| {
        of_line(&format!(
            r#"{{"scraped_at":{at},"post":{{"id":"s_1","text":"x"}}}}"#
        ))
    };
    for at in ["1760341362000", "\"2025-10-13 07:42:42 UTC\""] {
        assert_eq!(bare(at), "get_post_detail s_1 - at 1760341362", "{at}");
    }
    assert!(bare("\"13/10/2025\"").contains("bad: its time `13/10/2025` in `scraped_at`"));
}

/// What a file is if the user says this time.
fn with_time(name: &str, bytes: &[u8], at: f64) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let given = Given {
        at: Some(at),
        ..Given::default()
    };
    let (mut found, _) = read_given(open(&path).unwrap(), &given);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0).split_once(": ").unwrap().1.to_owned()
}

/// An envelope with this time, in every kind of file.
fn envelopes(stamp: &str) -> Vec<(&'static str, Vec<u8>)> {
    let reply = format!(
        r#"{{"code":200,"router":"/api/v1/sora2/get_feed",{stamp},"data":{{"items":[]}}}}"#
    );
    let quoted = serde_json::to_string(&reply).unwrap();
    let har = format!(
        r#"{{"log":{{"entries":[{{"response":{{"status":200,"content":{{"mimeType":"application/json","text":{quoted}}}}}}}]}}}}"#
    );
    let warc = plain("resource", "", &reply).replace(
        "WARC-Date: 2026-01-01T00:00:00Z\r\n",
        "Content-Type: application/json\r\n",
    );
    vec![
        ("x.json", reply.clone().into_bytes()),
        (
            "x.jsonl",
            format!(r#"{{"http_status":200,"body":{reply}}}"#).into_bytes(),
        ),
        (
            "x.jsonl",
            format!(r#"{{"status_code":200,"text":{quoted}}}"#).into_bytes(),
        ),
        ("x.jsonl", format!("[{reply}]").into_bytes()),
        ("x.har", har.into_bytes()),
        ("x.warc", warc.into_bytes()),
    ]
}

#[test]
fn a_time_of_an_envelope_that_cannot_be_read_is_none_of_the_file() {
    let mut seen = 0;
    for (stamp, quoted) in [
        (r#""time_stamp":"soon""#, "soon"),
        (r#""time_stamp":true"#, "true"),
        (r#""time_stamp":{"seconds":1760341362}"#, "{"),
        (
            r#""time_stamp":"13/10/2025","time":"2025-10-13T07:42:42Z""#,
            "13/10/2025",
        ),
        (
            r#""time":"2025-10-13 00:42:42","time_zone":"America/Los_Angeles""#,
            "2025-10-13 00:42:42",
        ),
        (
            r#""time_stamp":null,"time":"2025-10-13 00:42:42""#,
            "2025-10-13 00:42:42",
        ),
    ] {
        for (name, bytes) in envelopes(stamp) {
            let (_, found) = entries(name, &bytes);
            assert!(
                found[0].contains(&format!(": bad: its time `{quoted}")),
                "{name} {stamp}: {found:?}"
            );
            assert!(found[0].ends_with(HOW), "{name} {stamp}: {found:?}");
            assert_eq!(
                with_time(name, &bytes, 1_760_341_362.0),
                AT,
                "{name} {stamp}"
            );
            let implausible = with_time(name, &bytes, 5.0);
            assert!(
                implausible.starts_with("bad: its time"),
                "{name} {stamp}: {implausible}"
            );
            seen += 1;
        }
        let line = format!(
            r#"{{"endpoint":"get_feed","at":1760341362,"body":{{"code":200,{stamp},"data":{{}}}}}}"#
        );
        assert_eq!(of_line(&line), AT, "{stamp}");
    }
    assert_eq!(seen, 36);
}

#[test]
fn a_time_of_an_envelope_is_read_if_it_can_mean_one_time_only() {
    for stamp in [
        r#""time_stamp":1760341362,"time":"2025-10-13 00:42:42","time_zone":"America/Los_Angeles""#,
        r#""time_stamp":"1760341362""#,
        r#""time_stamp":1760341362000"#,
        r#""time":"2025-10-13T00:42:42-07:00""#,
        r#""time":"2025-10-13 07:42:42","time_zone":"UTC""#,
        r#""time":1760341362"#,
    ] {
        for (name, bytes) in envelopes(stamp) {
            let (_, found) = entries(name, &bytes);
            assert!(found[0].ends_with(AT), "{name} {stamp}: {found:?}");
        }
    }
    // An envelope that says nothing leaves it to the file.
    for stamp in [r#""time_stamp":null"#, r#""time_stamp":"""#, r#""time":"""#] {
        for (name, bytes) in envelopes(stamp) {
            let (_, found) = entries(name, &bytes);
            assert!(
                found[0].ends_with(": get_feed  -"),
                "{name} {stamp}: {found:?}"
            );
        }
    }
}

#[test]
fn a_time_that_cannot_be_read_is_what_the_user_says() {
    for line in [
        r#"{"endpoint":"get_feed","time":"13/10/2025","body":{"items":[]}}"#,
        r#"{"url":"https://h/api/v1/sora2/get_feed","status":200,"headers":{"date":"soon"},"body":{"items":[]}}"#,
    ] {
        assert!(of_line(line).starts_with("bad: its time"), "{line}");
        assert_eq!(
            with_time("x.jsonl", line.as_bytes(), 1_760_341_362.0),
            AT,
            "{line}"
        );
    }
    let readable = r#"{"endpoint":"get_feed","time":1760341362,"body":{"items":[]}}"#;
    assert_eq!(
        with_time("x.jsonl", readable.as_bytes(), 1_770_000_000.0),
        AT
    );
}
