//! `soracrawl export parquet` and `lake`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::Value;
use soracrawl::sim::Shape;
use soracrawl::store::read::EXPORT_TABLES;

use crate::support::{Site, small};

pub async fn crawled() -> Site {
    let site = Site::whole(small(Shape::Wrapped)).await;
    site.crawl().await.with(0);
    site
}

pub async fn lake(site: &Site, more: &[&str]) -> crate::program::Ended {
    let mut arguments = vec!["export", "lake", "--into", "lake", "--licence", "none"];
    arguments.extend(more);
    site.run(&arguments).await
}

/// The files below a folder, by their path in it.
pub fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            let inner = files(&path).into_iter();
            found.extend(inner.map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)));
        } else {
            found.insert(name, fs::read(&path).expect("a file"));
        }
    }
    found
}

/// Rows of Parquet as JSON, with times in microseconds.
pub fn rows(bytes: &[u8]) -> Vec<Value> {
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes.to_vec())).expect("Parquet");
    let rows = reader.get_row_iter(None).expect("rows");
    rows.map(|row| {
        let row = row.expect("a row");
        let fields = row.get_column_iter().map(|(name, field)| {
            let value = match field {
                parquet::record::Field::TimestampMicros(time) => (*time).into(),
                parquet::record::Field::Str(text) => text.as_str().into(),
                parquet::record::Field::Long(number) => (*number).into(),
                parquet::record::Field::Double(number) => (*number).into(),
                parquet::record::Field::Bool(flag) => (*flag).into(),
                _ => Value::Null,
            };
            (name.clone(), value)
        });
        Value::Object(fields.collect())
    })
    .collect()
}

/// Rows of JSON Lines as those of Parquet.
pub fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).expect("a file");
    text.lines()
        .map(|line| {
            let mut row: serde_json::Map<String, Value> =
                serde_json::from_str(line).expect("an object");
            let times: Vec<String> = row
                .keys()
                .filter_map(|it| it.strip_suffix("_unix"))
                .map(str::to_owned)
                .collect();
            for time in times {
                row.remove(&format!("{time}_unix"));
                let micros = row[&time].as_str().map(|it| {
                    let time: jiff::Timestamp = it.parse().expect("a time");
                    time.as_microsecond()
                });
                row.insert(time, micros.into());
            }
            Value::Object(row)
        })
        .collect()
}

fn sorted(mut rows: Vec<Value>) -> Vec<String> {
    let mut texts: Vec<String> = rows.drain(..).map(|row| row.to_string()).collect();
    texts.sort();
    texts
}

#[tokio::test]
async fn parquet_and_a_lake_have_the_rows_of_json_lines() {
    let site = crawled().await;
    // The last moment of a month.
    site.execute("update posts set posted_at = 1759276799.9996 where id = 1")
        .await;
    for format in ["jsonl", "parquet"] {
        site.run(&["export", format, "--into", format, "--licence", "none"])
            .await
            .with(0);
    }
    lake(&site, &[]).await.with(0);
    let lake = files(&site.file("lake"));
    let mut all = 0;
    for table in EXPORT_TABLES {
        let expected = lines(&site.file(&format!("jsonl/{}.jsonl", table.name)));
        let single = fs::read(site.file(&format!("parquet/{}.parquet", table.name)));
        let single = rows(&single.expect("a file"));
        assert_eq!(single.len(), expected.len(), "{}", table.name);
        for (one, other) in single.iter().zip(&expected) {
            assert_eq!(one, other, "{}", table.name);
        }
        let mut expected = expected;
        for row in &mut expected {
            let row = row.as_object_mut().expect("an object");
            // Each page that names a row again would change its file.
            row.retain(|name, _| name != "last_call_id" && name != "last_seen_at");
        }
        let mut parts = Vec::new();
        for (path, bytes) in &lake {
            let Some(rest) = path.strip_prefix(&format!("{}/", table.name)) else {
                continue;
            };
            let part = rows(bytes);
            match (table.month(), rest.split_once('/')) {
                (Some(key), Some((partition, _))) => {
                    let time = if key == "posted_month" {
                        "posted_at"
                    } else {
                        "observed_at"
                    };
                    let time = if table.name == "calls" {
                        "opened_at"
                    } else {
                        time
                    };
                    for row in &part {
                        let month = row[time].as_i64().map(|micros| {
                            let time = jiff::Timestamp::from_microsecond(micros).expect("a time");
                            time.strftime("%Y-%m").to_string()
                        });
                        let month = month.unwrap_or("__HIVE_DEFAULT_PARTITION__".to_owned());
                        assert_eq!(partition, format!("{key}={month}"), "{path}");
                    }
                }
                (None, None) => {}
                // An empty table has no months.
                (Some(_), None) => assert!(part.is_empty(), "{path}"),
                other => panic!("{path}: {other:?}"),
            }
            parts.extend(part);
        }
        assert_eq!(sorted(parts), sorted(expected.clone()), "{}", table.name);
        all += expected.len();
    }
    assert!(all > 500, "{all} rows");
    assert!(
        lake.keys()
            .all(|path| path.ends_with(".parquet") || !path.contains('/'))
    );
}

