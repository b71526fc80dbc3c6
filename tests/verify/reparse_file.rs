//! `soracrawl reparse` and the file of the archive: its log, and others who have it open.

use soracrawl::replies::Purpose;
use soracrawl::store::Store;
use sqlx::Connection;

use crate::reparse::{reparsed, replaced};
use crate::site::{connect_unchecked, copy};

#[tokio::test]
async fn a_check_changes_no_byte_of_an_archive_that_was_not_closed() {
    let (folder, path) = copy().await;
    let mut connection = connect_unchecked(&path).await;
    sqlx::raw_sql("pragma journal_mode = wal; update posts set text = null")
        .execute(&mut connection)
        .await
        .expect("a change in the log");
    let left = folder.path().join("left");
    std::fs::create_dir(&left).expect("a folder");
    for name in ["a.db", "a.db-wal"] {
        std::fs::copy(folder.path().join(name), left.join(name)).expect("a copy");
    }
    connection.close().await.expect("a clean close");
    let path = left.join("a.db");
    let bytes = || ["a.db", "a.db-wal"].map(|name| std::fs::read(left.join(name)).expect("a file"));
    let before = bytes();
    assert!(before[1].len() > 4_096);
    let done = reparsed(&path, Purpose::Check).await.expect("a report");
    let posts = done.tables.iter().find(|it| it.table == "posts");
    assert!(posts.expect("a table").changed > 0, "what the log has");
    assert!(bytes() == before);
    replaced(&path).await;
    assert!(!left.join("a.db-wal").exists());
}

#[tokio::test]
async fn a_reader_does_not_keep_the_new_file_from_being_opened() {
    let (_folder, path) = copy().await;
    replaced(&path).await;
    let mut reader = connect_unchecked(&path).await;
    sqlx::raw_sql("begin; select * from users")
        .execute(&mut reader)
        .await
        .expect("rows");
    let store = Store::open(&path).await.expect("an open archive");
    store.close().await.expect("a clean close");
}
