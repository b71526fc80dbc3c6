//! Captures and archives that are damaged, odd or hostile, through the whole program.

use soracrawl::sim::Shape;

use crate::import::{NO_REMOTE, contents, crawled, exported, import};
use crate::support::Place;

pub async fn execute(path: &std::path::Path, sql: &'static str) {
    use sqlx::Connection;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let mut connection = sqlx::SqliteConnection::connect_with(&options)
        .await
        .expect("a database");
    sqlx::raw_sql(sql)
        .execute(&mut connection)
        .await
        .expect("a statement");
    connection.close().await.expect("closed");
}

/// Makes the ledger of an archive one without types and checks.
const LOOSE: &str = "pragma foreign_keys = off;
    create table loose as select * from calls;
    pragma legacy_alter_table = on;
    drop view if exists x;
    alter table calls rename to strict_calls;
    create table calls (id integer primary key, endpoint, subject, cursor, kept, kept_group, settled_at, request_id, body);
    insert into calls select id, endpoint, subject, cursor, kept, kept_group, settled_at, request_id, body from loose;
    alter table dictionaries rename to strict_dictionaries;
    create table dictionaries (id integer primary key, endpoint, made_at, replies, checksum, dictionary);";

#[tokio::test]
async fn an_odd_row_of_another_archive_loses_only_itself() {
    let site = crawled(Shape::Wrapped).await;
    let count = "select count(*) from calls where kept = 1";
    let kept = site.number(count).await;
    assert!(kept > 10, "{kept}");
    let copy = site.file("copy.db");
    let backup = ["backup", copy.to_str().expect("a path")];
    site.run(&backup).await.with(0);
    execute(&copy, LOOSE).await;
    let third = "update calls set VALUE where id = (select id from calls where kept = 1 order by kept_group, id limit 1 offset 2)";
    let mut first = true;
    for (value, lost) in [
        ("settled_at = 'x'", 1),
        ("settled_at = null", 1),
        ("subject = x'00ff'", 1),
        ("subject = null", 1),
        ("subject = cast(zeroblob(200000) as text)", 1),
        ("cursor = 7.5", 1),
        ("request_id = zeroblob(9)", 1),
        ("endpoint = 3", 1),
        ("body = 'text'", 1),
        ("body = zeroblob(50000000)", 1),
        ("kept_group = null", 0),
        ("kept_group = 'x'", 0),
        ("kept_group = 1.5", 0),
    ] {
        let odd = site.file("odd.db");
        std::fs::copy(&copy, &odd).expect("a copy");
        let sql = third.replace("VALUE", value);
        execute(&odd, Box::leak(sql.into_boxed_str())).await;
        let dry = ["odd.db", "--dry-run"];
        let place = Place::new(NO_REMOTE);
        let odd = odd.to_str().expect("a path");
        let ended = import(&place, "b.db", &[odd, dry[1]]).await;
        let ended = ended.with(if lost > 0 { 3 } else { 0 });
        let expected = format!("{} replies would be imported", kept - lost);
        assert!(
            ended.out.contains(&expected),
            "{value}: {} {}",
            ended.out,
            ended.err
        );
        if lost > 0 {
            assert!(
                ended.err.contains("odd.db, call "),
                "{value}: {}",
                ended.err
            );
        }
        if std::mem::take(&mut first) {
            import(&place, "b.db", &[odd]).await.with(3);
            contents(&place, "b.db").await;
        }
    }
    let odd = site.file("odd.db");
    std::fs::copy(&copy, &odd).expect("a copy");
    execute(
        &odd,
        "insert into dictionaries values (7, 'x', 1.0, 1, 1, zeroblob(90000000)), (8, null, 'x', 1, 1, x'00')",
    )
    .await;
    let place = Place::new(NO_REMOTE);
    let odd = odd.to_str().expect("a path");
    let ended = import(&place, "b.db", &[odd]).await.with(3);
    for number in [7, 8] {
        let named = format!("dictionary {number} cannot be read");
        assert!(ended.err.contains(&named), "{}", ended.err);
    }
    let all = format!("{kept} replies imported");
    assert!(ended.out.contains(&all), "{}", ended.out);
}

#[tokio::test]
async fn a_name_without_end_is_named_and_not_kept() {
    let place = Place::new(NO_REMOTE);
    let long = "x".repeat(5_000);
    let line = |subject: &str, cursor: &str, id: &str| {
        format!(
            r#"{{"endpoint":"get_user_posts","params":{{"user_id":"{subject}","cursor":"{cursor}"}},"request_id":"{id}","body":{{"items":[]}}}}"#
        )
    };
    let lines = [
        line(&long, "c", "r"),
        line("user-1", &long, "r"),
        line("user-1", "c", &long),
        line("user-1", "c", "r"),
    ];
    std::fs::write(place.file("x.jsonl"), lines.join("\n")).expect("a file");
    let ended = import(&place, "a.db", &["x.jsonl"]).await.with(3);
    assert!(ended.out.contains("1 reply imported"), "{}", ended.out);
    for (number, what) in ["subject", "cursor", "request id"].iter().enumerate() {
        let named = format!(
            "line {}: its {what} has 5000 bytes, more than 4096",
            number + 1
        );
        assert!(ended.err.contains(&named), "{}", ended.err);
    }
}

