//! An export of a past state is what an export at that time was.

use std::collections::BTreeMap;
use std::path::Path;

use soracrawl::sim::{Options, Shape};

use crate::absent::{BEGIN, Growing};
use crate::command::{soracrawl, text};
use crate::site::world;

/// Columns without a history, or with times at which something was seen last.
const NOW_ONLY: [&str; 6] = [
    "permalink",
    "counted_at",
    "last_call_id",
    "last_seen_at",
    "last_observed_at",
    "updated_at",
];
/// When something ended.
const ENDS: [&str; 3] = ["tombstoned_at", "gone_at", "banned_at"];
/// A time between the first pass and the second.
const UNTIL: i64 = BEGIN + 3_600;
const TABLES: &str =
    "users,posts,comments,follows,appearances,remixes,user_observations,post_observations";

/// Exports tables and returns their rows by table, without the columns that have no past.
fn export(folder: &Path, into: &str, more: &[&str]) -> BTreeMap<String, Vec<Vec<String>>> {
    let arguments = [
        "export",
        "csv",
        "--archive",
        "a.db",
        "--licence",
        "none",
        "--tables",
        TABLES,
        "--into",
        into,
    ];
    let ended = soracrawl(folder, &[&arguments[..], more].concat());
    assert_eq!(ended.status.code(), Some(0), "{}", text(&ended.stderr));
    let read = |table: &str| {
        let path = folder.join(into).join(format!("{table}.csv"));
        let mut lines = csv::Reader::from_path(path).expect("a table");
        let names = lines.headers().expect("names").clone();
        let rows = lines.records().map(|row| {
            let row = row.expect("a row");
            let cells = names.iter().zip(row.iter());
            let past = cells.filter(|(name, _)| {
                let column = name.trim_end_matches("_unix");
                !NOW_ONLY.contains(&column) && (!ENDS.contains(&column) || name.ends_with("_unix"))
            });
            past.map(|(name, cell)| {
                // The simulator states some ends before they come.
                let is_end = ENDS.contains(&name.trim_end_matches("_unix"));
                let is_ahead = cell.parse::<f64>().is_ok_and(|at| at > UNTIL as f64);
                let cell = if is_end && is_ahead { "" } else { cell };
                format!("{name}={cell}")
            })
            .collect()
        });
        (table.to_owned(), rows.collect())
    };
    TABLES.split(',').map(read).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_as_of_a_time_is_the_export_that_was_made_then() {
    let growing = Growing::new(Options {
        growth: 4.0,
        shape: Shape::Wrapped,
        ..world(5, 0.0)
    })
    .await;
    growing.pass().await;
    let folder = growing.path.parent().expect("a folder").to_owned();
    let then = export(&folder, "then", &[]);
    for hours in [72, 25] {
        growing.advance(hours * 3_600);
        growing.pass().await;
    }
    let now = export(&folder, "now", &[]);
    let hour = jiff::Timestamp::from_second(UNTIL)
        .expect("a time")
        .to_string();
    let past = export(&folder, "past", &["--as-of", &hour]);
    for (table, rows) in &then {
        assert!(rows != &now[table], "{table} has not changed");
        let beyond = past[table].iter().find(|row| !rows.contains(row));
        let lacking = rows.iter().find(|row| !past[table].contains(row));
        assert_eq!((beyond, lacking), (None, None), "{table}");
        assert_eq!(rows.len(), past[table].len(), "{table}");
    }
    // Now: follows that ended are left out, and everybody has their new name.
    let far = export(&folder, "far", &["--as-of", "2100-01-01"]);
    assert!(far["follows"].len() < now["follows"].len());
    assert_eq!(far["users"], now["users"]);
    let asked = [
        "export",
        "csv",
        "--archive",
        "a.db",
        "--licence",
        "none",
        "--into",
        "no",
    ];
    let refused = [&asked[..], &["--as-of", &hour, "--tables", "completeness"]].concat();
    let refused = soracrawl(&folder, &refused);
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused.stderr));
    assert!(text(&refused.stderr).contains("no past"));
    let manifest = std::fs::read_to_string(folder.join("past/datapackage.json"));
    assert!(
        manifest
            .expect("a manifest")
            .contains("\"as_of\": \"2025-11-13T03:13:20")
    );
}
