//! `soracrawl import --dry-run` says what an import does, and writes nothing.

use std::collections::BTreeMap;
use std::path::Path;

use soracrawl::sim::Shape;

use crate::import::{NO_REMOTE, contents, crawled, exported, import};
use crate::support::Place;

/// Lines with replies that are new, known, the same twice, the same with other secrets, bad, or of others.
const MIXED: &str = r#"{"post":{"id":"s_1","text":"one"}}
{"post":{"id":"s_1","text":"one"}}
{"endpoint":"get_user_posts","params":{"user_id":"user-1"},"body":{"items":[],"request":{"headers":{"Cookie":"a"}}}}
{"endpoint":"get_user_posts","params":{"user_id":"user-1"},"body":{"items":[],"request":{"headers":{"Cookie":"b"}}}}
{"endpoint":"get_user_posts","params":{"user_id":"user-1"},"body":{"items":[],"request":"[removed]"}}
{"endpoint":"get_user_posts","params":{"user_id":"user-2"},"body":{"items":[]}}
{"endpoint":"get_user_posts","params":{"user_id":"user-2","cursor":"c"},"body":{"items":[]}}
{"items":[{"post":{"id":"s_1","text":"one"}},{"post":{"id":"s_4","text":"four"}},{"post":{"id":"s_4","text":"four"}}]}
{"endpoint":"search_users","params":{"username":"{x"},"body":{"items":[]}}
{"endpoint":"search_users","params":{"username":" {x"},"body":{"items":[]}}
{"endpoint":"get_user_posts","params":{"user_id":"user-1"},"body":{"code":402,"message":"no"}}
{"url":"https://analytics.example/collect","body":{"x":1}}
{"post":
"#;

/// The bytes of all archives in a folder and what is beside them.
fn bytes_of(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = std::fs::read_dir(folder).expect("a folder");
    let paths = files.map(|file| file.expect("a file").path());
    paths
        .filter(|path| path.is_file() && path.to_string_lossy().contains(".db"))
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy();
            let bytes = std::fs::read(&path).expect("bytes");
            (name.into_owned(), bytes)
        })
        // A reader of SQLite leaves an empty log, and its index.
        .filter(|(name, bytes)| {
            !(name.ends_with("-shm") || name.ends_with("-wal") && bytes.is_empty())
        })
        .collect()
}

/// Runs `--dry-run` and then the import. Returns what both say of the files.
async fn assert_same(place: &Place, archive: &str, files: &[&str]) -> serde_json::Value {
    let folder = place.file("");
    let before = bytes_of(&folder);
    let report = async |more: &[&str]| {
        let ended = import(place, archive, &[files, &["--json"], more].concat()).await;
        let mut json: serde_json::Value =
            serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("no JSON: {}", ended.err));
        (ended.code, json["files"].take())
    };
    let dry = report(&["--dry-run"]).await;
    let after = bytes_of(&folder);
    let names = |all: &BTreeMap<String, Vec<u8>>| all.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&after), names(&before), "{files:?}");
    assert!(after == before, "{files:?} wrote something");
    let real = report(&[]).await;
    assert_eq!(dry.0, real.0, "{files:?}");
    assert_eq!(dry.1, real.1, "{files:?}");
    contents(place, archive).await;
    real.1
}

fn sum(files: &serde_json::Value, of: impl Fn(&serde_json::Value) -> u64) -> u64 {
    files.as_array().expect("files").iter().map(of).sum()
}

fn new(files: &serde_json::Value) -> u64 {
    sum(files, |file| {
        let all = file["new"].as_object().expect("new").values();
        all.filter_map(serde_json::Value::as_u64).sum()
    })
}

fn known(files: &serde_json::Value) -> u64 {
    sum(files, |file| file["known"].as_u64().expect("a number"))
}

#[tokio::test]
async fn a_dry_run_says_what_the_import_does() {
    let place = Place::new(NO_REMOTE);
    std::fs::write(place.file("x.jsonl"), MIXED).expect("a file");
    let half: Vec<&str> = MIXED.lines().skip(1).step_by(2).collect();
    std::fs::write(place.file("half.jsonl"), half.join("\n")).expect("a file");
    // To no archive, to one with a part, and again.
    let first = assert_same(&place, "a.db", &["half.jsonl"]).await;
    assert_eq!(known(&first), 2, "{first}");
    let second = assert_same(&place, "a.db", &["x.jsonl"]).await;
    assert!(new(&second) == 1 && known(&second) > 3, "{second}");
    let third = assert_same(&place, "a.db", &["x.jsonl", "half.jsonl"]).await;
    assert_eq!(new(&third), 0, "{third}");
    // One file twice, and the same reply on lines of one group.
    let twice = assert_same(&place, "b.db", &["x.jsonl", "x.jsonl", "half.jsonl"]).await;
    assert_eq!((new(&twice), known(&twice) > 10), (6, true), "{twice}");
    let other = assert_same(&place, "c.db", &["a.db", "b.db", "x.jsonl"]).await;
    assert_eq!(new(&other), 6, "{other}");
}

