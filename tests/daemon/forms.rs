//! Exports in the forms of other programs: datasette, 4CAT, nested JSON.

use std::fs;

use serde_json::Value;

use crate::papers::{crawled, json};

#[tokio::test]
async fn datasette_gets_descriptions_and_questions_that_run() {
    let site = crawled().await;
    let ended = site
        .run(&[
            "export",
            "datasette",
            "--into",
            "pages",
            "--licence",
            "none",
        ])
        .await
        .with(0);
    assert!(
        ended.out.contains("--setting suggest_facets off"),
        "{}",
        ended.out
    );
    let metadata = json(&site.file("pages/metadata.json"));
    let database = &metadata["databases"]["a"];
    assert_eq!(database["tables"]["users"]["label_column"], "username");
    assert_eq!(database["tables"]["cooldowns"]["hidden"], true);
    let about = &database["tables"]["completeness"]["description"];
    assert!(
        about.as_str().is_some_and(|about| about.len() > 20),
        "{about}"
    );
    let queries = database["queries"].as_object().expect("questions");
    assert!(queries.len() >= 3);
    let post = site
        .texts("select p.post_id from comments c join posts p on p.id = c.post_id limit 1")
        .await
        .remove(0);
    let user = site
        .texts("select username from users where username is not null limit 1")
        .await;
    for (name, query) in queries {
        let sql = query["sql"].as_str().expect("SQL");
        let sql = sql.replace(":post_id", &format!("'{post}'"));
        let sql = sql.replace(":username", &format!("'{}'", user[0]));
        assert!(!sql.contains(':') || sql.contains("'"), "{name}");
        let rows = site.rows(&sql).await;
        assert!(!rows.is_empty() || name == "ego", "{name}");
    }
}

#[tokio::test]
async fn a_file_for_4cat_has_posts_and_comments_with_their_threads() {
    let site = crawled().await;
    let arguments = [
        "export",
        "csv",
        "--for",
        "4cat",
        "--into",
        "x",
        "--licence",
        "none",
    ];
    site.run(&arguments).await.with(0);
    let mut reader = csv::Reader::from_path(site.file("x/4cat.csv")).expect("a CSV file");
    let head = reader.headers().expect("a head");
    assert_eq!(head, vec!["id", "thread_id", "author", "body", "timestamp"]);
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
    let due = "select (select count(*) from posts_now) + (select count(*) from comments_now)";
    assert_eq!(rows.len() as i64, site.number(due).await);
    let posts = rows.iter().filter(|row| row[0] == row[1]).count();
    assert_eq!(
        posts as i64,
        site.number("select count(*) from posts_now").await
    );
    let times = rows
        .iter()
        .map(|row| &row[4])
        .filter(|time| !time.is_empty());
    assert!(times.clone().count() > 10);
    for time in times {
        jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", time).expect("a time");
    }
    let both = [&arguments[..], &["--excel"]].concat();
    site.run(&both).await.with(2);
}

#[tokio::test]
async fn json_lines_nest_what_belongs_to_a_row() {
    let site = crawled().await;
    let arguments = [
        "export",
        "jsonl",
        "--into",
        "x",
        "--licence",
        "none",
        "--nest",
        "attachments,cast",
    ];
    site.run(&arguments).await.with(0);
    let text = fs::read_to_string(site.file("x/posts.jsonl")).expect("a file");
    let (mut attachments, mut cast) = (0, 0);
    for line in text.lines() {
        let row: Value = serde_json::from_str(line).expect("an object");
        let list = row["attachments"].as_array().expect("a list");
        for attachment in list {
            let url = attachment["url"].as_str().unwrap_or_default();
            assert!(!url.contains("sig="), "{url}");
        }
        attachments += list.len();
        cast += row["cast"].as_array().expect("a list").len();
    }
    let due = "select count(*) from attachments where post_id is not null";
    assert_eq!(attachments as i64, site.number(due).await);
    assert_eq!(
        cast as i64,
        site.number("select count(*) from appearances").await
    );
    let signed = site
        .number("select count(*) from attachments where instr(url, 'sig=')")
        .await;
    assert!(attachments > 0 && cast > 0 && signed > 0);
    let users = fs::read_to_string(site.file("x/users.jsonl")).expect("a file");
    assert!(!users.contains("\"cast\""));
}
