//! Text of Windows: UTF-16 with a mark and without one, and marks of UTF-8 wherever tools leave them.

use super::{POST, entries, gzip, plain};
use crate::replies::import::{Kind, open};

/// Returns a text in UTF-16, in both orders.
fn wide(text: &str, is_marked: bool) -> [Vec<u8>; 2] {
    let mark = if is_marked { "\u{feff}" } else { "" };
    let units: Vec<u16> = format!("{mark}{text}").encode_utf16().collect();
    let little = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    [little, big]
}

const LINE: &str = r#"{"endpoint":"get_user_posts","params":{"user_id":"user-1"},"time":1767225600,"body":{"items":[{"post":{"id":"s_1","text":"né 😀 一\u0000"}}]}}"#;
const HAR: &str = r#"{"log":{"entries":[{"request":{"url":"http://h/api/v1/sora2/get_feed"},"response":{"status":200,"content":{"mimeType":"application/json","text":"{\"items\":[],\"x\":\"😀\"}"}}}]}}"#;

#[test]
fn a_file_in_utf_16_is_the_same_file() {
    let pretty =
        serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(LINE).unwrap())
            .unwrap();
    let long = format!("{LINE}\r\n").repeat(700);
    let mut seen = 0;
    for (name, text) in [
        ("x.json", LINE.to_owned()),
        ("x.jsonl", format!("{LINE}\r\n{POST}\r\n")),
        ("x", format!("{LINE}\r\n\r\n{POST}")),
        ("x.json", format!("{pretty}\r\n{pretty}\r\n")),
        ("x.json", format!("[{LINE},\r\n{POST}]")),
        ("x.jsonl", long),
        ("x.har", HAR.to_owned()),
        ("x", HAR.to_owned()),
        (
            "x.warc",
            plain(
                "resource",
                "http://h/api/v1/sora2/get_feed",
                "{\"items\":[]}",
            ),
        ),
    ] {
        let expected = entries(name, text.as_bytes());
        assert!(!expected.1[0].contains("bad"), "{:?}", expected.1);
        for is_marked in [true, false] {
            for bytes in wide(&text, is_marked) {
                assert_eq!(entries(name, &bytes), expected, "{name} {is_marked}");
                assert_eq!(
                    entries(&format!("{name}.gz"), &gzip(&bytes)),
                    expected,
                    "{name}"
                );
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 36);
}

#[test]
fn half_of_a_character_costs_only_its_entry() {
    let reply = |line: usize| format!("line {line}: get_user_posts user-1 - at 1767225600");
    for unit in [0xd83d_u16, 0xde00] {
        let text = format!("{LINE}\n{}\n{LINE}\n", LINE.replace('😀', "\u{fdd0}"));
        for (bytes, order) in wide(&text, true)
            .into_iter()
            .zip([u16::to_le_bytes, u16::to_be_bytes])
        {
            let broken: Vec<u8> = bytes
                .chunks(2)
                .flat_map(|pair| match pair == order(0xfdd0) {
                    true => order(unit),
                    false => [pair[0], pair[1]],
                })
                .collect();
            let (_, found) = entries("x.jsonl", &broken);
            assert_eq!(found.len(), 3, "{found:#?}");
            assert_eq!([&found[0], &found[2]], [&reply(1), &reply(3)]);
            assert_eq!(
                found[1],
                "line 2: bad: it has half of a character of UTF-16: the file is cut or damaged there"
            );
        }
    }
    for bytes in wide(&format!("{LINE}\n{LINE}"), true) {
        let (_, found) = entries("x.jsonl", &bytes[..bytes.len() - 1]);
        assert_eq!((found.len(), &found[0]), (2, &reply(1)), "{found:#?}");
        assert!(
            found[1].starts_with("line 2: bad: it has half of a character"),
            "{found:#?}"
        );
        let (_, found) = entries("x.jsonl", &[&bytes[..], b"x"].concat());
        assert_eq!(found[..2], [reply(1), reply(2)], "{found:#?}");
        assert!(
            found[2].starts_with("line 2, document 2: bad: it has half"),
            "{found:#?}"
        );
    }
    let har = HAR.replace('😀', "\u{fdd0}");
    let [bytes, _] = wide(&har, true);
    let broken: Vec<u8> = bytes
        .chunks(2)
        .flat_map(|pair| match pair == [0xd0, 0xfd] {
            true => [0x3d, 0xd8],
            false => [pair[0], pair[1]],
        })
        .collect();
    let (kind, found) = entries("x.har", &broken);
    assert_eq!(kind, Kind::Har);
    assert!(found[0].starts_with("entry 1: bad: "), "{found:?}");
}

#[test]
fn files_of_both_orders_that_were_joined_are_read() {
    let [little, big] = wide(&format!("{LINE}\n"), true);
    for joined in [
        [&little[..], &big, &little].concat(),
        [&big[..], &little, &big].concat(),
    ] {
        let (_, found) = entries("x.jsonl", &joined);
        assert!(
            found.len() == 3
                && found
                    .iter()
                    .all(|it| it.contains(": get_user_posts user-1 - at")),
            "{found:?}"
        );
    }
}

#[test]
fn damage_of_a_compressed_file_moves_no_unit() {
    for bytes in wide(&format!("{LINE}\n").repeat(40), true) {
        // Members begin in the middle of units.
        let members: Vec<Vec<u8>> = bytes.chunks(777).map(gzip).collect();
        for lost in [3, 4] {
            let mut file = members.clone();
            let half = file[lost].len() / 2;
            file[lost].truncate(half);
            let (_, found) = entries("x.jsonl.gz", &file.concat());
            let replies = found
                .iter()
                .filter(|it| it.contains(": get_user_posts user-1 - at"))
                .count();
            assert!(replies >= 28, "{replies}: {found:#?}");
            assert!(
                found.iter().any(|it| it.contains("the file is damaged")),
                "{found:#?}"
            );
        }
    }
}

#[test]
fn a_mark_of_utf_8_is_passed_over_at_the_start_of_files_and_lines() {
    let text = format!("\u{feff}{LINE}\r\n\u{feff}{LINE}\r\n{LINE}\n \u{feff}{LINE}");
    for name in ["x.jsonl", "x.json", "x"] {
        for (name, bytes) in [
            (name.to_owned(), text.clone().into_bytes()),
            (format!("{name}.gz"), gzip(text.as_bytes())),
        ] {
            let (_, found) = entries(&name, &bytes);
            let all =
                (1..5).map(|line| format!("line {line}: get_user_posts user-1 - at 1767225600"));
            assert_eq!(found, all.collect::<Vec<_>>(), "{name}");
        }
    }
    let (_, found) = entries("x.json", format!("\u{feff}{POST}").as_bytes());
    assert_eq!(found, ["the file: get_post_detail s_1 -"]);
    // A body may have one, too.
    let quoted = serde_json::to_string(&format!("\u{feff}{POST}")).unwrap();
    let (_, found) = entries(
        "x.jsonl",
        format!("{{\"status_code\":200,\"body\":{quoted}}}").as_bytes(),
    );
    assert_eq!(found, ["line 1: get_post_detail s_1 -"]);
}

#[test]
fn a_response_in_utf_16_is_read_by_its_mark() {
    use base64::Engine;
    for bytes in wide(POST, true) {
        let text = base64::engine::general_purpose::STANDARD.encode(bytes);
        let har = format!(
            r#"{{"log":{{"entries":[{{"response":{{"status":200,"content":{{"mimeType":"application/json","encoding":"base64","text":"{text}"}}}}}}]}}}}"#
        );
        let (_, found) = entries("x.har", har.as_bytes());
        assert_eq!(found, ["entry 1: get_post_detail s_1 -"]);
    }
}

#[test]
fn utf_32_is_refused_with_a_way_out() {
    let units = |mark: &str| {
        format!("{mark}{POST}")
            .chars()
            .map(u32::from)
            .collect::<Vec<_>>()
    };
    for mark in ["\u{feff}", ""] {
        let little: Vec<u8> = units(mark).into_iter().flat_map(u32::to_le_bytes).collect();
        let big: Vec<u8> = units(mark).into_iter().flat_map(u32::to_be_bytes).collect();
        for bytes in [little, big] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("x.json");
            std::fs::write(&path, bytes).unwrap();
            let why = open(&path)
                .map(|opened| opened.kind)
                .unwrap_err()
                .to_string();
            assert!(why.contains("iconv -f UTF-32 -t UTF-8"), "{why}");
        }
    }
}
