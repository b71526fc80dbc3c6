//! What an export says about itself: manifest, codebook, bag; and ids for publication.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};
use soracrawl::sim::Shape;
use soracrawl::store::read::EXPORT_TABLES;

use crate::support::{Site, small};

pub async fn crawled() -> Site {
    let site = Site::whole(small(Shape::Wrapped)).await;
    site.crawl().await.with(0);
    site
}

fn sha256(path: &Path) -> String {
    let digest = Sha256::digest(fs::read(path).expect("a file"));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    names
        .map(|name| name.to_string_lossy().into_owned())
        .collect()
}

pub fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("a file")).expect("JSON")
}

#[tokio::test]
async fn an_export_explains_its_columns_files_and_source() {
    let site = crawled().await;
    let arguments = ["export", "csv", "--into", "x", "--licence", "CC-BY-4.0"];
    site.run(&arguments).await.with(0);
    let mut reader = csv::Reader::from_path(site.file("x/codebook.csv")).expect("a CSV file");
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
    let package = json(&site.file("x/datapackage.json"));
    for table in EXPORT_TABLES {
        let explained: Vec<&str> = rows
            .iter()
            .filter(|row| &row[0] == table.name)
            .map(|row| &row[1])
            .collect();
        let head = fs::read_to_string(site.file(&format!("x/{}.csv", table.name)));
        let head = head.expect("a file");
        let columns: Vec<&str> = head.lines().next().expect("a head").split(',').collect();
        let columns: Vec<&str> = columns
            .iter()
            .filter(|name| {
                !name
                    .strip_suffix("_unix")
                    .is_some_and(|time| columns.contains(&time))
            })
            .copied()
            .collect();
        assert_eq!(explained, columns, "{}", table.name);
    }
    assert!(rows.iter().all(|row| !row[4].is_empty()));
    let meaning = |table: &str, column: &str| {
        let row = rows
            .iter()
            .find(|row| &row[0] == table && &row[1] == column);
        row.expect("a row")[4].to_owned()
    };
    assert!(meaning("posts", "first_seen_at").contains("first"));
    assert!(meaning("calls", "outcome").contains("never_sent"));
    let totals = package["soracrawl"]["completeness"]
        .as_array()
        .expect("totals");
    let missing = site
        .number("select sum(known_count) from completeness")
        .await;
    let known: i64 = totals
        .iter()
        .map(|kind| kind["known"].as_i64().expect("a number"))
        .sum();
    assert_eq!(known, missing);
    let graph = json(&site.file("x/ro-crate-metadata.json"));
    let graph = graph["@graph"].as_array().expect("a graph");
    let files = graph.iter().filter(|node| node["@type"] == "File");
    let listed = files.map(|file| {
        let name = file["@id"].as_str().expect("a path");
        assert_eq!(file["sha256"], sha256(&site.file("x").join(name)), "{name}");
        name.to_owned()
    });
    assert_eq!(listed.count(), EXPORT_TABLES.len());
    let root = graph
        .iter()
        .find(|node| node["@id"] == "./")
        .expect("a root");
    assert_eq!(
        root["license"]["@id"],
        "https://spdx.org/licenses/CC-BY-4.0"
    );
}

#[tokio::test]
async fn a_bag_has_checksums_of_everything_in_it() {
    let site = crawled().await;
    let arguments = [
        "export",
        "jsonl",
        "--into",
        "bag",
        "--licence",
        "none",
        "--bagit",
    ];
    site.run(&arguments).await.with(0);
    for (manifest, folder) in [
        ("manifest-sha256.txt", "data"),
        ("tagmanifest-sha256.txt", ""),
    ] {
        let lines = fs::read_to_string(site.file("bag").join(manifest)).expect("a manifest");
        let mut listed = BTreeSet::new();
        for line in lines.lines() {
            let (sum, path) = line.split_once("  ").expect("a sum and a path");
            assert_eq!(sum, sha256(&site.file("bag").join(path)), "{path}");
            listed.insert(path.rsplit('/').next().expect("a name").to_owned());
        }
        let mut found = names(&site.file("bag").join(folder));
        found.remove("data");
        found.remove("tagmanifest-sha256.txt");
        assert_eq!(listed, found);
    }
    let declaration = fs::read_to_string(site.file("bag/bagit.txt")).expect("a file");
    assert_eq!(
        declaration,
        "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    );
    let arguments = [
        "export",
        "lake",
        "--into",
        "l",
        "--licence",
        "none",
        "--bagit",
    ];
    site.run(&arguments).await.with(2);
}

#[tokio::test]
async fn ids_are_alone_on_their_lines() {
    let site = crawled().await;
    let arguments = ["export", "ids", "--into", "ids", "--licence", "CC0-1.0"];
    site.run(&arguments).await.with(0);
    for (file, sql) in [
        ("user_ids.txt", "select user_id from users_now order by 1"),
        ("post_ids.txt", "select post_id from posts_now order by 1"),
        (
            "comment_ids.txt",
            "select comment_id from comments_now order by 1",
        ),
    ] {
        let text = fs::read_to_string(site.file("ids").join(file)).expect("a file");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines, site.texts(sql).await, "{file}");
        assert!(!lines.is_empty());
    }
    let wrong = [
        "export",
        "ids",
        "--into",
        "y",
        "--licence",
        "none",
        "--tables",
        "follows",
    ];
    site.run(&wrong).await.with(2);
}

#[tokio::test]
async fn a_copy_gives_the_same_files_and_is_removed() {
    let site = crawled().await;
    for (into, more) in [("one", &[][..]), ("two", &["--via-copy"])] {
        let arguments = ["export", "csv", "--into", into, "--licence", "none"];
        site.run(&[&arguments[..], more].concat()).await.with(0);
    }
    let lake = [
        "export",
        "lake",
        "--into",
        "lake",
        "--licence",
        "none",
        "--via-copy",
    ];
    site.run(&lake).await.with(0);
    assert!(!site.file("lake/.staging").exists());
    let files = names(&site.file("one"));
    assert_eq!(files, names(&site.file("two")));
    for file in files {
        let [one, two] = ["one", "two"].map(|folder| fs::read(site.file(folder).join(&file)));
        assert!(one.expect("a file") == two.expect("a file"), "{file}");
    }
}
