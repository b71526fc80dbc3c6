//! An archive whose videos are on a host of the tests.

use std::path::Path;

use soracrawl::store::Store;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

/// Creates an archive with one video for each URL, on posts of their own.
pub async fn archive(path: &Path, urls: &[String]) {
    Store::open(path)
        .await
        .expect("an archive")
        .close()
        .await
        .expect("closed");
    let options = SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true);
    let mut connection = options.connect().await.expect("an archive");
    let text = "begin;
        insert into runs (id, kind, started_at, ended_at, end_reason, pid, version)
        values (1, 'run', 1, 2, 'idle', 1, '1');
        insert into calls (id, run_id, endpoint, subject, day, outcome, cost_micro_usd, opened_at, settled_at)
        values (1, 1, 'get_post_detail', 's_1', '2026-01-01', 'answered', 0, 1, 2);";
    sqlx::raw_sql(text)
        .execute(&mut connection)
        .await
        .expect("a call");
    for (at, url) in urls.iter().enumerate() {
        sqlx::query(
            "insert into posts (post_id, first_call_id, last_call_id) values ('s_' || ?1, 1, 1)",
        )
        .bind(at.to_string())
        .execute(&mut connection)
        .await
        .expect("a post");
        sqlx::query(
            "insert into attachments (attachment_id, post_id, source_url, first_call_id, last_call_id)
             select 'a_' || ?1, id, ?2, 1, 1 from posts where post_id = 's_' || ?1",
        )
        .bind(at.to_string())
        .bind(url)
        .execute(&mut connection)
        .await
        .expect("a video");
    }
    sqlx::raw_sql("commit")
        .execute(&mut connection)
        .await
        .expect("committed");
    connection.close().await.expect("closed");
}
