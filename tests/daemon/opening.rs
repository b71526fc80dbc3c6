//! Missing and foreign archives: one sentence names the file and the cause.

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, Executor};

use crate::support::Place;

const NO_REMOTE: &str = "http://127.0.0.1:1";

async fn change(place: &Place, sql: &'static str) {
    let mut connection: SqliteConnection = SqliteConnectOptions::new()
        .filename(place.archive())
        .connect()
        .await
        .expect("an archive");
    connection.execute(sql).await.expect("valid SQL");
    connection.close().await.expect("a clean close");
}

#[tokio::test]
async fn a_missing_archive_is_an_error_that_says_how_to_create_one() {
    let place = Place::new(NO_REMOTE);
    for command in [
        &["status"][..],
        &["status", "--check"],
        &["jobs"],
        &["jobs", "requeue"],
        &["estimate"],
    ] {
        let ended = place.run(command).await.with(1);
        let wanted = format!(
            "error: the archive {} does not exist. Create it with `soracrawl seed` or `soracrawl run`\n",
            place.archive().display()
        );
        assert_eq!(ended.err, wanted, "{command:?}");
        assert!(!place.archive().exists(), "{command:?}");
    }
}

#[tokio::test]
async fn an_archive_of_another_version_is_reported_once() {
    for change_of_version in [
        "update _sqlx_migrations set checksum = x'00'",
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time) values (99, 'x', 1, x'00', 1)",
    ] {
        let place = Place::new(NO_REMOTE);
        place.run(&["seed", "feed"]).await.with(0);
        change(&place, change_of_version).await;
        for command in [
            &["seed", "feed"][..],
            &["jobs", "requeue", "--state", "failed"],
        ] {
            let ended = place.run(command).await.with(1);
            let wanted = format!(
                "error: {} was written by another version of soracrawl\n",
                place.archive().display()
            );
            assert_eq!(ended.err, wanted, "{command:?}");
        }
    }
}

#[tokio::test]
async fn a_defective_file_is_reported_once() {
    let place = Place::new(NO_REMOTE);
    std::fs::write(place.archive(), "no database, whatever its name says").expect("a file");
    for command in [&["seed", "feed"][..], &["status"]] {
        let ended = place.run(command).await.with(1);
        let name = place.archive().display().to_string();
        for once in [name.as_str(), "file is not a database"] {
            assert_eq!(
                ended.err.matches(once).count(),
                1,
                "{command:?}: {}",
                ended.err
            );
        }
    }
    let place = Place::new(NO_REMOTE);
    place.run(&["seed", "feed"]).await.with(0);
    change(&place, "drop table job_counts").await;
    let ended = place.run(&["status"]).await.with(1);
    assert_eq!(
        ended.err.matches("no such table").count(),
        1,
        "{}",
        ended.err
    );
}
