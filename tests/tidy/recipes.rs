//! Runs the recipes of docs/archive.md on the archive of a demo.

use sqlx::{AssertSqlSafe, Row, SqlitePool};

use crate::transcript::demo;
use crate::{fenced, file};

/// Returns the section of docs/archive.md with this title.
fn section(title: &str) -> String {
    let document = file("docs/archive.md");
    let (_, rest) = document
        .split_once(&format!("\n## {title}\n"))
        .unwrap_or_else(|| panic!("no section {title}"));
    rest.split("\n## ").next().expect("a part").to_owned()
}

/// Returns the queries of the shell recipe, in its order, with the file that each writes replaced by its content:
/// `writefile('name', content)` becomes `content`.
fn recipe() -> Vec<String> {
    let section = section("Raw replies");
    let script = fenced(&section, "sh")[0];
    let quoted = script.split('"').skip(1).step_by(2);
    quoted
        .map(|query| {
            let (before, call) = query.split_once("writefile(").expect("a written file");
            let (_, call) = call.split_once(", ").expect("a name and a content");
            call.split_once(')')
                .map(|(content, after)| format!("{before}{content}{after}"))
                .expect("the end of the call")
        })
        .collect()
}

async fn blobs(archive: &SqlitePool, query: &str) -> Vec<Option<Vec<u8>>> {
    let rows = sqlx::query(AssertSqlSafe(query.to_owned()))
        .fetch_all(archive)
        .await
        .unwrap_or_else(|why| panic!("{query}: {why}"));
    rows.iter().map(|row| row.get(0)).collect()
}

/// Runs the recipe for one endpoint, as a reader does, and returns the reply as text, and whether a dictionary was used.
async fn unpacked(archive: &SqlitePool, recipe: &[String], endpoint: &str) -> (String, bool) {
    let of_endpoint = |query: &String| query.replace("get_post_comments", endpoint);
    let bodies = blobs(archive, &of_endpoint(&recipe[0])).await;
    let [Some(frame)] = &bodies[..] else {
        panic!("{endpoint}: not one reply: {bodies:?}");
    };
    let dictionaries = blobs(archive, &of_endpoint(&recipe[1])).await;
    let dictionary = dictionaries.first().cloned().flatten();
    let mut decoder = match &dictionary {
        Some(dictionary) => zstd::bulk::Decompressor::with_dictionary(dictionary),
        None => zstd::bulk::Decompressor::new(),
    }
    .expect("a decompressor");
    let reply = decoder
        .decompress(frame, 1 << 24)
        .unwrap_or_else(|why| panic!("{endpoint}: {why}"));
    let reply = String::from_utf8(reply).expect("text");
    (reply, dictionary.is_some())
}

/// Returns the query below the line that ends with `title:`.
fn question(title: &str) -> String {
    let section = section("Questions");
    let (_, rest) = section
        .split_once(&format!("{title}:\n"))
        .unwrap_or_else(|| panic!("no question {title}"));
    fenced(rest, "sql")[0]
        .trim()
        .trim_end_matches(';')
        .to_owned()
}

#[tokio::test]
async fn the_recipes_of_docs_archive_work_on_a_demo_archive() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = demo(folder.path());
    let archive = soracrawl::store::Store::open_readers(&demo.archive)
        .await
        .expect("an archive");

    let recipe = recipe();
    assert_eq!(
        recipe.len(),
        2,
        "one query for the reply, one for the dictionary"
    );
    assert!(recipe[0].contains("'get_post_comments'") && recipe[1].contains("'get_post_comments'"));
    let endpoints: Vec<String> =
        sqlx::query_scalar("select distinct endpoint from calls where kept = 1 order by endpoint")
            .fetch_all(&archive)
            .await
            .expect("endpoints");
    let mut with_dictionary = 0;
    for endpoint in &endpoints {
        let (reply, has_dictionary) = unpacked(&archive, &recipe, endpoint).await;
        let reply: serde_json::Value = serde_json::from_str(&reply).expect("JSON");
        assert!(reply.is_object(), "{endpoint}");
        with_dictionary += u32::from(has_dictionary);
    }
    assert!(
        with_dictionary > 0,
        "no reply of the demo was read with a dictionary"
    );
    assert!(endpoints.len() > 5, "only {endpoints:?}");

    let growth = question("How the most viewed posts have grown");
    let rows = sqlx::query(AssertSqlSafe(growth)).fetch_all(&archive).await;
    let mut shown: Vec<String> = rows.expect("rows").iter().map(|row| row.get(0)).collect();
    shown.dedup();
    let mut posts: Vec<(i64, String)> =
        sqlx::query_as("select view_count, post_id from posts_now where view_count is not null")
            .fetch_all(&archive)
            .await
            .expect("posts");
    posts.sort_unstable_by(|one, other| other.cmp(one));
    let least = posts[4].0;
    let views = |id: &String| {
        posts
            .iter()
            .find(|(_, other)| other == id)
            .expect("a post")
            .0
    };
    shown.sort_unstable();
    shown.dedup();
    assert_eq!(shown.len(), 5);
    assert!(shown.iter().all(|id| views(id) >= least), "{shown:?}");
    archive.close().await;
}
