//! Files as other tools write them, whole and damaged.

mod damage;
mod documents;
mod given;
mod hostile;
mod kinds;
mod lists;
mod places;
mod requests;
mod times;
mod utf16;

use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{Found, Given, Kind, Limits, Listed, open, read, recognise};
use crate::api::endpoints;
use crate::replies::warc::record;

const LIMITS: Limits = Limits { body_bytes: 2_000 };
pub(super) const POST: &str =
    r#"{"post":{"id":"s_1","text":"x"},"profile":{"user_id":"user-1","username":"a"}}"#;

/// What the entries of a file are: `endpoint subject cursor`, or why there is none.
pub(super) fn entries(name: &str, bytes: &[u8]) -> (Kind, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    of_file(&path)
}

fn of_file(path: &Path) -> (Kind, Vec<String>) {
    let opened = open(path).unwrap();
    let kind = opened.kind;
    let (mut all, ended) = read_file(opened);
    if let Err(why) = ended {
        all.push(format!("the file: {why}"));
    }
    (kind, all)
}

/// Returns what the entries are, and how the reading ended.
pub(super) fn read_file(opened: super::Opened) -> (Vec<String>, std::io::Result<()>) {
    read_given(opened, &Given::default())
}

/// Returns the same, if the user says this of entries that say nothing.
pub(super) fn read_given(
    opened: super::Opened,
    given: &Given,
) -> (Vec<String>, std::io::Result<()>) {
    let mut all = Vec::new();
    let ended = read(opened, LIMITS, &mut |entry| {
        let said = match entry.found {
            Found::Bad(why) => format!("bad: {why}"),
            Found::Foreign(what) => format!("other: {what}"),
            Found::Answer(captured) => match recognise(captured, given) {
                Err(unrecognised) if unrecognised.is_foreign => "foreign".to_owned(),
                Err(unrecognised) => format!("no: {}", unrecognised.why),
                Ok(answered) => {
                    // What is before the service is named, too.
                    let mut stated = answered.times.iter().filter_map(|when| when.at);
                    let at = match answered.received_at(given.at, None, f64::MAX) {
                        Ok(at) => format!(" at {at}"),
                        Err(why) if why.starts_with("its time") => {
                            all.push(format!("{}: bad: {why}", entry.place));
                            return ControlFlow::Continue(());
                        }
                        Err(_) => stated
                            .next()
                            .map(|at| format!(" at {at}"))
                            .unwrap_or_default(),
                    };
                    let replies = answered.replies.iter().map(|reply| {
                        let cursor = reply.cursor.as_deref().unwrap_or("-");
                        format!(
                            "{} {} {cursor}{}{at}",
                            reply.entry.name, reply.subject, reply.part
                        )
                    });
                    replies.collect::<Vec<_>>().join(" + ")
                }
            },
        };
        all.push(format!("{}: {said}", entry.place));
        ControlFlow::Continue(())
    });
    (all, ended)
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn lines_have_replies_with_and_without_their_requests() {
    let long = format!("{{\"body\":\"{}\"}}", "x".repeat(2_000_000));
    let big = format!(
        "{{\"endpoint\":\"get_feed\",\"body\":{{\"items\":[],\"x\":\"{}\"}}}}",
        "x".repeat(2_000)
    );
    let lines = [
        POST,
        "",
        r#"{"endpoint":"get_user_posts","params":{"user_id":"user-1","cursor":"c="},"time":"2026-01-01T00:00:00Z","body":{"items":[]}}"#,
        r#"{"url":"https://x.example/api/v1/sora2/get_user_followers?user_id=user-2&cursor=a%2Bb","timestamp":1767225600000,"response":{"status":200,"body":"{\"items\":[]}"}}"#,
        r#"{"code":200,"router":"/api/v1/sora2/get_post_comments","params":{"post_id":"s_2"},"time_stamp":5,"data":{"items":[]}}"#,
        r#"{"endpoint":"get_user_posts","body":{"items":[]}}"#,
        r#"{"endpoint":"get_weather","body":{}}"#,
        r#"{"http_status":404,"body":{"detail":{}}}"#,
        r#"{"endpoint":"get_feed","body":null}"#,
        r#"{"post":"#,
        r#"{"items":[{"post":{"id":"s_7","text":"x"}},{"post":{"id":"s_8","text":"y"}}],"cursor":"c"}"#,
        &long,
        &big,
        r#"{"endpoint":"get_cameo_leaderboard","body":{"items":[]}}"#,
    ];
    let (kind, found) = entries("x.jsonl", lines.join("\n").as_bytes());
    assert_eq!(kind, Kind::JsonLines);
    let expected = [
        "line 1: get_post_detail s_1 -",
        "line 3: get_user_posts user-1 c= at 1767225600",
        "line 4: get_user_followers user-2 a+b at 1767225600",
        "line 5: get_post_comments s_2 -",
        "line 6: no: it is a reply of get_user_posts, but nothing says of whom. Name it with --subject ID",
        "line 7: no: `get_weather` is no endpoint of this archive",
        "line 8: no: it is an answer with status 404, not a page",
        "line 9: no: its shape does not tell what was asked",
        "line 10: no: it is not JSON",
        "line 11: get_post_detail s_7 - item 0 + get_post_detail s_8 - item 1",
        "line 12: bad: the line is longer than",
        "line 13: bad: the body has 2",
        "line 14: get_cameo_leaderboard  -",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}, not {expected}");
    }
}

