//! Runs the queries of docs/analysis.md on the archive of a demo.

use std::collections::BTreeSet;

use sqlx::{AssertSqlSafe, Row, SqlitePool};

use crate::transcript::demo;
use crate::{fenced, file};

/// Questions whose answer may be empty: nothing is deleted in the demo's world.
const MAY_BE_EMPTY: [u32; 1] = [23];

/// Returns the number of each question with its queries.
fn questions() -> Vec<(u32, Vec<String>)> {
    let document = file("docs/analysis.md");
    let sections = document.split("\n### ").skip(1);
    sections
        .map(|section| {
            let (number, rest) = section.split_once(". ").expect("a number");
            let rest = rest.split("\n## ").next().unwrap_or_default();
            let queries = fenced(rest, "sql").into_iter().flat_map(|block| {
                let queries = block.split(";\n").map(|query| query.trim().to_owned());
                queries
                    .filter(|query| !query.is_empty())
                    .collect::<Vec<_>>()
            });
            (number.parse().expect("a number"), queries.collect())
        })
        .collect()
}

async fn number(archive: &SqlitePool, sql: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
        .fetch_one(archive)
        .await
        .unwrap_or_else(|why| panic!("{sql}: {why}"))
}

#[tokio::test]
async fn the_25_questions_have_answers_in_the_archive_of_the_demo() {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = soracrawl::store::Store::open_readers(&demo(folder.path()).archive)
        .await
        .expect("an archive");
    each_question_has_an_answer(&archive).await;
    an_interaction_is_counted_once(&archive).await;
    a_thread_is_read_without_other_comments(&archive).await;
}

async fn each_question_has_an_answer(archive: &SqlitePool) {
    let mut asked = BTreeSet::new();
    for (question, queries) in questions() {
        assert!(!queries.is_empty(), "question {question} has no query");
        for query in queries {
            let rows = sqlx::query(AssertSqlSafe(query.clone()))
                .fetch_all(archive)
                .await
                .unwrap_or_else(|why| panic!("{query}: {why}"));
            assert!(
                !rows.is_empty() || MAY_BE_EMPTY.contains(&question),
                "question {question} has no answer: {query}"
            );
        }
        asked.insert(question);
    }
    assert_eq!(asked, (1..=25).collect());
}

async fn an_interaction_is_counted_once(archive: &SqlitePool) {
    for (kind, rows) in [
        (
            "comment",
            "comments c join posts p on p.id = c.post_id where c.parent_comment_id is null
            and c.author_id is not null and p.author_id is not null",
        ),
        (
            "reply",
            "comments c join comments p on p.id = c.parent_comment_id
            where c.author_id is not null and p.author_id is not null",
        ),
        (
            "remix",
            "remixes r join posts a on a.id = r.post_id join posts b on b.id = r.parent_post_id
            where a.author_id is not null and b.author_id is not null",
        ),
        (
            "appearance",
            "appearances e join posts p on p.id = e.post_id where p.author_id is not null",
        ),
        ("follow", "follows"),
    ] {
        let edges = format!("select count(*) from interaction_edges where kind = '{kind}'");
        let edges = number(archive, &edges).await;
        let rows = number(archive, &format!("select count(*) from {rows}")).await;
        assert!(
            edges == rows && edges > 0,
            "{kind}: {edges} edges of {rows} rows"
        );
    }
    let mentions = "select count(*) from interaction_edges where kind = 'mention'";
    assert!(number(archive, mentions).await > 50);
    let timeless = "select count(*) from interaction_edges where at is null and kind not in ('follow', 'repost')";
    assert_eq!(number(archive, timeless).await, 0);
}

async fn a_thread_is_read_without_other_comments(archive: &SqlitePool) {
    let plan = sqlx::query(
        "explain query plan select * from comment_tree where post_id = 's_1' order by path",
    )
    .fetch_all(archive)
    .await
    .expect("a plan");
    let steps: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
    let scans: Vec<&String> = steps
        .iter()
        .filter(|step| step.starts_with("SCAN") && *step != "SCAN up" && !step.contains("CONSTANT"))
        .collect();
    assert!(scans.is_empty(), "{steps:#?}");
    let deepest = number(archive, "select max(depth) from comment_tree").await;
    assert!(deepest >= 2, "{deepest}");
    // Each comment's path begins with its parent's path.
    let strays = "select count(*) from comment_tree c join comment_tree p on p.comment_id = c.parent_comment_id
        where c.depth <> p.depth + 1 or substr(c.path, 1, length(p.path) + 1) <> p.path || ' '";
    assert_eq!(number(archive, strays).await, 0);
}
