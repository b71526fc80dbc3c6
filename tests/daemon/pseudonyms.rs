//! `soracrawl export --pseudonyms`: nobody is named, in any form of file.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use parquet::file::reader::{FileReader, SerializedFileReader};
use soracrawl::sim::Shape;

use crate::support::{Site, small};

const FORMATS: [&[&str]; 7] = [
    &["csv", "--for", "4cat"],
    &["csv"],
    &["jsonl"],
    &["parquet"],
    &["lake"],
    &["gexf", "--network", "comments"],
    &["graphml", "--network", "co-comment"],
];

/// Everything that names a person or what a person made.
async fn known(site: &Site) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    for (column, table) in [
        ("user_id", "users"),
        ("username", "users"),
        ("display_name", "users"),
        ("profile_picture_url", "users"),
        ("website", "users"),
        ("permalink", "posts"),
        ("post_id", "posts"),
        ("comment_id", "comments"),
        ("attachment_id", "attachments"),
        ("generation_id", "attachments"),
        ("task_id", "attachments"),
        ("url", "attachments"),
        ("cursor", "calls"),
        ("request_id", "calls"),
    ] {
        let sql = format!("select distinct {column} from {table} where length({column}) > 0");
        let texts = site.texts(&sql).await;
        known.extend(texts.into_iter().map(|text| text.trim().to_lowercase()));
    }
    known
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

/// The text of a file. Pages of Parquet are decoded.
fn text(path: &Path) -> String {
    let bytes = fs::read(path).expect("a file");
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    if path.extension().is_some_and(|ending| ending == "parquet") {
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).expect("Parquet");
        for row in reader.get_row_iter(None).expect("rows") {
            let row = row.expect("a row");
            for (_, field) in row.get_column_iter() {
                text += &format!("\n{field}");
            }
        }
    }
    text
}

/// The words of a text, in lower case.
fn words(text: &str) -> BTreeSet<String> {
    let words = text.split(|it: char| !it.is_alphanumeric());
    words.map(str::to_lowercase).collect()
}

fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    // What follows a text changes its last digits, so only whole groups are searched for.
    for group in text.as_bytes().chunks_exact(3) {
        let bits = group
            .iter()
            .fold(0, |bits, byte| bits << 8 | usize::from(*byte));
        for shift in [18, 12, 6, 0] {
            out.push(char::from(DIGITS[bits >> shift & 63]));
        }
    }
    out
}

#[tokio::test]
async fn no_id_and_no_name_is_in_any_file() {
    let site = Site::whole(small(Shape::Wrapped)).await;
    site.crawl().await.with(0);
    site.run(&["new-key", "key"]).await.with(0);
    let known = known(&site).await;
    assert!(known.len() > 300, "{} known texts", known.len());
    let (long, short): (Vec<&String>, Vec<&String>) =
        known.iter().partition(|text| text.chars().count() >= 5);
    let coded: Vec<String> = long.iter().map(|text| base64(text)).collect();
    let coded: Vec<&String> = coded.iter().filter(|text| text.len() >= 8).collect();
    let search = AhoCorasick::builder();
    let plain = search.build(&long).expect("texts");
    let coded = search.build(&coded).expect("texts");
    // The search finds what it looks for.
    site.run(&["export", "csv", "--into", "open", "--licence", "none"])
        .await
        .with(0);
    assert!(plain.is_match(&text(&site.file("open/comments.csv")).to_lowercase()));
    let mut seen = 0;
    for format in FORMATS {
        let into = format.join("-");
        let mut arguments = vec!["export"];
        arguments.extend(format);
        arguments.extend(["--into", &into, "--licence", "none", "--pseudonyms", "key"]);
        let ended = site.run(&arguments).await;
        assert!(ended.out.contains("not anonymous"), "{}", ended.out);
        ended.with(0);
        for file in files(&site.file(&into)) {
            let text = text(&file);
            let lower = text.to_lowercase();
            let found = plain.find(&lower).map(|it| &lower[it.range()]);
            assert_eq!(found, None, "{}", file.display());
            let found = coded.find(&text).map(|it| &text[it.range()]);
            assert_eq!(found, None, "{}", file.display());
            let words = words(&text);
            let found = short.iter().find(|name| words.contains(name.as_str()));
            assert_eq!(found, None, "{}", file.display());
            seen += text.len();
        }
    }
    assert!(seen > 500_000, "{seen} bytes");
}

/// The pseudonyms of users in an exported table, in its order.
fn pseudonyms(path: &Path) -> Vec<String> {
    let mut reader = csv::Reader::from_path(path).expect("a CSV file");
    let rows = reader
        .records()
        .map(|row| row.expect("a row")[0].to_owned());
    rows.collect()
}

#[tokio::test]
async fn a_key_gives_the_same_pseudonyms_in_every_archive_and_an_order_of_their_own() {
    let (one, other) = (
        Site::whole(small(Shape::Wrapped)).await,
        Site::whole(small(Shape::Flat)).await,
    );
    one.run(&["new-key", "key"]).await.with(0);
    fs::copy(one.file("key"), other.file("key")).expect("a copy");
    other.run(&["new-key", "second"]).await.with(0);
    for site in [&one, &other] {
        site.crawl().await.with(0);
    }
    let export = [
        "export",
        "csv",
        "--licence",
        "none",
        "--tables",
        "users,calls",
    ];
    for (site, key, into) in [
        (&one, "key", "one"),
        (&other, "key", "same"),
        (&other, "second", "differs"),
    ] {
        let mut arguments = export.to_vec();
        arguments.extend(["--into", into, "--pseudonyms", key]);
        site.run(&arguments).await.with(0);
    }
    let users = pseudonyms(&one.file("one/users.csv"));
    assert!(users.is_sorted(), "the order of the ids is left");
    let same = pseudonyms(&other.file("same/users.csv"));
    // The replies of this shape name fewer users.
    assert!(same.len() > 5 && same.iter().all(|user| users.contains(user)));
    let differs = pseudonyms(&other.file("differs/users.csv"));
    assert_eq!(same.len(), differs.len());
    assert!(users.iter().all(|user| !differs.contains(user)));
    let head = fs::read_to_string(one.file("one/calls.csv")).expect("a file");
    let head = head.lines().next().expect("a head");
    for left_out in ["subject", "cursor", "request_id", "error"] {
        assert!(!head.split(',').any(|column| column == left_out), "{head}");
    }
}

#[tokio::test]
async fn a_wrong_key_file_is_refused() {
    let site = Site::whole(small(Shape::Wrapped)).await;
    site.crawl().await.with(0);
    fs::write(site.file("short"), "abc\n").expect("a file");
    fs::set_permissions(
        site.file("short"),
        std::os::unix::fs::PermissionsExt::from_mode(0o600),
    )
    .expect("a mode");
    site.run(&["new-key", "key"]).await.with(0);
    let again = site.run(&["new-key", "key"]).await;
    assert!(again.err.contains("never overwritten"), "{}", again.err);
    again.with(2);
    for (key, said) in [("missing", "new-key"), ("short", "64")] {
        let mut arguments = vec!["export", "csv", "--into", "new", "--licence", "none"];
        arguments.extend(["--pseudonyms", key]);
        let ended = site.run(&arguments).await;
        assert!(ended.err.contains(said), "{}", ended.err);
        ended.with(2);
        assert!(!site.file("new").exists());
    }
}