#[test]
fn a_compressed_file_is_the_same_file() {
    let line = format!("{POST}\n{POST}\n");
    let plain = entries("x.json", line.as_bytes());
    assert_eq!(plain.0, Kind::JsonLines, "two values on two lines");
    assert_eq!(entries("x.json.gz", &gzip(line.as_bytes())), plain);
    let packed = zstd::encode_all(line.as_bytes(), 1).unwrap();
    assert_eq!(entries("x.json.zst", &packed), plain);
}

#[test]
fn a_har_file_has_bodies_that_are_text_base64_cut_or_missing() {
    let har = r#" {"log":{"version":"1.2","creator":{"name":"x"},"pages":[],"entries":[
        {"startedDateTime":"2026-01-01T00:00:00.000Z","request":{"method":"GET","url":"http://127.0.0.1:1/api/v1/sora2/get_user_profile?user_id=user-1","headers":[{"name":"Authorization","value":"Bearer x"}]},
         "response":{"status":200,"content":{"size":30,"mimeType":"application/json","text":"{\"profile\":{\"username\":\"a\"}}"}}},
        {"startedDateTime":"2026-01-01T02:00:00.000+02:00","request":{"url":"https://sora.chatgpt.com/backend/project_y/profile_feed/user-1?limit=8&cut=nf2&cursor=c"},
         "response":{"status":200,"content":{"mimeType":"application/json","encoding":"base64","text":"eyJpdGVtcyI6W119"}}},
        {"request":{"url":"https://sora.chatgpt.com/backend/project_y/profile_feed/ch_1?cut=appearances"},"response":{"status":200,"content":{"mimeType":"application/json","text":"{}"}}},
        {"request":{"url":"http://h/api/v1/sora2/get_feed"},"response":{"status":200,"content":{"size":99,"mimeType":"application/json","text":"{\"items\":["}}},
        {"request":{"url":"http://h/api/v1/sora2/get_feed"},"response":{"status":200,"content":{"size":99,"mimeType":"application/json"}}},
        {"request":{"url":"http://h/page"},"response":{"status":200,"content":{"mimeType":"text/html","text":"<html>"}}},
        {"request":{"url":"http://h/api/v1/sora2/get_feed"},"response":{"status":429,"content":{"mimeType":"application/json","text":"{}"}}}
    ]}}"#;
    let (kind, found) = entries("capture", har.as_bytes());
    assert_eq!(kind, Kind::Har);
    let expected = [
        "entry 1: get_user_profile user-1 - at 1767225600",
        "entry 2: get_user_posts user-1 c at 1767225600",
        "entry 3: get_user_cameo_appearances ch_1 -",
        "entry 4: bad: the body is cut: 10 of 99 bytes",
        "entry 5: bad: the body is missing: save the capture with the contents of responses",
        "entry 6: other: text/html, not JSON",
        "entry 7: no: it is an answer with status 429, not a page",
    ];
    assert_eq!(found, expected);
    let (_, found) = entries("cut.har", &har.as_bytes()[..900]);
    let (last, whole) = found.split_last().unwrap();
    assert_eq!(whole, &expected[..3]);
    assert!(
        last.starts_with("entry 4: bad: the file is cut or is no HAR"),
        "{last}"
    );
}

/// A record as another tool writes it, uncompressed.
pub(super) fn plain(kind: &str, url: &str, content: &str) -> String {
    format!(
        "WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: <{url}>\r\nWARC-Date: 2026-01-01T00:00:00Z\r\n\
         Content-Length: {}\r\n\r\n{content}\r\n\r\n",
        content.len()
    )
}

