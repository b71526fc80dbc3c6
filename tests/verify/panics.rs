//! A parser that panics fails one reply and no task, wherever replies are read.

use soracrawl::api::endpoints;
use soracrawl::clock::Clock;
use soracrawl::crawl::StopCause;
use soracrawl::daemon::{self, Archive, ByHand, Signals};
use soracrawl::model::{Budget, ItemHash};
use soracrawl::replies::Reader;
use soracrawl::store::RunKind;
use soracrawl::verify::verify;

use crate::site::{Site, broken, copy, key, number, report_text, world};

const WHY: &str = "the parser panicked";

fn panicking() -> Reader {
    Reader::new(|_, _, _| panic!("a defect in a parser"))
}

#[tokio::test]
async fn a_worker_keeps_the_raw_reply_and_ends_the_job() {
    let mut site = Site::new(world(1, 0.0)).await;
    site.reader = panicking();
    site.config.limits.max_attempts = 1;
    let path = site.path("a.db");
    site.crawl(&path).await;
    let count = async |sql: &str| number(&path, sql).await;
    let named =
        format!("select count(*) from jobs where state = 'failed' and last_error like '%{WHY}%'");
    assert!(count(&named).await > 0, "no job names the panic");
    assert_eq!(
        count("select count(*) from jobs where state <> 'failed'").await,
        0
    );
    let raw = count(
        "select count(*) from calls where http_status = 200 and job_id is not null and body is null",
    );
    assert_eq!(raw.await, 0, "every paid reply has its raw bytes");
}

#[tokio::test]
async fn upkeep_replans_the_other_replies_and_the_run_ends() {
    let mut site = Site::new(world(1, 0.0)).await;
    site.config.crawl.comments = false;
    let path = site.path("a.db");
    site.crawl(&path).await;
    let jobs = number(&path, "select count(*) from jobs").await;
    site.config.crawl.comments = true;
    site.reader = panicking();
    let archive = site.begin(&path).await;
    let marked = number(&path, "select count(*) from jobs where replan = 1").await;
    assert!(marked > 0, "the changed plan marks no job");
    assert_eq!(site.work(&archive).await, StopCause::Idle);
    archive.close("idle", None).await.expect("the run ends");
    assert_eq!(
        number(&path, "select count(*) from jobs where replan = 1").await,
        0
    );
    let seeds = number(
        &path,
        "select count(*) from jobs where depth = 0 and parent_job_id is null",
    )
    .await;
    assert!(jobs <= number(&path, "select count(*) from jobs").await && seeds > 0);
}

#[tokio::test]
async fn verify_reports_every_reply_that_cannot_be_read() {
    let (_folder, path) = copy().await;
    let scrubber = soracrawl::api::Scrubber::new(&key());
    let report = verify(
        &path,
        &Budget::default(),
        &scrubber,
        panicking(),
        &ItemHash::default(),
    )
    .await
    .expect("the file exists");
    assert!(broken(&report).contains("replies"));
    assert!(
        report_text(&report).contains(WHY),
        "{}",
        report_text(&report)
    );
    let replies = report
        .findings
        .iter()
        .find(|finding| finding.check.check == "replies");
    assert_eq!(
        replies.map(|finding| finding.breaches),
        Some(report.replies)
    );
}

#[tokio::test]
async fn a_call_by_hand_reports_the_panic_and_keeps_the_raw_reply() {
    let site = Site::new(world(1, 0.0)).await;
    let path = site.path("a.db");
    let archive = Archive::open(&path, RunKind::Call, Clock::real())
        .await
        .expect("an archive");
    let entry = endpoints::find("get_feed").expect("an endpoint");
    let by_hand = ByHand {
        entry,
        parameters: Vec::new(),
        query: Vec::new(),
        body: soracrawl::api::Body::None,
    };
    let mut signals = Signals::listen().expect("signals");
    let called = daemon::call(
        &archive,
        &site.config,
        &key(),
        panicking(),
        by_hand,
        &mut signals,
        |_| {},
    )
    .await;
    let error = called.expect_err("the parser panicked").to_string();
    assert!(error.contains(WHY), "{error}");
    archive.close("idle", None).await.expect("the run ends");
    let kept =
        "select count(*) from calls where outcome = 'answered' and kept = 0 and body is not null";
    assert_eq!(number(&path, kept).await, 1);
}
