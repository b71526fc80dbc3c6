//! Files that are damaged, odd or hostile: each bad place is named, the rest is kept, and the memory stays small.

use std::io::Write;
use std::path::Path;

use super::{POST, entries, gzip, plain, read_file};
use crate::replies::import::{Kind, Listed, files, open};

/// Returns how many entries are replies, and the others.
fn split(found: &[String]) -> (usize, Vec<&str>) {
    let is_reply = |it: &&String| it.contains(": get_");
    let others = found.iter().filter(|it| !is_reply(it));
    let others = others.map(String::as_str).collect();
    (found.iter().filter(is_reply).count(), others)
}

const ENTRY: &str = r#"{"startedDateTime":"2026-01-01T00:00:00Z","request":{"url":"http://h/api/v1/sora2/get_feed"},"response":{"status":200,"content":{"size":12,"mimeType":"application/json","text":"{\"items\":[]}"}}}"#;

fn har(odd: &str) -> String {
    format!(r#"{{"log":{{"entries":[{ENTRY},{odd},{ENTRY}]}}}}"#)
}

#[test]
fn one_odd_entry_of_a_har_file_does_not_end_it() {
    let text = r#""{\"items\":[]}""#;
    let huge = format!("\"{}\"", "x".repeat(2_000_000));
    for (from, to, why) in [
        ("\"application/json\"", "null", ""),
        ("\"application/json\"", "7", ""),
        ("200", "\"200\"", ""),
        ("200", "null", ""),
        ("200", "[200]", "its status is no number"),
        ("12", "\"12\"", ""),
        ("12", "{}", ""),
        ("\"2026-01-01T00:00:00Z\"", "1767225600000", ""),
        ("\"2026-01-01T00:00:00Z\"", "[]", ""),
        (text, r#"{"items":[]}"#, ""),
        (text, "12", "the body cannot be read"),
        (text, "null", "the body is missing"),
        (text, r#""{\"x\":\ud800}""#, "the body cannot be read"),
        (text, &huge, "the body has more than"),
        (
            text,
            r#""{\"items\":[]}","encoding":7"#,
            "the encoding of the body",
        ),
        (text, r#""eyJpdGV\r\ntcyI6 W119\n","encoding":"base64""#, ""),
        (text, r#""eyJpdGVtcyI6W10gfQ","encoding":"base64""#, ""),
        (text, r#""e","encoding":"base64""#, "the body is no base64"),
        ("\"url\":", "\"url\":\"http://x/\",\"url\":", ""),
        ("\"status\":", "\"st\\ud800\":1,\"status\":", ""),
        ("\"status\":", "\"status\" ", "a key has no value"),
        ("{\"size\"", "{:\"size\"", "a value is missing"),
    ] {
        let odd = ENTRY.replace(from, to);
        assert_ne!(odd, ENTRY, "{from}");
        let (kind, found) = entries("x.har", har(&odd).as_bytes());
        assert_eq!(kind, Kind::Har);
        let (replies, others) = split(&found);
        match why {
            "" => assert!(replies >= 2 && found.len() <= 3, "{to}: {found:#?}"),
            _ => {
                assert_eq!(replies, 2, "{to}: {found:#?}");
                assert!(others[0].starts_with("entry 2: bad: "), "{others:?}");
                assert!(others[0].contains(why), "{others:?}");
            }
        }
    }
    for odd in [
        "null",
        "7",
        "\"x\"",
        "[]",
        "[[{}]]",
        "{}",
        ",",
        "{\"response\":null}",
    ] {
        let (_, found) = entries("x.har", har(odd).as_bytes());
        assert_eq!(split(&found).0, 2, "{odd}: {found:#?}");
    }
    for part in ["\"response\":{", "\"content\":{", "\"request\":{"] {
        for with in ["null", "7", "\"x\"", "[1]"] {
            let odd = ENTRY.replace(
                part,
                &format!("{}{with},\"was\":{{", &part[..part.len() - 1]),
            );
            let (_, found) = entries("x.har", har(&odd).as_bytes());
            let (replies, others) = split(&found);
            assert_eq!((replies, others.len()), (2, 1), "{odd}: {found:#?}");
        }
    }
}

#[test]
fn a_har_file_has_a_mark_and_an_end() {
    let plain = har(ENTRY);
    let with_mark = format!("\u{feff}{plain}\n");
    assert_eq!(
        split(&entries("x.har", with_mark.as_bytes()).1),
        (3, vec![])
    );
    for between in ["", "\n", ",", "\n\u{1e}", "\n\u{feff}"] {
        let joined = format!("{plain}{between}{plain}");
        let (_, found) = entries("x.har", joined.as_bytes());
        assert_eq!(split(&found), (6, vec![]), "{between:?}");
        assert!(found[5].starts_with("entry 6: "), "{found:?}");
    }
    for (text, why) in [
        (format!("{plain}x"), "something stands after its end"),
        (format!("{plain}{{}}"), "no list `entries`"),
        ("{\"log\":{}}".to_owned(), "no list `entries`"),
        (
            "{\"log\":{\"entries\":{}}}".to_owned(),
            "a list is expected",
        ),
        ("{\"log\":null}".to_owned(), "an object is expected"),
        ("{\"log\":[]}".to_owned(), "an object is expected"),
        (plain[..plain.len() - 2].to_owned(), "it ends too early"),
    ] {
        let (_, found) = entries("x.har", text.as_bytes());
        let last = found.last().unwrap();
        assert!(
            last.contains("bad: ") && last.contains(why),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn a_bad_item_of_a_list_does_not_end_it() {
    let line = r#"{"endpoint":"get_feed","body":{"items":[]}}"#;
    let list = format!("[{line},{{\"endpoint\":}},{line},7,{line}]");
    let (_, found) = entries("x.json", list.as_bytes());
    assert_eq!(split(&found).0, 3, "{found:#?}");
    assert!(
        found[1].starts_with("item 1: no: it is not JSON"),
        "{found:#?}"
    );
    let wide = line.replace(":[]", &format!(":[{}]", " ".repeat(600)));
    let long = format!("[{}{line}]", format!("{wide},").repeat(2_000));
    assert!(long.len() > 1_100_000);
    assert_eq!(
        split(&entries("x.json", long.as_bytes()).1),
        (2_001, vec![])
    );
    let (_, found) = entries("x.json", &long.as_bytes()[..long.len() - 5]);
    assert_eq!(split(&found).0, 2_000);
    assert!(found[2_000].contains("the list is cut"), "{}", found[2_000]);
}

#[test]
fn what_was_read_before_damage_is_kept() {
    let lines = format!("{POST}\n").repeat(20);
    let gz = gzip(lines.as_bytes());
    let mut encoder = zstd::stream::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(lines.as_bytes()).unwrap();
    let zst = encoder.finish().unwrap();
    let flipped = |bytes: &[u8], from_end: usize| {
        let mut bytes = bytes.to_vec();
        let at = bytes.len() - from_end;
        bytes[at] ^= 1;
        bytes
    };
    for (name, bytes) in [("x.jsonl.gz", &gz), ("x.jsonl.zst", &zst)] {
        let crc = if name.ends_with("gz") { 8 } else { 1 };
        for (what, bytes) in [
            ("garbage", [&bytes[..], b"garbage"].concat()),
            ("a cut", bytes[..bytes.len() - 3].to_vec()),
            ("a wrong checksum", flipped(bytes, crc)),
        ] {
            let (kind, found) = entries(name, &bytes);
            assert_eq!(kind, Kind::JsonLines);
            let (replies, others) = split(&found);
            assert_eq!(replies, 20, "{name} with {what}: {found:#?}");
            assert_eq!(others.len(), 1, "{name} with {what} is named: {others:?}");
            assert!(others[0].contains("bad: the file is damaged"), "{others:?}");
        }
    }
    for (bytes, has_damage) in [
        ([&gz[..], &[0; 5_000]].concat(), false),
        ([&gz[..], &[0; 600], &gz[..]].concat(), false),
        ([&gz[..gz.len() / 2], &gz[..]].concat(), true),
        ([&gz[..], b"garbage", &gz[..]].concat(), true),
    ] {
        let (_, found) = entries("x.jsonl.gz", &bytes);
        let (replies, others) = split(&found);
        assert!(replies >= 19, "{found:#?}");
        assert_eq!(
            others.iter().any(|it| it.contains("damaged")),
            has_damage,
            "{others:?}"
        );
    }
    let one = gzip(POST.as_bytes());
    let (_, found) = entries("x.json.gz", &flipped(&one, 8));
    assert!(found[0].contains("get_post_detail s_1"), "{found:?}");
    assert!(found[1].contains("corrupt"), "{found:?}");
}

#[test]
fn a_frame_that_is_to_be_skipped_comes_first() {
    let mut file = 0x184d_2a50_u32.to_le_bytes().to_vec();
    file.extend([3, 0, 0, 0, 1, 2, 3]);
    file.extend(zstd::encode_all(POST.as_bytes(), 1).unwrap());
    assert_eq!(split(&entries("x.json.zst", &file).1), (1, vec![]));
}

const FEED: &str = "http://h/api/v1/sora2/get_feed";
const EMPTY: &str = "{\"items\":[]}";

fn resource() -> String {
    plain("resource", FEED, EMPTY)
}

#[test]
fn a_damaged_record_does_not_end_a_file() {
    let good = resource();
    let length = "Content-Length: 12";
    for (from, to, why) in [
        ("WARC-Type: ", "WARC-Type ", "no colon"),
        (length, "X: 1", "no Content-Length"),
        (length, "Content-Length: -12", "no Content-Length"),
        (
            length,
            "Content-Length: 5",
            "Content-Length of the record is wrong",
        ),
        (
            length,
            "Content-Length: 62",
            "Content-Length of the record is wrong",
        ),
        (
            length,
            "Content-Length: 99999",
            "Content-Length of the record is wrong",
        ),
        (
            length,
            "Content-Length: 9999999999",
            "Content-Length of the record is wrong",
        ),
        (
            "{\"items\":[]}\r\n\r\n",
            "",
            "Content-Length of the record is wrong",
        ),
        ("\r\n\r\n{\"items\":[]}\r\n\r\n", "\r\n", "has no end"),
        ("WARC/1.0", "garbage", "no WARC record begins here"),
        ("WARC-Date", &"x: y\r\n ".repeat(200), "too long"),
        (
            "WARC-Date",
            &format!("x: {}\r\n ", "y".repeat(70_000)),
            "too long",
        ),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from}");
        let parts = [good.clone(), good.clone(), bad, good.clone(), good.clone()];
        let members: Vec<Vec<u8>> = parts.iter().map(|part| gzip(part.as_bytes())).collect();
        for (name, bytes) in [
            ("x.warc", parts.concat().into_bytes()),
            ("x.warc.gz", members.concat()),
        ] {
            let (_, found) = entries(name, &bytes);
            let (replies, others) = split(&found);
            assert_eq!(replies, 4, "{why}: {found:#?}");
            assert_eq!(others.len(), 1, "{why}: {found:#?}");
            assert!(others[0].contains(why), "{why}: {others:?}");
        }
    }
}

#[test]
fn a_damaged_member_does_not_end_a_file() {
    let one = gzip(resource().as_bytes());
    let damaged: Vec<Vec<u8>> = vec![
        one[..one.len() - 9].to_vec(),
        one[..20].to_vec(),
        [&one[..15], &[0xff; 30], &one[45..]].concat(),
        [b"x", &one[1..]].concat(),
    ];
    for bad in damaged {
        let file = [&one[..], &one[..], &bad, &one[..], &one[..]].concat();
        let (_, found) = entries("x.warc.gz", &file);
        let (replies, others) = split(&found);
        assert!(replies >= 3, "{found:#?}");
        assert!(others[0].contains("bad: "), "it is named: {found:#?}");
        assert!(found.last().unwrap().contains(": get_feed"), "{found:#?}");
    }
    let frame = zstd::encode_all(resource().as_bytes(), 1).unwrap();
    let file = [&frame[..], &frame[..40], &frame[..], &frame[..]].concat();
    let (_, found) = entries("x.warc.zst", &file);
    assert!(split(&found).0 >= 2, "{found:#?}");
    assert!(found.last().unwrap().contains(": get_feed"), "{found:#?}");
}

#[test]
fn a_warc_file_may_begin_with_a_mark_or_a_blank_line() {
    for begin in ["\r\n", "\n\n", "\u{feff}", "\u{feff}\r\n"] {
        let file = format!("{begin}{}{}", resource(), resource());
        let (kind, found) = entries("x", file.as_bytes());
        assert_eq!(
            (kind, split(&found)),
            (Kind::Warc, (2, vec![])),
            "{begin:?}"
        );
    }
}

#[test]
fn a_digest_that_does_not_match_is_named() {
    let with =
        |header: &str| resource().replacen("WARC-Date", &format!("{header}\r\nWARC-Date"), 1);
    let right = "sha1:XHPTUMQR26P4IJCCI4GOCZXA5UTL75DY";
    let of_empty = {
        use sha2::Digest;
        let digest = sha2::Sha256::digest(EMPTY);
        digest
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    for header in [
        format!("WARC-Payload-Digest: sha256:{of_empty}"),
        format!("WARC-Block-Digest: SHA-256:{}", of_empty.to_uppercase()),
        "WARC-Payload-Digest: blake3:abc".to_owned(),
    ] {
        assert_eq!(
            split(&entries("x.warc", with(&header).as_bytes()).1),
            (1, vec![]),
            "{header}"
        );
    }
    for header in [
        format!("WARC-Payload-Digest: {right}"),
        format!("WARC-Block-Digest: {right}"),
        format!("WARC-Payload-Digest: sha256:{}", of_empty.replace('0', "1")),
    ] {
        let file = with(&header) + &resource();
        let (_, found) = entries("x.warc", file.as_bytes());
        let (replies, others) = split(&found);
        assert_eq!(replies, 1);
        assert!(others[0].contains("does not match its WARC-"), "{others:?}");
    }
    let (_, found) = entries("x.warc", with("WARC-Truncated: length").as_bytes());
    assert!(
        found[0].contains("was cut when it was written"),
        "{found:?}"
    );
}

#[test]
fn a_response_is_read_whatever_comes_before_it_and_however_it_is_compressed() {
    let mut deflated = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    deflated.write_all(EMPTY.as_bytes()).unwrap();
    let deflated = deflated.finish().unwrap();
    let zipped = gzip(EMPTY.as_bytes());
    for (head, body) in [
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
            EMPTY.as_bytes(),
        ),
        (
            "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
            EMPTY.as_bytes(),
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\n\r\n",
            &deflated,
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Encoding:\r\n gzip\r\n\r\n",
            &zipped,
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Encoding: gzip\r\n\r\n",
            &zipped,
        ),
    ] {
        let content = [head.as_bytes(), body].concat();
        let record = plain("response", FEED, "");
        let length = format!("Content-Length: {}\r\n\r\n", content.len());
        let begin = record.replace("Content-Length: 0\r\n\r\n", &length);
        let begin = begin.strip_suffix("\r\n\r\n").unwrap();
        let file = [begin.as_bytes(), &content, b"\r\n\r\n"].concat();
        assert_eq!(split(&entries("x.warc", &file).1), (1, vec![]), "{head}");
    }
}

#[test]
fn records_without_a_body_are_counted() {
    let file = plain("revisit", FEED, "HTTP/1.1 200 OK\r\n\r\n")
        + &plain("continuation", FEED, "{")
        + &plain("request", FEED, "GET / HTTP/1.1\r\n\r\n");
    let (_, found) = entries("x.warc", file.as_bytes());
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("other: a revisit record"), "{found:?}");
    assert!(
        found[1].contains("other: a record of another type"),
        "{found:?}"
    );
}

#[test]
fn a_dictionary_that_grows_without_end_is_refused() {
    let dictionary = zstd::encode_all(std::io::repeat(0).take_some(40 << 20), 1).unwrap();
    let mut file = 0x184d_2a5d_u32.to_le_bytes().to_vec();
    file.extend(u32::try_from(dictionary.len()).unwrap().to_le_bytes());
    file.extend(dictionary);
    let why = opened("x.warc.zst", &file).unwrap_err();
    assert!(why.contains("its dictionary has more than"), "{why}");
    let why = opened("y.warc.zst", &file[..20]);
    assert!(why.is_err(), "a cut dictionary is none: {why:?}");
}

trait TakeSome: std::io::Read + Sized {
    fn take_some(self, bytes: u64) -> std::io::Take<Self> {
        std::io::Read::take(self, bytes)
    }
}

impl TakeSome for std::io::Repeat {}

fn opened(name: &str, bytes: &[u8]) -> Result<Kind, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    open(&path).map(|it| it.kind).map_err(|why| why.to_string())
}

#[test]
fn a_compressed_archive_is_refused_with_what_to_do() {
    let archive = [b"SQLite format 3\0", &[0; 100][..]].concat();
    assert_eq!(opened("x.db", &archive), Ok(Kind::Archive));
    for packed in [gzip(&archive), zstd::encode_all(&archive[..], 1).unwrap()] {
        let why = opened("x.db.gz", &packed).unwrap_err();
        assert!(why.contains("Decompress it first"), "{why}");
    }
}

#[test]
fn a_bomb_ends_as_soon_as_nobody_waits_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.jsonl.gz");
    std::fs::write(&path, gzip(&vec![b'x'; 20 << 20])).unwrap();
    let reads = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let count = reads.clone();
    let is_over = move || count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 3;
    let opened = open(&path).unwrap().until(is_over);
    let (found, ended) = read_file(opened);
    assert!(ended.unwrap_err().to_string().contains("has ended"));
    assert!(
        reads.load(std::sync::atomic::Ordering::Relaxed) < 10,
        "{found:?}"
    );
}

#[test]
fn a_folder_has_what_a_file_can_be() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let names = [
        "a.db",
        "b.sqlite",
        "c.har.zst",
        "d.json.zst",
        "e.ndjson.zst",
        "f.JSONL",
        "g.warc",
        "h.db.gz",
        "i.sqlite3",
    ];
    for name in names.iter().chain(&["z.mp4", "z", "z.db-wal"]) {
        std::fs::write(at(name), "").unwrap();
    }
    std::fs::create_dir(at("real")).unwrap();
    std::fs::write(at("real/x.har"), "").unwrap();
    std::os::unix::fs::symlink(at("real"), at("link")).unwrap();
    std::os::unix::fs::symlink(at("z.mp4"), at("z.mov")).unwrap();
    let found = files(folder.path()).unwrap();
    let are = |wanted: fn(&Listed) -> bool| {
        let all = found.iter().filter(|(_, listed)| wanted(listed));
        let names = all.map(|(path, _)| path.strip_prefix(folder.path()).unwrap_or(Path::new("")));
        names.map(|it| it.display().to_string()).collect::<Vec<_>>()
    };
    let mut expected = names.to_vec();
    expected.push("real/x.har");
    assert_eq!(are(|it| *it == Listed::File), expected);
    assert_eq!(are(|it| matches!(it, Listed::Not(_))), ["link"]);
    assert_eq!(are(|it| *it == Listed::PassedOver(4)), [""]);
}