#[tokio::test]
async fn a_lake_rewrites_what_changed_and_nothing_else() {
    let site = crawled().await;
    lake(&site, &[]).await.with(0);
    let before = files(&site.file("lake"));
    let same = lake(&site, &[]).await;
    assert!(
        same.out.contains("0 files with 0 bytes changed, 0 removed"),
        "{}",
        same.out
    );
    same.with(0);
    assert!(
        files(&site.file("lake")) == before,
        "an export without a change changed files"
    );
    // A month without rows loses its folder, and a file of others stays.
    let months = site
        .texts("select distinct strftime('%Y-%m', posted_at, 'unixepoch') from posts order by 1")
        .await;
    let gone = &months[0];
    site.execute(&format!(
        "update posts set posted_at = null where strftime('%Y-%m', posted_at, 'unixepoch') = '{gone}'"
    ))
    .await;
    fs::write(site.file("lake/notes.txt"), "mine").expect("a file");
    // Files of others stay, and so does what is behind a link.
    fs::write(site.file("lake/users/mine.parquet"), "mine").expect("a file");
    fs::create_dir(site.file("elsewhere")).expect("a folder");
    fs::write(site.file("elsewhere/my.parquet"), "mine").expect("a file");
    std::os::unix::fs::symlink(site.file("elsewhere"), site.file("lake/posts/link"))
        .expect("a link");
    let damaged = before
        .keys()
        .find(|path| path.starts_with("users/"))
        .expect("a file");
    fs::write(site.file("lake").join(damaged), "damaged").expect("a file");
    fs::create_dir(site.file("lake/.staging")).expect("what a killed export left");
    lake(&site, &[]).await.with(0);
    assert!(site.file("elsewhere/my.parquet").exists());
    fs::remove_file(site.file("lake/users/mine.parquet")).expect("a file that stayed");
    fs::remove_file(site.file("lake/posts/link")).expect("a link that stayed");
    let after = files(&site.file("lake"));
    assert!(
        !site
            .file(&format!("lake/posts/posted_month={gone}"))
            .exists()
    );
    assert!(!site.file("lake/.staging").exists());
    assert!(
        after
            .keys()
            .any(|path| path.starts_with("posts/posted_month=__HIVE"))
    );
    assert_eq!(after["notes.txt"], b"mine");
    assert!(
        after[damaged] == before[damaged],
        "a damaged file stays damaged"
    );
    let calls: Vec<_> = before
        .keys()
        .filter(|path| path.starts_with("calls/"))
        .collect();
    assert!(calls.iter().all(|path| after[*path] == before[*path]));
    let list: Value = serde_json::from_slice(&after["_lake.json"]).expect("JSON");
    let listed = list["files"].as_object().expect("a list");
    assert_eq!(
        listed.len(),
        after
            .keys()
            .filter(|path| path.ends_with(".parquet"))
            .count()
    );
}
