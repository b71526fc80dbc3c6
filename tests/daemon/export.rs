//! `soracrawl export`: files with every row of the archive, the same in every form.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;
use sha2::{Digest, Sha256};
use soracrawl::sim::Shape;
use soracrawl::store::read::{CellKind, EXPORT_TABLES, Snapshot};

use crate::support::{Site, small};

async fn crawled() -> Site {
    let site = Site::whole(small(Shape::Wrapped)).await;
    site.crawl().await.with(0);
    site
}

/// Reads a CSV file as rows of cells by name. A quoted and an unquoted empty cell are both empty.
fn rows(path: &std::path::Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).expect("a CSV file");
    let names = reader.headers().expect("a head").clone();
    let records = reader.records().map(|record| {
        let record = record.expect("a row as long as the head");
        let cells = names.iter().zip(&record);
        cells
            .map(|(name, cell)| (name.to_owned(), cell.to_owned()))
            .collect()
    });
    records.collect()
}

/// A cell of JSON as CSV writes it.
fn as_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[tokio::test]
async fn csv_and_jsonl_have_every_row_and_the_same_cells() {
    let site = crawled().await;
    for format in ["csv", "jsonl"] {
        let folder = format!("{format}-files");
        site.run(&["export", format, "--into", &folder, "--licence", "none"])
            .await
            .with(0);
    }
    let mut all = 0;
    for table in EXPORT_TABLES {
        let csv = rows(&site.file(&format!("csv-files/{}.csv", table.name)));
        let lines =
            std::fs::read_to_string(site.file(&format!("jsonl-files/{}.jsonl", table.name)));
        let lines = lines.expect("a file");
        let json: Vec<BTreeMap<String, Value>> = lines
            .lines()
            .map(|line| serde_json::from_str(line).expect("an object"))
            .collect();
        let rows = site
            .number(&format!("select count(*) from {}", table.source))
            .await;
        assert_eq!(
            (csv.len() as i64, json.len() as i64),
            (rows, rows),
            "{}",
            table.name
        );
        for (csv, json) in csv.iter().zip(&json) {
            let json: BTreeMap<String, String> = json
                .iter()
                .map(|(name, value)| (name.clone(), as_text(value)))
                .collect();
            // A real number may be written with or without a fraction of zero.
            for (name, cell) in csv {
                let number = |text: &str| text.parse::<f64>().ok();
                let same = match (number(cell), number(&json[name])) {
                    (Some(one), Some(other)) => (one - other).abs() < 1e-6,
                    _ => *cell == json[name],
                };
                assert!(same, "{} {name}: {cell:?} and {:?}", table.name, json[name]);
            }
            assert_eq!(csv.len(), json.len(), "{}", table.name);
        }
        all += csv.len();
    }
    assert!(all > 500, "{all} rows");
}

#[tokio::test]
async fn every_column_has_the_type_of_its_values() {
    let site = crawled().await;
    let mut snapshot = Snapshot::open(&site.archive()).await.expect("an archive");
    let mut columns = 0;
    for table in EXPORT_TABLES {
        for column in snapshot.export_columns(&table).await.expect("columns") {
            let right = match column.kind {
                CellKind::Text | CellKind::List => "'text'",
                CellKind::Integer => "'integer'",
                CellKind::Flag => "'integer') and value in (0, 1) and (true",
                CellKind::Real | CellKind::Time => "'real', 'integer'",
            };
            let sql = format!(
                "select count(*) from (select {} as value from {}) where value is not null and not
                 (typeof(value) in ({right}))",
                column.name, table.source
            );
            assert_eq!(site.number(&sql).await, 0, "{} {}", table.name, column.name);
            columns += 1;
        }
    }
    assert!(columns > 150, "{columns} columns");
    for (table, left_out) in [("calls", "body"), ("follows", "follower_username")] {
        let table = soracrawl::store::read::ExportTable::named(table).expect("a table");
        let columns = snapshot.export_columns(&table).await.expect("columns");
        assert!(
            columns.iter().all(|column| column.name != left_out),
            "{left_out}"
        );
    }
}

