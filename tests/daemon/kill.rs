//! kill -9 in mid-crawl and a restart: the archive of an undisturbed run, and no page bought twice without being named.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use soracrawl::sim::{Options, Shape};

use crate::support::{Site, small, soon};

const IN_FLIGHT: u64 = 6;
const KILLS: u64 = 4;

type PageKey = (String, String, String);

/// How often each page was billed beyond the first time, by the remote's log.
fn repeats(site: &Site) -> BTreeMap<PageKey, u64> {
    let mut pages: BTreeMap<PageKey, u64> = BTreeMap::new();
    for entry in site.sim.log().into_iter().filter(|entry| entry.billed) {
        let key = (
            entry.endpoint.to_owned(),
            entry.subject.to_string(),
            entry.cursor.to_string(),
        );
        *pages.entry(key).or_default() += 1;
    }
    pages.retain(|_, times| {
        *times -= 1;
        *times > 0
    });
    pages
}

/// Calls of unknown fate in the ledger, by page.
async fn unknown(site: &Site) -> BTreeMap<PageKey, u64> {
    let mut pages = BTreeMap::new();
    for call in site
        .calls()
        .await
        .into_iter()
        .filter(|call| call.outcome == "unknown")
    {
        *pages
            .entry((call.endpoint, call.subject, call.cursor))
            .or_default() += 1;
    }
    pages
}

/// Crawls, killed a few times at moments drawn from a seed, and holds the result against the promises.
async fn survives(seed: u64, shape: Shape, faults: f64) {
    let options = Options {
        latency_ms: 4,
        seed: 100 + seed,
        faults,
        retry_after_seconds: 0,
        ..small(shape)
    };
    let mut site = Site::whole(options).await;
    site.set("limits.max_in_flight", &IN_FLIGHT.to_string())
        .set("limits.max_attempts", "20");
    let mut random = StdRng::seed_from_u64(seed);
    let mut kills = 0;
    let mut calls = 0;
    for _ in 0..KILLS {
        calls += random.random_range(1..16);
        let at_arrival = random.random_bool(0.5);
        let mut daemon = site.start(&["run", "--until-idle"]);
        let moment = async {
            if at_arrival {
                site.sim.received(calls).await;
            } else {
                site.sim.answered(calls).await;
            }
        };
        tokio::select! {
            () = soon("a call", moment) => {}
            said = daemon.until_ended() => assert!(said.contains("\"idle\""), "seed {seed}: {said}"),
        }
        kills += u64::from(daemon.kill());
        calls = calls.max(site.sim.log().len() as u64);
    }
    assert!(
        kills > 1,
        "seed {seed}: only {kills} kills met a running crawl"
    );
    let ended = site.crawl().await;
    assert_eq!(ended.code, 0, "seed {seed}: {}", ended.err);
    let found = site.differences().await;
    assert!(found.is_empty(), "seed {seed}\n{}", found.join("\n"));
    site.is_settled().await;
    site.has_unbroken_walks().await;
    let (named, total) = (unknown(&site).await, site.sim.account().total);
    assert!(
        site.spent().await >= total.micro_usd,
        "seed {seed}: the ledger counts less than was billed"
    );
    if faults == 0.0 {
        let repeats = repeats(&site);
        assert!(
            total.repeats <= kills * IN_FLIGHT,
            "seed {seed}: {} repeats by {kills} kills",
            total.repeats
        );
        for (page, times) in repeats {
            let named = named.get(&page).copied().unwrap_or(0);
            assert!(
                named >= times,
                "seed {seed}: {page:?} was repeated {times} times and {named} of them are named"
            );
        }
        let in_doubt: u64 = named.values().sum();
        assert!(
            in_doubt <= kills * IN_FLIGHT,
            "seed {seed}: {in_doubt} calls in doubt by {kills} kills"
        );
    }
}

async fn survive(seeds: std::ops::Range<u64>, shape: Shape, faults: f64) {
    for seed in seeds {
        survives(seed, shape, faults).await;
    }
}

#[tokio::test]
async fn kills_in_a_flat_crawl_lose_nothing_and_repeat_no_more_than_was_in_flight() {
    survive(0..5, Shape::Flat, 0.0).await;
}

#[tokio::test]
async fn kills_in_a_wrapped_crawl_lose_nothing_and_repeat_no_more_than_was_in_flight() {
    survive(5..10, Shape::Wrapped, 0.0).await;
}

#[tokio::test]
async fn kills_among_faults_lose_nothing() {
    survive(10..13, Shape::Wrapped, 0.2).await;
}

#[tokio::test]
async fn a_crawl_killed_before_its_first_call_begins_anew_and_pays_nothing_twice() {
    let site = Site::whole(small(Shape::Flat)).await;
    let mut daemon = site.start(&["run", "--until-idle"]);
    // The account's page is asked for before anything is bought.
    soon("the account's page", site.sim.received(1)).await;
    assert!(daemon.kill());
    site.crawl().await.with(0);
    site.is_whole().await;
    assert!(site.sim.account().total.repeats <= 4);
}

#[tokio::test]
async fn a_restart_says_what_the_dead_run_left_behind_and_goes_on_under_its_number() {
    let options = Options {
        slow_ms: 60_000,
        ..small(Shape::Flat)
    };
    let site = Site::whole(options).await;
    site.sim
        .script("get_user_followers:1=slow")
        .expect("a script");
    let mut daemon = site.start(&["run", "--until-idle"]);
    soon("some calls", site.sim.received(12)).await;
    assert!(daemon.kill());
    let ended = site.crawl().await.with(0);
    assert!(
        ended.err.contains("the process before died"),
        "{}",
        ended.err
    );
    assert_eq!(site.number("select count(*) from runs").await, 1);
    site.is_whole().await;
    site.is_settled().await;
}
