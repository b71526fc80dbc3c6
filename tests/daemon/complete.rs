//! An undisturbed crawl archives the whole world, whatever faults the remote has.

use soracrawl::sim::{Fault, Options, Ratio, Shape};

use crate::support::{PAGE, Site, small, soon};

async fn crawls_the_whole_world(shape: Shape, no_envelope: bool) {
    let site = Site::whole(Options {
        no_envelope,
        ..small(shape)
    })
    .await;
    site.crawl().await.with(0);
    site.assert_whole().await;
    site.assert_settled().await;
    site.assert_unbroken_walks().await;
    let total = site.sim.account().total;
    assert_eq!(
        (total.repeats, total.refused),
        (0, 0),
        "{:#?}",
        site.sim.account()
    );
    assert_eq!(
        site.charged().await,
        total.micro_usd,
        "the ledger charges what the remote bills"
    );
    assert_eq!(total.micro_usd, total.billed * PAGE);
    let unended = site
        .number("select count(*) from jobs where stop_reason is not 'complete'")
        .await;
    assert_eq!(unended, 0);
}

#[tokio::test]
async fn a_flat_world_is_archived_completely_and_each_page_is_bought_once() {
    crawls_the_whole_world(Shape::Flat, false).await;
}

#[tokio::test]
async fn a_wrapped_world_is_archived_completely_and_each_page_is_bought_once() {
    crawls_the_whole_world(Shape::Wrapped, false).await;
}

#[tokio::test]
async fn a_flat_world_without_envelope_is_archived_completely() {
    crawls_the_whole_world(Shape::Flat, true).await;
}

#[tokio::test]
async fn a_wrapped_world_without_envelope_is_archived_completely() {
    crawls_the_whole_world(Shape::Wrapped, true).await;
}

async fn recovers_from(fault: Fault, shape: Shape) {
    let options = Options {
        fault: vec![Ratio { fault, ratio: 0.15 }],
        // Throttled calls need to wait for the next second only.
        retry_after_seconds: 0,
        ..small(shape)
    };
    let site = Site::whole(options).await;
    let ended = site.crawl().await;
    let log = site.sim.log();
    let name = fault.name();
    assert!(
        log.iter().any(|entry| entry.fault == Some(name)),
        "{name} never happened"
    );
    assert_eq!(ended.code, 0, "{name}: {}", ended.err);
    let found = site.differences().await;
    assert!(found.is_empty(), "{name}\n{}", found.join("\n"));
    site.assert_settled().await;
    let bill = site.bill();
    assert!(
        site.charged().await >= bill,
        "{name}: the ledger charges less than the remote bills"
    );
}

async fn recovers_from_each(shape: Shape) {
    for faults in Fault::RECOVERABLE.chunks(4) {
        let mut crawls = tokio::task::JoinSet::new();
        for fault in faults.iter().copied() {
            crawls.spawn(recovers_from(fault, shape));
        }
        soon("a few crawls", crawls.join_all()).await;
    }
}

#[tokio::test]
async fn a_flat_world_is_complete_after_each_recoverable_fault() {
    recovers_from_each(Shape::Flat).await;
}

#[tokio::test]
async fn a_wrapped_world_is_complete_after_each_recoverable_fault() {
    recovers_from_each(Shape::Wrapped).await;
}
