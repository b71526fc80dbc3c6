//! Archives of every supported schema are migrated and sound.

use std::path::{Path, PathBuf};

use soracrawl::daemon::catch_up;
use soracrawl::sim::Options;
use soracrawl::store::Store;

use crate::site::{Site, damage, examine, number, report_text, world};

/// The oldest supported schema. Older archives are refused.
pub const FIRST: i64 = 4;

pub fn fixture(schema: i64) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(format!("tests/fixtures/archives/schema-{schema}.sqlite"))
}

/// Returns the schema number of a new archive.
pub async fn newest(folder: &Path) -> i64 {
    let path = folder.join("new.db");
    let store = Store::open(&path).await.expect("an archive");
    store.close().await.expect("a clean close");
    number(&path, "pragma user_version").await
}

#[tokio::test]
async fn an_archive_of_every_schema_is_migrated_to_this_version_and_is_sound() {
    let folder = tempfile::tempdir().expect("a folder");
    let newest = newest(folder.path()).await;
    assert!(newest >= FIRST);
    for schema in FIRST..=newest {
        let path = folder.path().join(format!("{schema}.db"));
        std::fs::copy(fixture(schema), &path).unwrap_or_else(|error| {
            panic!("no archive of schema {schema} ({error}): cargo test --test verify -- --ignored write_the_fixture")
        });
        assert_eq!(number(&path, "pragma user_version").await, schema);
        let posts = number(&path, "select count(*) from posts").await;
        let store = Store::open(&path).await.expect("the archive is migrated");
        catch_up(&store).await.expect("the texts are read");
        store.close().await.expect("a clean close");
        assert_eq!(number(&path, "pragma user_version").await, newest);
        assert_eq!(number(&path, "select count(*) from posts_now").await, posts);
        let report = examine(&path).await;
        assert!(
            report.is_sound() && posts > 0,
            "schema {schema}: {}",
            report_text(&report)
        );
    }
}

/// Takes away what was read of the texts of pages that were kept after a group, as if a run had been killed there.
fn unread_after(group: &str) -> String {
    let calls = format!("(select id from calls where kept_group > ({group}))");
    format!(
        "insert into settings values ('entities_after_group', ({group}));
         delete from post_entities where first_call_id in {calls};
         delete from comment_entities where first_call_id in {calls};
         delete from reposts where first_call_id in {calls}"
    )
}

#[tokio::test]
async fn the_texts_of_kept_replies_are_read_without_a_call_also_after_an_interruption() {
    let site = Site::new(world(5, 0.1)).await;
    let path = site.path("a.db");
    site.crawl(&path).await;
    let texts =
        "select (select count(*) from post_entities) + (select count(*) from comment_entities)
        + (select count(*) from reposts)";
    let (before, calls) = (number(&path, texts).await, site.sim.account().total.calls);
    // At the start, as a migration leaves it, and in the middle.
    for group in ["-1", "select max(kept_group) / 2 from calls"] {
        damage(&path, &unread_after(group)).await;
        let left = number(&path, texts).await;
        assert!(before > left + 20, "{before} rows of texts, {left} left");
        let report = examine(&path).await;
        assert!(report.is_unchecked(), "{}", report_text(&report));
        let store = Store::open(&path).await.expect("an archive");
        catch_up(&store).await.expect("the texts are read");
        assert_eq!(store.unread_replies().await.expect("a count"), 0);
        store.close().await.expect("a clean close");
        assert_eq!(number(&path, texts).await, before);
        let report = examine(&path).await;
        assert!(report.is_sound(), "{}", report_text(&report));
    }
    assert_eq!(site.sim.account().total.calls, calls);
}

/// Writes an archive of the current schema: `cargo test --test verify -- --ignored write_the_fixture`.
#[tokio::test]
#[ignore = "writes tests/fixtures/archives: cargo test --test verify -- --ignored write_the_fixture"]
async fn write_the_fixture_of_the_current_schema() {
    // Small, because each schema adds a file.
    let site = Site::new(Options {
        audience: 6,
        posts: 2,
        remixes: 8,
        followers: 3,
        comments: 2,
        feed: 4,
        leaderboard: 3,
        ..world(11, 0.05)
    })
    .await;
    let path = site.path("a.db");
    site.crawl(&path).await;
    let schema = number(&path, "pragma user_version").await;
    let target = fixture(schema);
    std::fs::create_dir_all(target.parent().expect("a folder")).expect("a folder");
    let _ = std::fs::remove_file(&target);
    damage(&path, &format!("vacuum into '{}'", target.display())).await;
}