#[test]
fn a_warc_file_has_resources_and_responses() {
    let feed = "http://h/api/v1/sora2/get_feed";
    let chunked = "HTTP/1.1 200 OK\r\nSet-Cookie: secret\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n5\r\n{\"ite\r\n8\r\nms\":[]}\n\r\n0\r\n\r\n";
    let brotli = "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Type: application/json\r\n\r\n\u{1}\u{2}";
    let parts = [
        plain("warcinfo", "", "software: x"),
        plain(
            "request",
            feed,
            "GET / HTTP/1.1\r\nAuthorization: Bearer x\r\n\r\n",
        ),
        plain("response", feed, chunked),
        plain("response", feed, brotli),
        plain("response", feed, "HTTP/1.1 404 Not Found\r\n\r\n{}"),
        plain(
            "response",
            "http://h/",
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>",
        ),
        plain(
            "resource",
            "http://h/api/v1/sora2/get_user_posts?user_id=user-1&cursor=c%3D",
            "{\"items\":[]}",
        ),
        plain("resource", feed, &" ".repeat(70_000)),
        plain("resource", feed, "{\"items\":[]}"),
    ];
    let whole = parts.concat();
    let said = [
        "get_feed  - at 1767225600",
        "bad: the body is compressed with `br`",
        "no: it is an answer with status 404, not a page",
        "other: not JSON",
        "get_user_posts user-1 c= at 1767225600",
        "bad: the record has 70000 bytes",
        "get_feed  - at 1767225600",
    ];
    let check = |name: &str, bytes: &[u8]| {
        let (kind, found) = entries(name, bytes);
        assert_eq!(kind, Kind::Warc);
        assert_eq!(found.len(), said.len(), "{found:#?}");
        for (found, said) in found.iter().zip(said) {
            let (_, found) = found.split_once(": ").unwrap();
            assert!(found.starts_with(said), "{found}, not {said}");
        }
    };
    check("x.warc", whole.as_bytes());
    let members: Vec<Vec<u8>> = parts.iter().map(|part| gzip(part.as_bytes())).collect();
    check("x.warc.gz", &members.concat());
    check(
        "x.warc.zst",
        &zstd::encode_all(whole.as_bytes(), 1).unwrap(),
    );
    // The first frame has the dictionary (iipc/warc-specifications, warc-zstd).
    let dictionary = parts[2].repeat(9).into_bytes();
    let mut file = 0x184d_2a5d_u32.to_le_bytes().to_vec();
    file.extend(u32::try_from(dictionary.len()).unwrap().to_le_bytes());
    file.extend(&dictionary);
    let mut encoder = zstd::stream::Encoder::with_dictionary(file, 1, &dictionary).unwrap();
    encoder.write_all(whole.as_bytes()).unwrap();
    check("x.warc.zst", &encoder.finish().unwrap());
    for cut in [whole.len() - 6, whole.len() - 400] {
        let (_, found) = entries("cut.warc", &whole.as_bytes()[..cut]);
        assert!(
            found.last().unwrap().contains("bad: the file ends in"),
            "{found:#?}"
        );
    }
    let (_, found) = entries("x.warc", format!("{}garbage", parts[2]).as_bytes());
    assert!(
        found.last().unwrap().contains("no WARC record begins here"),
        "{found:?}"
    );
}

#[test]
fn a_record_that_is_written_is_read_again() {
    let mut file = Vec::new();
    for body in ["{\"items\":[]}", "{\"items\":[ ]}\r\n\r\nWARC/1.1"] {
        let headers = [
            ("WARC-Type", "resource".to_owned()),
            (
                "WARC-Target-URI",
                "http://h/api/v1/sora2/get_feed".to_owned(),
            ),
            ("WARC-Date", "2026-01-01T00:00:00.123456Z".to_owned()),
            (
                "Soracrawl-Request-Id",
                "1\r\nWARC-Type: metadata".to_owned(),
            ),
            ("Content-Type", "application/json".to_owned()),
        ];
        let one = record(&mut file, &headers, body.as_bytes()).unwrap();
        let again = record(&mut Vec::new(), &headers, body.as_bytes()).unwrap();
        assert_eq!(one, again);
    }
    let (_, found) = entries("x.warc.gz", &file);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].ends_with("at 1767225600.123456"), "{found:?}");
}

#[test]
fn a_link_and_a_folder_are_no_files() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("a.json"), folder.path().join("b.json"));
    std::fs::write(&file, POST).unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    std::fs::write(folder.path().join("video.mp4"), "x").unwrap();
    assert!(open(&link).is_err());
    assert!(open(folder.path()).is_err());
    let found = super::files(folder.path()).unwrap();
    let listed: Vec<&Listed> = found.iter().map(|(_, listed)| listed).collect();
    let link = Listed::Not("a symbolic link is not followed".to_owned());
    assert_eq!(listed, [&Listed::File, &link, &Listed::PassedOver(1)]);
}

#[test]
fn every_endpoint_is_found_by_its_name_and_path() {
    for entry in endpoints::ALL {
        for name in [
            entry.name.to_owned(),
            entry.path.to_owned(),
            format!("/v9{}?x=1", entry.path),
        ] {
            let line = format!(
                "{{\"endpoint\":\"{name}\",\"params\":{{\"{}\":\"s_1\"}},\"body\":{{}}}}",
                entry.subject.unwrap_or("x")
            );
            let (_, found) = entries("x.jsonl", line.as_bytes());
            assert!(
                found[0].starts_with(&format!("line 1: {} ", entry.name)),
                "{found:?}"
            );
        }
    }
}
