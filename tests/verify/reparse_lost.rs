//! `soracrawl reparse` after raw replies were removed: nothing that the archive noted is lost or changed.

use std::path::Path;

use soracrawl::sim::{Options, Shape};

use crate::absent::Growing;
use crate::reparse::{reparsed, replaced};
use crate::site::{damage, examine, number, report_text, world};
use soracrawl::replies::Purpose;

/// Removes the raw replies of the kept calls that meet a condition.
async fn remove(path: &Path, condition: &str) {
    damage(
        path,
        &format!(
            "update calls set body = null, redacted_at = settled_at where kept and body is not null and {condition}"
        ),
    )
    .await;
}

async fn grown(seed: u64) -> Growing {
    let growing = Growing::new(Options {
        growth: 4.0,
        shape: Shape::Wrapped,
        ..world(seed, 0.0)
    })
    .await;
    growing.pass().await;
    for hours in [30, 72, 25] {
        growing.advance(hours * 3_600);
        growing.pass().await;
    }
    growing
}

#[tokio::test(flavor = "multi_thread")]
async fn any_removed_replies_leave_rows_histories_and_first_calls_as_they_were() {
    let growing = grown(5).await;
    let bytes = std::fs::read(&growing.path).expect("the archive");
    for table in ["user_names", "user_stats", "post_stats", "post_entities"] {
        let rows = number(&growing.path, &format!("select count(*) from {table}")).await;
        assert!(rows > 5, "{table} has {rows} rows");
    }
    let later = "exists (select 1 from user_stats where call_id = calls.id)";
    let half = "id > (select max(id) / 2 from calls)";
    let conditions = [
        "true".to_owned(),
        "id < (select max(id) / 2 from calls)".to_owned(),
        "id < (select max(id) / 5 from calls)".to_owned(),
        "id < (select max(id) * 4 / 5 from calls)".to_owned(),
        "id < (select max(id) from calls where kept)".to_owned(),
        half.to_owned(),
        format!("{half} and {later}"),
        "id % 2 = 0".to_owned(),
        "id % 3 = 1".to_owned(),
        "id % 7 < 3".to_owned(),
        "id * 2654435761 % 97 < 30".to_owned(),
        "id * 40503 % 89 < 60".to_owned(),
        "id * 7919 % 83 < 40".to_owned(),
        "id * 104729 % 79 < 20".to_owned(),
        "id * 1299709 % 73 < 70".to_owned(),
    ];
    let path = growing.path.with_file_name("copy.db");
    for condition in conditions {
        std::fs::write(&path, &bytes).expect("a copy");
        remove(&path, &condition).await;
        let done = replaced(&path).await;
        let changed: Vec<_> = done.tables.iter().filter(|it| it.is_any()).collect();
        assert!(changed.is_empty(), "{condition}: {changed:#?}");
        assert!(done.removed > 5, "{condition}: {done:?}");
        // The program itself removes the oldest replies.
        if condition.starts_with("true") || condition.starts_with("id <") {
            let report = examine(&path).await;
            assert!(report.is_sound(), "{condition}: {}", report_text(&report));
        }
        let again = reparsed(&path, Purpose::Check).await.expect("a check");
        assert!(!again.is_changed(), "{condition}: {again:?}");
    }
}
