//! Parts of tables: samples, and the rows of a seed.

use std::collections::BTreeMap;

use crate::lakes::{crawled, lines};

#[tokio::test]
async fn a_sample_is_the_same_for_a_number_and_takes_from_each_value() {
    let site = crawled().await;
    let sample = async |into: &str, number: &str, more: &[&str]| {
        let mut arguments = vec!["export", "jsonl", "--into", into, "--licence", "none"];
        arguments.extend([
            "--tables",
            "comments",
            "--sample",
            "7",
            "--random-seed",
            number,
        ]);
        arguments.extend(more);
        let ended = site.run(&arguments).await;
        ended.with(0);
        lines(&site.file(&format!("{into}/comments.jsonl")))
    };
    let one = sample("one", "1", &[]).await;
    assert_eq!(one.len(), 7);
    assert_eq!(one, sample("again", "1", &[]).await);
    assert_ne!(one, sample("other", "2", &[]).await);
    let strata = sample("strata", "1", &["--stratify", "post_id"]).await;
    let mut found: BTreeMap<String, i64> = BTreeMap::new();
    for row in &strata {
        *found.entry(row["post_id"].to_string()).or_default() += 1;
    }
    let expected = site
        .number("select sum(min(n, 7)) from (select count(*) as n from comments group by post_id)")
        .await;
    assert_eq!(found.values().sum::<i64>(), expected);
    let arguments = [
        "export",
        "csv",
        "--into",
        "x",
        "--licence",
        "none",
        "--sample",
        "1",
    ];
    let ended = site
        .run(&[&arguments[..], &["--stratify", "colour"]].concat())
        .await;
    assert!(ended.err.contains("no column \"colour\""), "{}", ended.err);
    ended.with(2);
    let ended = site
        .run(&[&arguments[..], &["--seed", "@nobody"]].concat())
        .await;
    assert!(ended.err.contains("no seed \"nobody\""), "{}", ended.err);
    ended.with(2);
}

#[tokio::test]
async fn a_seed_has_the_rows_that_it_brought() {
    let site = crawled().await;
    let seed = site
        .texts("select subject from seeds where kind = 'user' limit 1")
        .await
        .remove(0);
    let arguments = [
        "export",
        "jsonl",
        "--into",
        "x",
        "--licence",
        "none",
        "--seed",
        &seed,
    ];
    site.run(&arguments).await.with(0);
    for (table, kind) in [
        ("users", "user"),
        ("posts", "post"),
        ("comments", "comment"),
    ] {
        let rows = lines(&site.file(&format!("x/{table}.jsonl"))).len();
        let expected = site
            .number(&format!(
                "select count(*) from provenance where kind = '{kind}' and seed_subject = '{seed}'"
            ))
            .await;
        assert_eq!(rows as i64, expected, "{table}");
        assert!(expected > 0 || table == "users", "{table}");
    }
}