#[tokio::test]
async fn a_time_that_cannot_be_read_is_not_that_of_the_file_but_what_the_user_says() {
    let place = Place::new(NO_REMOTE);
    let reply = r#"{"code":200,"router":"/api/v1/sora2/get_feed","time_stamp":"13/10/2025","data":{"items":[{"post":{"id":"s_1"}}]}}"#;
    let line = format!(r#"{{"http_status":200,"body":{reply}}}"#);
    std::fs::write(place.file("x.jsonl"), line).expect("a file");
    let ended = import(&place, "a.db", &["x.jsonl"]).await.with(3);
    let why = "line 1: its time `13/10/2025` in `time_stamp` cannot be read";
    assert!(ended.err.contains(why), "{}", ended.err);
    assert!(ended.err.contains("--time WHEN"), "{}", ended.err);
    let with = ["x.jsonl", "--time", "2025-10-13T07:42:42Z"];
    import(&place, "a.db", &with).await.with(0);
    let times = "select cast(cast(settled_at as integer) as text) from calls";
    assert_eq!(place.texts(times).await, ["1760341362"]);
}

#[cfg(unix)]
#[tokio::test]
async fn what_a_file_says_does_not_turn_the_text_of_a_terminal() {
    let place = Place::new(NO_REMOTE);
    let turned = "\u{202e}gnp.\u{2066}\u{200f}\u{9b}31m";
    let line = format!(r#"{{"endpoint":"get_feed","time":"{turned}","body":{{"items":[]}}}}"#);
    std::fs::write(place.file("x.jsonl"), line).expect("a file");
    let orders = ["\u{202e}", "\u{2066}", "\u{200f}", "\u{9b}"];
    let ended = import(&place, "a.db", &["x.jsonl"]).await.with(3);
    assert!(ended.err.contains("its time ` gnp."), "{}", ended.err);
    assert!(
        !orders.iter().any(|it| ended.err.contains(it)),
        "{}",
        ended.err
    );
    let ended = import(&place, "a.db", &["x.jsonl", "--json"]).await.with(3);
    assert!(
        !orders.iter().any(|it| ended.out.contains(it)),
        "{}",
        ended.out
    );
    let reason = ended.json()["files"][0]["not_imported"][0]["reason"].to_string();
    assert!(reason.contains(turned), "it is escaped and whole: {reason}");
}

#[tokio::test]
async fn a_million_bad_lines_are_counted_and_not_all_named() {
    let place = Place::new(NO_REMOTE);
    std::fs::write(place.file("x.jsonl"), "{\n".repeat(5_000)).expect("a file");
    let ended = import(&place, "a.db", &["x.jsonl"]).await.with(3);
    assert!(
        ended
            .err
            .contains("4980 more of x.jsonl; --json names the first 100"),
        "{}",
        ended.err
    );
    let ended = import(&place, "a.db", &["x.jsonl", "--json"]).await.with(3);
    let json: serde_json::Value = serde_json::from_str(&ended.out).expect("JSON");
    let file = &json["files"][0];
    assert_eq!(file["not_imported"].as_array().map(Vec::len), Some(100));
    assert_eq!(file["not_imported_more"], 4_900);
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_counts_what_it_does_not_read_and_goes_on_after_what_it_cannot() {
    let site = crawled(Shape::Wrapped).await;
    let folder = exported(&site, "replies").await;
    let kept = site
        .number("select count(*) from calls where kept = 1")
        .await;
    let at = |name: &str| std::path::Path::new(&folder).join(name);
    std::fs::write(at("video.mp4"), "x").expect("a file");
    std::fs::write(at("other.db.gz"), gzip(b"SQLite format 3\0")).expect("a file");
    std::fs::create_dir_all(at("real")).expect("a folder");
    std::os::unix::fs::symlink(at("real"), at("link")).expect("a link");
    let ended = import(&site, "b.db", &[&folder]).await.with(3);
    assert!(
        ended.out.contains(&format!("{kept} replies imported")),
        "{}",
        ended.out
    );
    assert!(
        ended.out.contains("(not named as a capture)"),
        "{}",
        ended.out
    );
    assert!(ended.err.contains("Decompress it first"), "{}", ended.err);
    assert!(
        ended.err.contains("a symbolic link is not followed"),
        "{}",
        ended.err
    );
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("bytes");
    encoder.finish().expect("bytes")
}

#[tokio::test]
async fn a_dry_run_into_an_older_archive_says_what_it_cannot_know() {
    let place = Place::new(NO_REMOTE);
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/archives");
    let mut archives: Vec<_> = std::fs::read_dir(fixtures)
        .expect("fixtures")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    archives.sort();
    std::fs::copy(&archives[0], place.file("old.db")).expect("a copy");
    std::fs::write(
        place.file("x.json"),
        r#"{"post":{"id":"s_1","text":"one"}}"#,
    )
    .expect("a file");
    let ended = import(&place, "old.db", &["x.json", "--dry-run"])
        .await
        .with(0);
    assert!(
        ended.out.contains("1 reply would be imported"),
        "{}",
        ended.out
    );
    assert!(
        ended.err.contains("an older version of soracrawl"),
        "{}",
        ended.err
    );
}
