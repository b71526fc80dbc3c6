//! Several documents in one file: each is a reply or is named, however they are written and joined.

use super::{POST, entries, gzip};
use crate::replies::import::Kind;

/// An envelope about this page.
fn page(cursor: &str) -> serde_json::Value {
    serde_json::json!({"code": 200, "router": "/api/v1/sora2/get_user_posts", "time_stamp": 1_767_225_600,
        "params": {"user_id": "user-1", "cursor": cursor}, "data": {"items": [{"id": "s_1", "text": "}{ \"\\"}], "cursor": null}})
}

fn pretty(cursor: &str) -> String {
    serde_json::to_string_pretty(&page(cursor)).unwrap()
}

/// Returns the cursors of the replies, and the entries that are none.
fn split(found: &[String]) -> (String, Vec<&str>) {
    let (mut cursors, mut others) = (Vec::new(), Vec::new());
    for entry in found {
        match entry.split_once(": get_user_posts user-1 ") {
            Some((_, cursor)) => cursors.push(cursor.split(' ').next().unwrap()),
            None => others.push(entry.as_str()),
        }
    }
    (cursors.join(" "), others)
}

const NAMES: [&str; 4] = ["x.json", "x.jsonl", "x.txt", "x.json-seq"];

#[test]
fn documents_are_found_whatever_stands_between_them() {
    let all = [
        pretty("a"),
        page("b").to_string(),
        pretty("c"),
        page("d").to_string(),
    ];
    let mut seen = 0;
    for between in [
        "\n",
        "",
        "\r\n\r\n",
        ",",
        ",\n",
        "\n, ",
        "\n\u{1e}",
        "\u{1e}",
        "\n\u{feff}",
        " \u{feff}\u{1e}",
    ] {
        for (begin, end) in [
            ("", ""),
            ("\u{feff}", "\n"),
            ("\u{1e}", "\n"),
            ("\n", ",\n,"),
        ] {
            let text = format!("{begin}{}{end}", all.join(between));
            for name in NAMES {
                let (_, found) = entries(name, text.as_bytes());
                assert_eq!(
                    split(&found),
                    ("a b c d".to_owned(), vec![]),
                    "{name} {between:?}"
                );
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 10 * 4 * 4);
    let (_, found) = entries("x.json.gz", &gzip(all.join("\n").as_bytes()));
    assert_eq!(split(&found).0, "a b c d");
    let members: Vec<u8> = all
        .iter()
        .flat_map(|it| gzip(format!("\u{feff}{it}").as_bytes()))
        .collect();
    assert_eq!(
        split(&entries("x.json.gz", &members).1),
        ("a b c d".to_owned(), vec![])
    );
}

#[test]
fn a_place_is_the_line_on_which_a_document_begins() {
    let lines = pretty("a").lines().count();
    let text = format!("{}\n{}\n", pretty("a"), pretty("b"));
    let (kind, found) = entries("x.json", text.as_bytes());
    assert_eq!(kind, Kind::Json);
    assert!(found[0].starts_with("line 1: "), "{found:?}");
    assert!(
        found[1].starts_with(&format!("line {}: ", lines + 1)),
        "{found:?}"
    );
    let (_, found) = entries(
        "x.json",
        format!("{}{}\n[{}]", page("a"), page("b"), page("c")).as_bytes(),
    );
    let places: Vec<&str> = found
        .iter()
        .map(|it| it.split(": ").next().unwrap())
        .collect();
    assert_eq!(places, ["line 1", "line 1, document 2", "line 2, item 0"]);
    let (_, found) = entries("x.json", pretty("a").as_bytes());
    assert!(found[0].starts_with("the file: "), "{found:?}");
}

#[test]
fn damage_in_one_document_costs_only_this_document() {
    let mut seen = 0;
    for write in [pretty, |cursor: &str| page(cursor).to_string()] {
        let whole = write("b");
        // Every cut, and every line that is lost.
        let cuts = (1..whole.len()).filter(|at| whole.is_char_boundary(*at));
        let mut damaged: Vec<String> = cuts.step_by(7).map(|at| whole[..at].to_owned()).collect();
        let lines: Vec<&str> = whole.lines().collect();
        for at in 1..lines.len() {
            let others = lines.iter().enumerate().filter(|(line, _)| *line != at);
            let text = others.map(|(_, line)| *line).collect::<Vec<_>>().join("\n");
            if serde_json::from_str::<serde_json::Value>(&text).is_err() {
                damaged.push(text);
            }
        }
        for bad in damaged {
            for between in ["\n", "\n\u{1e}"] {
                let text = [write("a"), bad.clone(), write("c"), write("d")].join(between);
                for name in NAMES {
                    let (_, found) = entries(name, text.as_bytes());
                    let (cursors, others) = split(&found);
                    assert_eq!(cursors, "a c d", "{name} {bad}: {found:#?}");
                    let line = write("a").lines().count() + 1;
                    assert!(
                        others[0].starts_with(&format!("line {line}: ")),
                        "{others:?}"
                    );
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 500, "{seen}");
}

#[test]
fn a_damaged_first_document_costs_only_itself() {
    for write in [pretty, |cursor: &str| page(cursor).to_string()] {
        let whole = write("a");
        for at in (2..whole.len() - 1)
            .step_by(5)
            .filter(|at| whole.is_char_boundary(*at))
        {
            // A cut in the first line of many may be the beginning of one document.
            if whole.contains("\n ") && !whole[..at].contains("\n ") {
                continue;
            }
            let text = format!("{}\n{}\n{}\n", &whole[..at], write("b"), write("c"));
            for name in NAMES {
                let (_, found) = entries(name, text.as_bytes());
                let (cursors, others) = split(&found);
                assert_eq!(cursors, "b c", "{name} {at}: {found:#?}");
                assert!(others[0].starts_with("line 1: "), "{found:#?}");
            }
        }
    }
}

#[test]
fn what_stands_around_a_list_is_read_too() {
    let (a, b, c) = (page("a"), page("b"), page("c"));
    for (text, cursors, others) in [
        (format!("[{a},{b}]\n[{c}]"), "a b c", 0),
        (format!("[{a},{b}]{c}"), "a b c", 0),
        (format!("[{a},{b}]\n{}", pretty("c")), "a b c", 0),
        (format!("[\n{a},\n{b}\n]\n{}", pretty("c")), "a b c", 0),
        (format!("{}\n[{b},{c}]", pretty("a")), "a b c", 0),
        (format!("[{a},{{\"x\":}},{b}]\n{c}"), "a b c", 1),
        (format!("[{a},{b}}}\n{c}"), "a b c", 1),
        (format!("[{a},{b}] x\n{c}"), "a b c", 1),
    ] {
        for name in NAMES {
            let (_, found) = entries(name, text.as_bytes());
            let (found_cursors, found_others) = split(&found);
            assert_eq!(found_cursors, cursors, "{name} {text}: {found:#?}");
            assert_eq!(found_others.len(), others, "{name} {text}: {found:#?}");
        }
    }
    let many = format!(
        "[{}{a}]\n{c}",
        format!("{b},{}", " ".repeat(2_000)).repeat(600)
    );
    assert!(many.len() > 1_100_000);
    let after = format!("{a}\n{many}");
    for name in NAMES {
        let (_, found) = entries(name, after.as_bytes());
        assert_eq!(found.len(), 603, "{name}");
        assert!(found[1].starts_with("line 2, item 0: get_user_posts user-1 b"));
        assert!(
            found[602].starts_with("line 3: get_user_posts user-1 c"),
            "{}",
            found[602]
        );
        let cut = after.replace(&format!("{a}]"), &a.to_string());
        let (_, found) = entries(name, cut.as_bytes());
        assert_eq!(split(&found).1.len(), 1, "{name}");
        assert!(found.last().unwrap().contains(": get_user_posts user-1 c"));
    }
    let (_, found) = entries("x.json", many.as_bytes());
    assert_eq!(found.len(), 602);
    assert!(
        found[601].starts_with("after the list, line 1: get_user_posts user-1 c"),
        "{}",
        found[601]
    );
}

#[test]
fn a_document_that_is_too_long_does_not_end_a_file() {
    let long = format!("{{\n \"x\": \"{}\"\n}}", "x\\\\".repeat(700_000));
    let open = format!("{{\n \"x\": [\"{}\"\n", "x".repeat(2_000_000));
    let line = format!("{{\"x\": \"{}", "x".repeat(2_000_000));
    for (bad, what) in [(&long, "document"), (&open, "document"), (&line, "line")] {
        for name in NAMES {
            let text = format!("{}\n{bad}\n{}\n{}", pretty("a"), pretty("b"), page("c"));
            let (_, found) = entries(name, text.as_bytes());
            let (cursors, others) = split(&found);
            assert_eq!(cursors, "a b c", "{name}: {others:?}");
            assert!(
                others[0].contains(&format!("bad: the {what} is longer than")),
                "{others:?}"
            );
            assert_eq!(others.len(), 1, "{others:?}");
        }
    }
}

#[test]
fn one_damaged_document_stays_one_that_is_named_or_repaired() {
    for bad in [
        "{\n \"code\": 200,\n \"data\": {\n  \"items\": [\n   {\"id\": \"s_1\"}\n",
        "{\n \"code\": 200,\n \"data\": {\n  \"items\" [\n  ]\n }\n}",
        "<html>\n<body>\n",
    ] {
        let (_, found) = entries("x.json", bad.as_bytes());
        assert_eq!(found.len(), 1, "{bad}: {found:?}");
        assert!(found[0].starts_with("the file: "), "{bad}: {found:?}");
    }
    let raw = pretty("a").replace("}{ ", "}{ \n{\n");
    let (_, found) = entries("x.json", raw.as_bytes());
    assert_eq!(
        found,
        ["the file: get_user_posts user-1 a at 1767225600"],
        "it is repaired"
    );
}

#[test]
fn a_file_of_open_brackets_is_not_gone_through_for_each_of_them() {
    let text = "{\n".repeat(60_000);
    let (_, found) = entries("x.jsonl", text.as_bytes());
    assert!(found.len() == 60_000, "{}", found.len());
    let lists = "[\n".repeat(100_000) + POST;
    let (_, found) = entries("x.jsonl", lists.as_bytes());
    assert!(found.len() < 1_000, "{}", found.len());
}

#[test]
fn zeros_in_the_place_of_documents_are_named() {
    let zeros = "\0".repeat(512);
    for (text, cursors, others) in [
        (
            format!("{}\n{zeros}{}\n{}", pretty("a"), "\0\n", page("b")),
            "a b",
            1,
        ),
        (format!("{}\n{zeros}\n{}\n", page("a"), page("b")), "a b", 1),
        (format!("{}\n{zeros}", page("a")), "a", 1),
        (zeros.clone(), "", 1),
    ] {
        for name in NAMES {
            let (_, found) = entries(name, text.as_bytes());
            let (found_cursors, found_others) = split(&found);
            assert_eq!(
                (found_cursors.as_str(), found_others.len()),
                (cursors, others),
                "{name}: {found:?}"
            );
        }
    }
}
