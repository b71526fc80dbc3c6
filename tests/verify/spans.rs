//! Walks that went on after earlier passes: sound ones, and every damage to what is known of the passes.

use std::path::{Path, PathBuf};

use soracrawl::api::endpoints;
use soracrawl::model::{Budget, MicroUsd};
use soracrawl::sim::Options;
use soracrawl::store::{NewRefresh, Requeue, Store};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::site::{
    Site, broken, damage, examine, examine_within, number, report_text, text, world,
};

/// An archive whose walks of posts met an open span and one that reached the end, made once.
static WALKED: OnceCell<Vec<u8>> = OnceCell::const_new();
/// The first walk of posts.
const JOB: &str = "(select min(job_id) from spans)";
/// Its span that a later pass met before the end of the list, and the one that reached the end.
const MIDDLE: &str =
    "(select min(id) from spans where state = 'met' and reached_end = 0 and job_id = JOB)";
const END: &str =
    "(select min(id) from spans where state = 'met' and reached_end = 1 and job_id = JOB)";

async fn walked() -> Vec<u8> {
    let mut site = Site::new(Options {
        exact: true,
        posts: 12,
        page_size_posts: 3,
        comments: 0,
        followers: 0,
        ..world(4, 0.0)
    })
    .await;
    let path = site.path("a.db");
    let from_head = Requeue {
        endpoint: Some("get_user_posts".to_owned()),
        from_head: true,
        newest_first: endpoints::newest_first(),
        ..Requeue::default()
    };
    site.config.refresh.usd_per_day = Some(MicroUsd(1_000_000));
    site.config.crawl.max_pages.posts = Some(3);
    site.crawl(&path).await;
    for cap in [Some(4), None, None] {
        let store = Store::open(&path).await.expect("the archive");
        match (cap, site.config.crawl.max_pages.posts) {
            (Some(_), _) => assert!(store.requeue(&from_head).await.expect("a requeue") > 0),
            (None, Some(_)) => {}
            (None, None) => refresh(&store, &path).await,
        }
        store.close().await.expect("a clean close");
        site.config.crawl.max_pages.posts = cap;
        site.crawl(&path).await;
    }
    std::fs::read(path).expect("the archive")
}

/// Begins a refresh of each walk of posts.
async fn refresh(store: &Store, path: &Path) {
    let jobs = "select group_concat(id) from jobs where endpoint = 'get_user_posts'";
    let jobs = text(path, jobs).await;
    let refreshes: Vec<NewRefresh> = jobs
        .split(',')
        .map(|id| NewRefresh {
            job_id: id.parse().expect("an id"),
            why: "12 posts are expected".to_owned(),
            expected: MicroUsd(50_000),
        })
        .collect();
    let newest_first = endpoints::newest_first();
    let begun = store.begin_refreshes(&refreshes, &newest_first, 1.0);
    assert_eq!(begun.await.expect("refreshes"), refreshes.len() as u64);
}

async fn copy() -> (TempDir, PathBuf) {
    let bytes = WALKED.get_or_init(walked).await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.db");
    std::fs::write(&path, bytes).expect("a copy");
    (folder, path)
}

#[tokio::test]
async fn walks_that_went_on_after_earlier_passes_are_sound() {
    let (_folder, path) = copy().await;
    let report = examine(&path).await;
    assert!(report.is_sound(), "{}", report_text(&report));
    for (state, reached_end) in [("met", 0), ("met", 1)] {
        let sql = format!(
            "select count(*) from spans where state = '{state}' and reached_end = {reached_end}"
        );
        assert!(number(&path, &sql).await > 0, "{state} {reached_end}");
    }
}

#[tokio::test]
async fn every_damage_to_a_span_is_reported() {
    let other = "(select max(id) from calls where kept = 1 and endpoint = 'get_feed')";
    let last = "(select max(id) from calls where kept = 1 and job_id = JOB)";
    let lines = [
        ("spans", format!("update spans set first_call_id = {other} where id = END"), "does not begin and end with a committed call"),
        ("spans", format!("update spans set last_call_id = {last} where id = END"), "belongs to the current pass"),
        ("spans", "update spans set joined_by_call_id = first_call_id where id = MIDDLE".to_owned(), "no later committed call"),
        ("spans", "update spans set pages = pages + 1 where id = END".to_owned(), "pages, but its calls"),
        ("spans", "update spans set pages = pages - 1 where id = MIDDLE".to_owned(), "pages, but its calls"),
        ("spans", "update spans set tail_cursor = 'x' where id = MIDDLE".to_owned(), "a tail cursor that its last page did not lead to"),
        ("chain", "update spans set tail_cursor = 'x' where id = MIDDLE".to_owned(), "did not return"),
        ("chain", "delete from spans where id = MIDDLE".to_owned(), "did not return"),
        ("spans", "update spans set first_call_id = (select first_call_id from spans where id = MIDDLE) where id = END".to_owned(),
            "begins before the one before it ends"),
        ("spans", "update spans set reached_end = 1, joined_by_call_id = (select joined_by_call_id from spans where id = END) where id = MIDDLE;
            update spans set reached_end = 0, tail_cursor = 'x', joined_by_call_id = (select last_call_id from spans where id = MIDDLE),
                last_call_id = first_call_id where id = END".to_owned(), "did not lead to"),
        ("cursor", "update spans set reached_end = 0 where id = END".to_owned(), "is not at the end"),
        ("meetings", "update calls set item_hashes = zeroblob(length(item_hashes)) where id = (select joined_by_call_id from spans where id = END)".to_owned(),
            "had not met span"),
        ("meetings", "update spans set joined_by_call_id = (select min(id) from calls where kept = 1 and job_id = spans.job_id
            and id > spans.last_call_id) where id = MIDDLE".to_owned(), "had not met span"),
        ("spend", "update spend set micro_usd = micro_usd + 1 where scope = 'refresh'".to_owned(), "refresh 2"),
        ("spend", "update calls set refreshes = 0".to_owned(), "refresh 2"),
        ("ends", "update spans set reached_end = 1, tail_cursor = null where id = MIDDLE".to_owned(), "is complete, but its last page"),
    ];
    let mut wrong = Vec::new();
    for (check, sql, sentence) in lines {
        let (_folder, path) = copy().await;
        let sql = sql.replace("MIDDLE", MIDDLE).replace("END", END);
        damage(&path, &sql.replace("JOB", JOB)).await;
        let report = examine(&path).await;
        let finding = report.findings.iter().find(|it| it.check.check == check);
        let said = finding.is_some_and(|it| it.examples.iter().any(|it| it.contains(sentence)));
        if !said {
            wrong.push(format!(
                "{check}: {sql}: no {sentence:?}: {:?} in\n{}",
                broken(&report),
                report_text(&report)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn the_budget_of_refreshes_is_checked_by_day() {
    let (_folder, path) = copy().await;
    let most = number(
        &path,
        "select max(micro_usd) from spend where scope = 'refresh'",
    )
    .await;
    assert!(most > 0);
    for (limit, is_sound) in [(most, true), (most - 1, false)] {
        let budget = Budget {
            refresh: Some(MicroUsd(limit)),
            ..Budget::default()
        };
        let report = examine_within(&path, &budget).await;
        assert_eq!(report.is_sound(), is_sound, "{}", report_text(&report));
    }
}
