//! What `soracrawl export lake` does in a folder that is in use.

use std::fs;

use serde_json::Value;

use crate::lakes::{crawled, files, lake};

#[tokio::test]
async fn a_folder_that_is_no_lake_of_this_archive_is_left_alone() {
    let site = crawled().await;
    lake(&site, &["--tables", "users"]).await.with(0);
    let before = files(&site.file("lake"));
    for (more, said) in [
        (&["--tables", "posts"][..], "other options"),
        (
            &["--tables", "users", "--since", "2025-10-01"],
            "other options",
        ),
    ] {
        let ended = lake(&site, more).await;
        assert!(ended.err.contains(said), "{}", ended.err);
        ended.with(2);
    }
    let other = crawled().await;
    let into = site.file("lake");
    let into = into.to_str().expect("a path");
    let arguments = [
        "export",
        "lake",
        "--into",
        into,
        "--licence",
        "none",
        "--tables",
        "users",
    ];
    let ended = other.run(&arguments).await;
    assert!(ended.err.contains("another archive"), "{}", ended.err);
    ended.with(2);
    assert!(files(&site.file("lake")) == before);
    fs::create_dir(site.file("mine")).expect("a folder");
    fs::write(site.file("mine/notes.txt"), "mine").expect("a file");
    let arguments = ["export", "lake", "--into", "mine", "--licence", "none"];
    let ended = site.run(&arguments).await;
    assert!(ended.err.contains("not a lake"), "{}", ended.err);
    ended.with(2);
    assert_eq!(files(&site.file("mine")).len(), 1);
}

#[tokio::test]
async fn a_lake_whose_export_was_interrupted_is_completed_by_the_next() {
    let site = crawled().await;
    lake(&site, &[]).await.with(0);
    let whole = files(&site.file("lake"));
    // As after a kill between the renames: the list names what is not there yet, and a file that should be gone.
    let path = site.file("lake/_lake.json");
    let mut list: Value = serde_json::from_slice(&whole["_lake.json"]).expect("JSON");
    list["files"]["posts/posted_month=2024-01/part-00000.parquet"] = Value::Null;
    fs::write(&path, list.to_string()).expect("a list");
    fs::create_dir(site.file("lake/posts/posted_month=2024-01")).expect("a folder");
    fs::write(
        site.file("lake/posts/posted_month=2024-01/part-00000.parquet"),
        "old",
    )
    .expect("a file");
    for path in whole
        .keys()
        .filter(|path| path.ends_with(".parquet"))
        .step_by(2)
    {
        fs::remove_file(site.file("lake").join(path)).expect("a file");
    }
    fs::remove_file(site.file("lake/datapackage.json")).expect("a file");
    lake(&site, &[]).await.with(0);
    assert!(files(&site.file("lake")) == whole, "the lake is not whole");
}
