//! An archive of an older version is copied once before its schema changes.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

use crate::support::Place;

const NO_REMOTE: &str = "http://127.0.0.1:1";

/// The oldest schema that this version migrates.
const OLD: i64 = 4;

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(format!("tests/fixtures/archives/schema-{OLD}.sqlite"))
}

/// Returns a place whose archive has an old schema.
fn old() -> Place {
    let place = Place::new(NO_REMOTE);
    restore(&place);
    place
}

fn restore(place: &Place) {
    for ending in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(place.file(&format!("a.db{ending}")));
    }
    std::fs::copy(fixture(), place.archive()).expect("an archive");
}

async fn open(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path).read_only(true);
    let opened = SqliteConnection::connect_with(&options).await;
    opened.expect("an archive")
}

async fn version(path: &Path) -> i64 {
    let mut connection = open(path).await;
    let version = sqlx::query_scalar("pragma user_version");
    version.fetch_one(&mut connection).await.expect("a number")
}

/// Returns every row of every table, as SQL would write its values.
async fn rows(path: &Path) -> Vec<String> {
    let mut connection = open(path).await;
    let tables: Vec<(String, String)> = sqlx::query_as(
        "select m.name, group_concat('quote(' || c.name || ')', '||'',''||')
         from sqlite_schema m, pragma_table_info(m.name) c where m.type = 'table' group by m.name order by m.name",
    )
    .fetch_all(&mut connection)
    .await
    .expect("tables");
    let mut all = Vec::new();
    for (table, values) in tables {
        let sql = format!("select '{table} ' || {values} from {table} order by 1");
        let mut found: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_all(&mut connection)
            .await
            .expect("rows");
        all.append(&mut found);
    }
    all
}

/// Returns the names of the copies beside the archive.
fn copies(place: &Place) -> Vec<String> {
    let names = std::fs::read_dir(place.file("")).expect("a folder");
    let names = names.map(|entry| entry.expect("an entry").file_name());
    let names = names.map(|name| name.into_string().expect("a name"));
    let mut names: Vec<String> = names.filter(|name| name.contains("before")).collect();
    names.sort();
    names
}

#[tokio::test]
async fn an_older_archive_is_copied_once_before_its_schema_changes() {
    let place = old();
    let ended = place.run(&["seed", "feed"]).await.with(0);
    let newest = version(&place.archive()).await;
    assert!(newest > OLD);
    let name = format!("a.db.before-{newest}.db");
    assert_eq!(copies(&place), [name.as_str()]);
    assert!(ended.err.contains(&name), "{}", ended.err);
    let copy = place.file(&name);
    assert_eq!(version(&copy).await, OLD);
    assert_eq!(rows(&copy).await, rows(&fixture()).await);
    let mode = copy.metadata().expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    place.run(&["seed", "leaderboard"]).await.with(0);
    assert_eq!(copies(&place), [name.as_str()], "it is up to date now");

    // As after a failed start: the same archive again, then one that the older version went on with.
    restore(&place);
    place.run(&["seed", "feed"]).await.with(0);
    assert_eq!(copies(&place), [name.as_str()], "the copy is there already");
    restore(&place);
    place.execute("update jobs set pages = pages + 1").await;
    place.run(&["seed", "feed"]).await.with(0);
    let second = format!("a.db.before-{newest}-2.db");
    assert_eq!(copies(&place), [second.as_str(), name.as_str()]);
    assert_eq!(rows(&copy).await, rows(&fixture()).await, "not replaced");
    assert_ne!(rows(&place.file(&second)).await, rows(&fixture()).await);
}

#[tokio::test]
async fn an_archive_that_cannot_be_copied_is_not_migrated_unless_nobody_wants_a_copy() {
    let place = old();
    let newest = {
        let other = Place::new(NO_REMOTE);
        other.run(&["seed", "feed"]).await.with(0);
        assert_eq!(copies(&other), [""; 0], "a new archive has nothing to copy");
        version(&other.archive()).await
    };
    let in_the_way = place.file(&format!("a.db.before-{newest}.db.soracrawl-partial"));
    std::fs::create_dir(&in_the_way).expect("a folder");
    let ended = place.run(&["seed", "feed"]).await.with(1);
    assert_eq!(ended.err.lines().count(), 1, "{}", ended.err);
    for part in ["older version", "is in the way", "--no-copy"] {
        assert!(ended.err.contains(part), "{part}: {}", ended.err);
    }
    assert_eq!(version(&place.archive()).await, OLD);
    place.run(&["seed", "feed", "--no-copy"]).await.with(0);
    assert_eq!(version(&place.archive()).await, newest);
    std::fs::remove_dir(&in_the_way).expect("an empty folder");
    assert_eq!(copies(&place), [""; 0]);
}

#[tokio::test]
async fn an_archive_without_calls_is_not_copied() {
    let place = old();
    place
        .execute("pragma foreign_keys = off; delete from calls")
        .await;
    place.run(&["seed", "feed"]).await.with(0);
    assert!(version(&place.archive()).await > OLD);
    assert_eq!(copies(&place), [""; 0]);
}

#[tokio::test]
async fn an_older_archive_can_be_backed_up_without_a_migration() {
    let place = old();
    let ended = place.run(&["backup", "b.db"]).await.with(0);
    assert!(ended.out.contains("older schema"), "{}", ended.out);
    assert_eq!(version(&place.archive()).await, OLD);
    assert_eq!(rows(&place.file("b.db")).await, rows(&fixture()).await);
}
