//! `soracrawl import`: what other tools stored becomes part of the archive, and is not bought.

use std::collections::BTreeSet;

use soracrawl::sim::Shape;

use crate::support::{Ended, PAGE, Place, Site, small};

pub const NO_REMOTE: &str = "http://127.0.0.1:1";

/// Returns what `verify` prints as the contents of a sound archive.
pub async fn contents(place: &Place, archive: &str) -> String {
    let ended = place.run(&["verify", "--archive", archive]).await.with(0);
    let line = ended
        .out
        .lines()
        .find_map(|line| line.strip_prefix("contents "));
    line.unwrap_or_else(|| panic!("no contents: {}", ended.out))
        .to_owned()
}

pub async fn import(place: &Place, archive: &str, more: &[&str]) -> Ended {
    place
        .run(&[&["import", "--archive", archive], more].concat())
        .await
}

#[tokio::test]
async fn an_archive_imports_into_another_one_once() {
    let site = Site::whole(small(Shape::Wrapped)).await;
    for seed in ["feed", "leaderboard"] {
        site.run(&["seed", seed]).await.with(0);
    }
    site.crawl().await.with(0);
    let mut other = Place::new(NO_REMOTE);
    other.unset("api.key");
    let source = site.archive();
    let source = source.to_str().expect("a path");
    import(&other, "b.db", &[source]).await.with(0);
    assert_eq!(
        contents(&other, "b.db").await,
        contents(&site, source).await
    );
    let again = import(&other, "b.db", &[source]).await.with(0);
    assert!(again.out.contains(": 0 replies imported"), "{}", again.out);
    assert_eq!(
        contents(&other, "b.db").await,
        contents(&site, source).await
    );
    let own = import(&site, source, &[source]).await.with(0);
    assert!(own.out.contains(": 0 replies imported"), "{}", own.out);
}

/// Crawls a whole world of this shape.
pub async fn crawled(shape: Shape) -> Site {
    let site = Site::whole(small(shape)).await;
    site.crawl().await.with(0);
    site
}

pub async fn exported(site: &Site, format: &str) -> String {
    let into = format!("of-{format}");
    let arguments = ["export", format, "--into", &into, "--licence", "none"];
    site.run(&arguments).await.with(0);
    site.file(&into).to_str().expect("a path").to_owned()
}

#[tokio::test]
async fn replies_go_through_warc_and_json_lines_and_come_back() {
    for shape in [Shape::Wrapped, Shape::Flat] {
        let site = crawled(shape).await;
        let expected = contents(&site, "a.db").await;
        for format in ["warc", "replies"] {
            let folder = exported(&site, format).await;
            let archive = format!("{format}.db");
            let imported = import(&site, &archive, &[&folder]).await.with(0);
            assert_eq!(contents(&site, &archive).await, expected, "{format}");
            assert!(!imported.out.contains("already"), "{}", imported.out);
            let again = import(&site, &archive, &[&folder]).await.with(0);
            assert!(again.out.contains(": 0 replies imported"), "{}", again.out);
        }
    }
}

/// What a request was: endpoint, subject and cursor.
const REQUESTS: &str = "select endpoint || ' ' || subject || ' ' || coalesce(cursor, '') from calls where kept = 1 and outcome = ";

async fn requests(site: &Site, outcome: &str) -> Vec<String> {
    let sql = format!("{REQUESTS}'{outcome}' order by 1");
    site.texts(&sql).await
}

#[tokio::test]
async fn a_crawl_takes_imported_pages_instead_of_buying_them() {
    let whole = crawled(Shape::Wrapped).await;
    let expected = contents(&whole, "a.db").await;
    let pages = whole.bill() / PAGE;
    let folder = exported(&whole, "replies").await;
    let lines = std::fs::read_to_string(format!("{folder}/replies.jsonl")).expect("lines");
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(lines.len() as u64, pages);
    for (every, offset) in [(2, 0), (2, 1), (3, 1)] {
        let mut site = Site::whole(small(Shape::Wrapped)).await;
        let half = format!("{:.2}", pages as f64 / 2.0 * 0.05);
        site.set("budget.total_usd", &half);
        site.crawl().await.with(4);
        let bought = requests(&site, "answered").await;
        let some: Vec<&str> = lines.iter().skip(offset).step_by(every).copied().collect();
        std::fs::write(site.file("some.jsonl"), some.join("\n")).expect("a file");
        let imported = import(&site, "a.db", &["some.jsonl"]).await.with(0);
        assert!(
            imported.out.contains("of jobs came from imported replies"),
            "{}",
            imported.out
        );
        contents(&site, "a.db").await;
        site.unset("budget.total_usd");
        site.crawl().await.with(0);
        assert_eq!(contents(&site, "a.db").await, expected);
        let imported = requests(&site, "imported").await;
        let answered = requests(&site, "answered").await;
        assert_eq!(answered.len() as u64 * PAGE, site.bill());
        let twice: Vec<&String> = answered
            .iter()
            .filter(|it| imported.contains(it) && !bought.contains(it))
            .collect();
        assert_eq!(twice, Vec::<&String>::new(), "imported and bought");
        let useful: BTreeSet<&String> = imported.iter().filter(|it| !bought.contains(it)).collect();
        assert_eq!(site.bill() / PAGE + useful.len() as u64, pages);
        assert!(useful.len() > 5, "{useful:?}");
    }
}

#[tokio::test]
async fn every_reply_of_an_older_archive_is_imported() {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/archives");
    let mut archives: Vec<_> = std::fs::read_dir(fixtures)
        .expect("fixtures")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    archives.sort();
    assert!(archives.len() > 7, "{archives:?}");
    let mut place = Place::new(NO_REMOTE);
    place.unset("archive.path");
    for (number, source) in archives.iter().enumerate() {
        // Opening a file in WAL mode writes beside it.
        let copy = place.file(&format!("old-{number}.db"));
        std::fs::copy(source, &copy).expect("a copy");
        let before = std::fs::read(&copy).expect("bytes");
        let archive = format!("new-{number}.db");
        let copy = copy.to_str().expect("a path");
        let imported = import(&place, &archive, &[copy]).await.with(0);
        assert!(
            !imported.out.contains(": 0 replies"),
            "{source:?}: {}",
            imported.out
        );
        assert!(imported.err.is_empty(), "{source:?}: {}", imported.err);
        assert_eq!(
            std::fs::read(copy).expect("bytes"),
            before,
            "{source:?} was changed"
        );
        contents(&place, &archive).await;
    }
}