#[tokio::test]
async fn an_export_is_private_named_with_its_sources_and_the_same_each_time() {
    let site = crawled().await;
    for folder in ["one", "two"] {
        site.run(&["export", "csv", "--into", folder, "--licence", "CC-BY-4.0"])
            .await
            .with(0);
    }
    let package = std::fs::read_to_string(site.file("one/datapackage.json")).expect("a manifest");
    let package: Value = serde_json::from_str(&package).expect("JSON");
    assert_eq!(package["licenses"][0]["name"], "CC-BY-4.0");
    let cost = site.number("select sum(cost_micro_usd) from calls").await;
    assert_eq!(package["soracrawl"]["cost_micro_usd"], cost);
    assert_eq!(package["soracrawl"]["plan"]["comments"], true);
    let resources = package["resources"].as_array().expect("a list");
    assert_eq!(resources.len(), EXPORT_TABLES.len());
    for resource in resources {
        let name = resource["path"].as_str().expect("a path");
        let bytes = std::fs::read(site.file(&format!("one/{name}"))).expect("a file");
        let hash: String = Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(resource["hash"], format!("sha256:{hash}"), "{name}");
        assert_eq!(resource["bytes"], bytes.len(), "{name}");
    }
    for entry in std::fs::read_dir(site.file("one")).expect("a folder") {
        let path = entry.expect("an entry").path();
        let mode = path.metadata().expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
        let again = site.file("two").join(path.file_name().expect("a name"));
        assert!(
            std::fs::read(&path).ok() == std::fs::read(again).ok(),
            "{}",
            path.display()
        );
    }
}

#[tokio::test]
async fn a_wrong_export_says_what_is_wrong_and_leaves_nothing_behind() {
    let site = crawled().await;
    std::fs::create_dir(site.file("full")).expect("a folder");
    std::fs::write(site.file("full/mine.txt"), "mine").expect("a file");
    std::fs::write(site.file("other.db"), "no archive").expect("a file");
    std::fs::create_dir(site.file("busy.partial")).expect("a folder");
    std::fs::write(site.file("busy.partial/thesis.txt"), "mine").expect("a file");
    std::os::unix::fs::symlink("nothing", site.file("link")).expect("a link");
    // SQLite keeps files beside an archive while it is read.
    let entries = || {
        let entries = std::fs::read_dir(site.file("")).expect("a folder");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        names
            .filter(|name| !name.to_string_lossy().starts_with("a.db"))
            .collect::<BTreeSet<_>>()
    };
    let before = entries();
    let csv = ["export", "csv", "--licence", "none", "--into"];
    for (more, code, said) in [
        (
            &["new", "--tables", "users,usres"][..],
            2,
            "there is no table \"usres\"",
        ),
        (&["full"], 2, "the folder is not empty"),
        (&["busy"], 2, "busy.partial is in the way"),
        (&["link"], 2, "link"),
        (&["new", "--seed", "@"], 2, "names no seed"),
        (&["full/mine.txt"], 2, "mine.txt"),
        (&["no/folder/here"], 2, "no/folder/here"),
        (&["new", "--since", "yesterday"], 2, "2025-10-01"),
        (
            &["new", "--since", "2025-10-02", "--until", "2025-10-01"],
            2,
            "--since",
        ),
        (&["new", "--archive", "missing.db"], 1, "missing.db"),
        (&["new", "--archive", "other.db"], 1, "other.db"),
    ] {
        let arguments: Vec<&str> = csv.iter().chain(more).copied().collect();
        let ended = site.run(&arguments).await;
        assert!(ended.err.contains(said), "{more:?}: {}", ended.err);
        ended.with(code);
        assert_eq!(entries(), before, "{more:?} left something behind");
    }
    let ended = site.run(&["export", "csv", "--into", "new"]).await;
    assert!(ended.err.contains("--licence"), "{}", ended.err);
    ended.with(2);
    assert!(site.file("busy.partial/thesis.txt").exists());
    // A link to an empty folder stands for the folder.
    std::fs::create_dir(site.file("target")).expect("a folder");
    std::fs::remove_file(site.file("link")).expect("a link");
    std::os::unix::fs::symlink("target", site.file("link")).expect("a link");
    let arguments: Vec<&str> = csv.iter().chain(&["link"]).copied().collect();
    site.run(&arguments).await.with(0);
    assert!(site.file("target/users.csv").exists());
    let mine = std::fs::read_to_string(site.file("full/mine.txt"));
    assert_eq!(mine.ok().as_deref(), Some("mine"));
}

#[tokio::test]
async fn a_period_bounds_the_tables_that_have_a_time() {
    let site = crawled().await;
    let middle = site
        .texts("select date(avg(posted_at), 'unixepoch') from posts")
        .await
        .remove(0);
    for (folder, option) in [("before", "--until"), ("after", "--since")] {
        site.run(&[
            "export",
            "csv",
            "--into",
            folder,
            "--licence",
            "none",
            "--tables",
            "posts,users",
            option,
            &middle,
        ])
        .await
        .with(0);
    }
    let count =
        |folder: &str, table: &str| rows(&site.file(&format!("{folder}/{table}.csv"))).len();
    let posts = site.number("select count(*) from posts_now").await;
    let (before, after) = (count("before", "posts"), count("after", "posts"));
    assert!(before > 0 && after > 0);
    assert_eq!((before + after) as i64, posts);
    assert_eq!(count("before", "users"), count("after", "users"));
    assert!(!site.file("before/comments.csv").exists());
}
