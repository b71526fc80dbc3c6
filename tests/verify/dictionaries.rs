//! Archives whose raw replies are packed with dictionaries, and the reports of damaged dictionaries.

use std::path::PathBuf;

use soracrawl::sim::Options;
use soracrawl::store::{Requeue, Store};
use soracrawl::verify::Report;
use sqlx::{Connection, Row};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use zstd::zstd_safe::get_dict_id_from_frame;

use crate::site::{Site, broken, connect_unchecked, damage, examine, number, report_text, world};

/// The endpoint that has enough replies for a dictionary.
const TRAINED: &str = "get_comment_replies";

/// The checks that report replies whose dictionary is lost.
const LOST: [&str; 3] = ["dictionaries", "replies", "rows"];

/// The bytes of an archive of one crawl without and one with a dictionary, made once.
static PACKED: OnceCell<Vec<u8>> = OnceCell::const_new();

async fn packed() -> Vec<u8> {
    let site = Site::new(Options {
        exact: true,
        comments: 6,
        ..world(3, 0.05)
    })
    .await;
    let path = site.path("a.db");
    site.crawl(&path).await;
    let store = Store::open(&path).await.expect("the archive");
    let done = Requeue {
        from_head: false,
        endpoint: Some(TRAINED.to_owned()),
        state: Some("done".to_owned()),
        subject: None,
        reason: None,
        id: None,
        is_whole: false,
        newest_first: Vec::new(),
    };
    store.requeue(&done).await.expect("the jobs are requeued");
    store.close().await.expect("a clean close");
    site.crawl(&path).await;
    let trained = number(&path, "select count(*) from dictionaries").await;
    assert_eq!(trained, 1, "no dictionary of {TRAINED} was trained");
    std::fs::read(path).expect("the archive")
}

async fn copy() -> (TempDir, PathBuf) {
    let bytes = PACKED.get_or_init(packed).await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.db");
    std::fs::write(&path, bytes).expect("a copy");
    (folder, path)
}

/// Returns the failed checks, without `secrets`: that check also reads uncommitted replies, and reports the
/// unreadable ones.
fn named(report: &Report) -> Vec<&'static str> {
    let mut named = broken(report);
    named.remove("secrets");
    named.into_iter().collect()
}

async fn damaged(sql: &str) -> (TempDir, Report) {
    let (folder, path) = copy().await;
    damage(&path, sql).await;
    (folder, examine(&path).await)
}

#[tokio::test]
async fn an_archive_with_frames_from_before_and_after_training_is_sound() {
    let (_folder, path) = copy().await;
    let id = number(&path, "select id from dictionaries").await;
    let mut connection = connect_unchecked(&path).await;
    let rows = sqlx::query("select endpoint, body from calls where kept = 1")
        .fetch_all(&mut connection)
        .await
        .expect("calls");
    connection.close().await.expect("a clean close");
    let (mut with, mut without) = (0, 0);
    for row in &rows {
        let (endpoint, body): (String, Vec<u8>) = (row.get(0), row.get(1));
        match get_dict_id_from_frame(&body) {
            Some(named) => {
                assert_eq!((i64::from(named.get()), endpoint.as_str()), (id, TRAINED));
                with += 1;
            }
            None => without += 1,
        }
    }
    assert!(with >= 64 && without >= 64, "{with} and {without}");
    let report = examine(&path).await;
    assert!(report.is_sound(), "{}", report_text(&report));
}

#[tokio::test]
async fn a_missing_dictionary_is_reported_for_the_replies_that_need_it() {
    let (_folder, path) = copy().await;
    let id = number(&path, "select id from dictionaries").await;
    damage(&path, "delete from dictionaries").await;
    let report = examine(&path).await;
    let why = format!("needs dictionary {id}, which the archive does not have");
    assert!(
        report_text(&report).contains(&why),
        "{}",
        report_text(&report)
    );
    assert_eq!(named(&report), LOST[1..], "{}", report_text(&report));
}

#[tokio::test]
async fn each_damage_to_a_dictionary_is_reported() {
    let zeros = |from: &str, bytes: u32| {
        format!(
            "update dictionaries set dictionary = cast(substr(dictionary, 1, {from}) || zeroblob({bytes})
             || substr(dictionary, {from} + {bytes} + 1) as blob)"
        )
    };
    for (what, sql, checks, why) in [
        (
            "its second half",
            zeros("length(dictionary) / 2", 4000),
            &LOST[..],
            "does not match its checksum",
        ),
        ("its tables", zeros("8", 100), &LOST, "cannot be loaded"),
        ("its own number", zeros("4", 4), &LOST, "contains the id"),
        (
            "all of it",
            "update dictionaries set dictionary = x''".to_owned(),
            &LOST,
            "contains the id 0",
        ),
        (
            "its checksum",
            "update dictionaries set checksum = checksum + 1".to_owned(),
            &LOST[..1],
            "does not match its checksum",
        ),
    ] {
        let (_folder, report) = damaged(&sql).await;
        let report_text = report_text(&report);
        assert!(report_text.contains(why), "{what}: {report_text}");
        assert_eq!(named(&report), checks, "{what}: {report_text}");
    }
}

#[tokio::test]
async fn a_flipped_bit_in_a_dictionary_is_found_at_any_position() {
    let (_folder, path) = copy().await;
    let bytes = number(&path, "select length(dictionary) from dictionaries").await;
    for at in (1..=bytes).step_by(usize::try_from(bytes / 6).expect("a step")) {
        let byte = format!("substr(dictionary, {at}, 1)");
        let turned = format!("iif({byte} = x'ff', x'fe', x'ff')");
        let (_folder, report) = damaged(&format!(
            "update dictionaries set dictionary = cast(substr(dictionary, 1, {at} - 1) || {turned}
             || substr(dictionary, {at} + 1) as blob)"
        ))
        .await;
        assert!(broken(&report).contains("dictionaries"), "byte {at}");
    }
}
