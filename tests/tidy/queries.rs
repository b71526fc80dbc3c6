//! Runs the queries that the documents show.

use soracrawl::cli::DEMO_QUERIES;

use crate::transcript::transcript;
use crate::{documents, empty_archive, fenced};

/// Returns queries in quotes, and those in blocks of their own.
fn queries(text: &str) -> Vec<String> {
    let quoted = text
        .split('"')
        .filter(|part| part.starts_with("select ") && !part.contains('\n'));
    // Only the shell has this function; tests/tidy/recipes.rs runs these without it.
    let quoted = quoted
        .filter(|query| !query.contains("writefile("))
        .map(str::to_owned);
    let blocks = fenced(text, "sql");
    let blocks = blocks.iter().flat_map(|block| block.split(';'));
    let blocks = blocks
        .map(|query| query.trim().to_owned())
        .filter(|query| !query.is_empty());
    quoted.chain(blocks).collect()
}

#[tokio::test]
async fn every_query_of_the_documents_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = empty_archive(&folder).await;
    store.index_texts(|_| {}).await.expect("an index");
    let mut count = 0;
    for (name, text) in documents() {
        for query in queries(&text) {
            let result = sqlx::query(sqlx::AssertSqlSafe(query.clone()))
                .fetch_all(store.readers())
                .await;
            assert!(result.is_ok(), "{name}: {query}: {result:?}");
            count += 1;
        }
    }
    assert!(count >= 8, "only {count} queries were found");
}

#[test]
fn the_transcript_shows_the_queries_of_the_demo() {
    assert_eq!(queries(&transcript()), DEMO_QUERIES);
}
