//! `soracrawl search` and `soracrawl index`.

use serde_json::Value;
use soracrawl::sim::Shape;

use crate::support::{Site, small};

const COLUMNS: [(&str, &[&str]); 3] = [
    ("posts", &["text", "title", "caption"]),
    ("comments", &["text"]),
    ("users", &["username", "display_name", "description"]),
];

/// The ids of the rows that have a text.
async fn having(site: &Site, table: &str, columns: &[&str], text: &str) -> Vec<String> {
    let id = format!("{}_id", table.trim_end_matches('s'));
    let text = text.replace('\'', "''").to_lowercase();
    let having: Vec<String> = columns
        .iter()
        .map(|column| format!("instr(lower({column}), '{text}')"))
        .collect();
    let sql = format!(
        "select {id} from {table} where {} order by 1",
        having.join(" or ")
    );
    site.texts(&sql).await
}

async fn found(site: &Site, table: &str, text: &str) -> (Vec<String>, Value) {
    let arguments = ["search", text, "--in", table, "--limit", "100000", "--json"];
    let out = site.run(&arguments).await.with(0).json();
    let hits = out["hits"].as_array().expect("a list");
    let mut ids: Vec<String> = hits
        .iter()
        .map(|hit| hit["id"].as_str().expect("an id").to_owned())
        .collect();
    ids.sort();
    assert_eq!(out["found"], ids.len(), "{text}");
    (ids, out["has_index"].clone())
}

/// Texts of one, two, three and more letters, also with signs that SQL and FTS5 read in their own way.
const TEXTS: [&str; 9] = [
    "すごい",
    "い",
    "好看",
    "NICE",
    "a\"",
    "%",
    "_",
    "' or",
    "جميل",
];

#[tokio::test]
async fn a_search_finds_the_same_with_and_without_an_index() {
    let mut site = Site::whole(small(Shape::Wrapped)).await;
    site.only(&["posts", "comments"]);
    site.crawl().await.with(0);
    let ended = site.run(&["search", "nice"]).await.with(0);
    assert!(ended.out.contains("soracrawl index"), "{}", ended.out);
    site.execute("update comments set text = 'Zoë ÅNGSTRÖM ^[x]' where id = 1")
        .await;
    let mut all = 0;
    for is_indexed in [false, true] {
        if is_indexed {
            let ended = site.run(&["index"]).await.with(0);
            assert!(ended.out.contains("comments_fts"), "{}", ended.out);
        }
        for text in ["ZOË", "zoË", "ångström", "öM", "^[X]", "Ë"] {
            let (ids, _) = found(&site, "comments", text).await;
            assert_eq!(ids.len(), 1, "{text}");
        }
        for (table, columns) in COLUMNS {
            for text in TEXTS {
                let expected = having(&site, table, columns, text).await;
                let (ids, has_index) = found(&site, table, text).await;
                assert_eq!(ids, expected, "{text} in {table}");
                assert_eq!(has_index, is_indexed);
                all += ids.len();
            }
        }
    }
    assert!(all > 50, "{all} texts found");
}

#[tokio::test]
async fn an_index_stays_current_and_verify_compares_it_with_the_texts() {
    let mut site = Site::whole(small(Shape::Wrapped)).await;
    site.only(&["posts"]);
    site.crawl().await.with(0);
    site.run(&["index"]).await.with(0);
    let again = site.run(&["index"]).await.with(0);
    assert!(again.out.starts_with("0 rows indexed"), "{}", again.out);
    site.only(&[
        "posts", "comments", "replies", "remixes", "profiles", "details",
    ]);
    site.crawl().await.with(0);
    site.run(&["verify"]).await.with(0);
    let (ids, has_index) = found(&site, "comments", "nice").await;
    assert_eq!(ids, having(&site, "comments", &["text"], "nice").await);
    assert!(!ids.is_empty() && has_index == true);
    // A row that is not indexed, then one that is indexed with another text.
    let text = "select rowid from comments_fts where comments_fts match 'nice' limit 1";
    site.execute(&format!(
        "insert into comments_fts (comments_fts, rowid, text) select 'delete', id, text from comments where id = ({text})"
    ))
    .await;
    let ended = site.run(&["verify"]).await;
    assert!(ended.out.contains("comments_fts"), "{}", ended.out);
    let ended = ended.with(6);
    assert!(ended.out.contains("soracrawl index"), "{}", ended.out);
    site.run(&["index"]).await.with(0);
    site.run(&["verify"]).await.with(0);
    site.execute(&format!(
        "insert into comments_fts (comments_fts, rowid, text) select 'delete', id, text from comments where id = ({text});
         insert into comments_fts (rowid, text) select id, 'forged' from comments where id not in (select id from comments_fts_docsize)"
    ))
    .await;
    let ended = site.run(&["verify"]).await;
    assert!(ended.out.contains("comments_fts: row"), "{}", ended.out);
    ended.with(1);
}

#[tokio::test]
async fn a_text_that_is_gone_leaves_nothing_in_the_index() {
    let site = Site::whole(small(Shape::Wrapped)).await;
    site.crawl().await.with(0);
    site.execute("update comments set text = 'xylophonist' where id = 1")
        .await;
    site.run(&["index"]).await.with(0);
    assert_eq!(found(&site, "comments", "XYLO").await.0.len(), 1);
    site.execute("update comments set text = 'other' where id = 1")
        .await;
    assert!(found(&site, "comments", "xylo").await.0.is_empty());
    let left = "select count(*) from comments_fts_data where instr(block, 'xylo')";
    assert_eq!(site.number(left).await, 0);
}

#[tokio::test]
async fn a_wrong_search_says_what_is_wrong() {
    let site = Site::whole(small(Shape::Wrapped)).await;
    let ended = site.run(&["search", "x", "--archive", "missing.db"]).await;
    assert!(ended.err.contains("missing.db"), "{}", ended.err);
    ended.with(1);
    assert!(!site.file("missing.db").exists());
    let ended = site.run(&["index", "--archive", "missing.db"]).await;
    ended.with(1);
    assert!(!site.file("missing.db").exists());
    site.run(&["search", "x", "--in", "feed"]).await.with(2);
    site.run(&["search", ""]).await.with(2);
}