#[tokio::test]
async fn a_dry_run_knows_what_was_bought_and_who_was_erased() {
    let site = crawled(Shape::Wrapped).await;
    let folder = exported(&site, "replies").await;
    let all = assert_same(&site, "a.db", &[&folder]).await;
    assert_eq!(new(&all), 0, "the archive has them");
    let person = site.person(&site.user(0)).await;
    site.erase(&person).await;
    let erased = assert_same(&site, "a.db", &[&folder]).await;
    let left_out = erased.to_string().matches("\"erased\"").count();
    assert!(left_out > 1, "{erased}");
    let own = assert_same(&site, "a.db", &[&folder, "a.db"]).await;
    assert_eq!(new(&own), 0, "{own}");
    // What the import cannot do, a dry run cannot do either.
    std::fs::rename(site.file("a.db.erase-key"), site.file("key")).expect("another name");
    for more in [&[][..], &["--dry-run"]] {
        let ended = import(&site, "a.db", &[&[&*folder], more].concat()).await;
        assert_ne!(ended.code, 0, "{more:?}");
        assert!(ended.err.contains("their key"), "{more:?}: {}", ended.err);
    }
}

#[tokio::test]
async fn a_reply_in_another_formatting_is_the_same_reply() {
    let place = Place::new(NO_REMOTE);
    let lines = [
        r#"{"post":{"id":"s_1","text":"é/"}}"#,
        r#"{"endpoint":"get_user_posts","params":{"user_id":"user-1"},"time":1760341362,"body":{"items":[{"post":{"id":"s_2","text":"x"}}],"cursor":"c"}}"#,
        r#"{"code":200,"router":"/api/v1/sora2/search_users","params":{"username":"{x"},"time_stamp":1760341362,"data":{"items":[]}}"#,
        r#"{"endpoint":"get_feed","time":1760341362,"body":"{\"items\":[{\"post\":{\"id\":\"s_3\",\"text\":\"x\"}}],\"cursor\":null}"}"#,
    ];
    let others = [
        "{\n  \"post\": {\n    \"text\": \"\\u00e9\\/\", \"id\": \"s_1\"\n  }\n}",
        r#"{"endpoint":"get_user_posts","params":{"user_id":"user-1"},"time":"2025-10-13T07:42:42Z","body":{ "cursor":"\u0063", "items":[{"post":{"text":"x","id":"s_2"}}]}}"#,
        r#"{"data":{"items":[ ]},"time_stamp":1760341362,"params":{"username":"{x"},"router":"/api/v1/sora2/search_users","code":200}"#,
        r#"{"endpoint":"get_feed","time":1760341362,"body":{"cursor": null,"items":[{"post":{"id":"s_3","text":"x"}}]}}"#,
    ];
    std::fs::write(place.file("x.jsonl"), lines.join("\n")).expect("a file");
    std::fs::write(place.file("y.jsonl"), others.join("\n")).expect("a file");
    let first = assert_same(&place, "a.db", &["x.jsonl"]).await;
    assert_eq!(new(&first), 4, "{first}");
    let second = assert_same(&place, "a.db", &["y.jsonl"]).await;
    assert_eq!((new(&second), known(&second)), (0, 4), "{second}");
    let both = assert_same(&place, "b.db", &["y.jsonl", "x.jsonl"]).await;
    assert_eq!((new(&both), known(&both)), (4, 4), "{both}");
    // Another time, and another value.
    let later = [
        others[1].replace(":42Z", ":43Z").replace("{ ", "{"),
        others[3].replace("s_3", "s_4"),
    ];
    std::fs::write(place.file("z.jsonl"), later.join("\n")).expect("a file");
    for archive in ["a.db", "b.db"] {
        let third = assert_same(&place, archive, &["z.jsonl"]).await;
        assert_eq!((new(&third), known(&third)), (2, 0), "{third}");
    }
}

#[tokio::test]
async fn a_bought_reply_in_another_formatting_is_known() {
    let site = crawled(Shape::Wrapped).await;
    let folder = exported(&site, "replies").await;
    let text = std::fs::read_to_string(format!("{folder}/replies.jsonl")).expect("lines");
    let pretty = |line: &str| {
        let json: serde_json::Value = serde_json::from_str(line).expect("JSON");
        format!("{json:#}\n")
    };
    let all: String = text.lines().map(pretty).collect();
    std::fs::write(site.file("pretty.json"), all).expect("a file");
    let again = assert_same(&site, "a.db", &["pretty.json"]).await;
    assert_eq!((new(&again), known(&again) > 10), (0, true), "{again}");
}
