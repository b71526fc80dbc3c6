//! No budget is ever exceeded, according to the remote's own bill.

use soracrawl::sim::{Options, Shape};

use crate::support::{PAGE, Site, small, soon};

/// Returns a site with 30 % faulty answers and 12 workers.
async fn busy(key: &str, usd: &str) -> Site {
    let options = Options {
        faults: 0.3,
        latency_ms: 3,
        retry_after_seconds: 0,
        ..small(Shape::Wrapped)
    };
    let mut site = Site::whole(options).await;
    site.set(key, usd)
        .set("limits.max_in_flight", "12")
        .set("limits.max_attempts", "20")
        .set("limits.max_paid_attempts", "20");
    site
}

async fn assert_within(site: &Site, micro_usd: u64) {
    let (bill, charged) = (site.bill(), site.charged().await);
    assert!(bill <= micro_usd, "{bill} billed of {micro_usd}");
    assert!(
        bill <= charged && charged <= micro_usd,
        "{bill} billed, {charged} charged, of {micro_usd}"
    );
    assert!(
        micro_usd - charged < PAGE,
        "{} is left, which is enough for a page",
        micro_usd - charged
    );
    site.assert_settled().await;
}

async fn stops_and_continues(key: &str) {
    let mut site = busy(key, "1.23").await;
    let ended = site.crawl().await.with(4);
    assert!(ended.err.contains("Raise the budget"), "{}", ended.err);
    assert_within(&site, 1_230_000).await;
    let kept = site
        .number("select count(*) from calls where kept = 1")
        .await;
    assert!(kept > 10, "{kept} pages");
    site.unset(key);
    site.crawl().await.with(0);
    site.assert_whole().await;
    site.assert_settled().await;
    site.assert_unbroken_walks().await;
}

#[tokio::test]
async fn a_run_stays_within_its_budget_and_continues_under_a_higher_one() {
    stops_and_continues("budget.run_usd").await;
}

#[tokio::test]
async fn a_day_stays_within_its_budget() {
    stops_and_continues("budget.day_usd").await;
}

#[tokio::test]
async fn an_archive_stays_within_its_total_budget() {
    stops_and_continues("budget.total_usd").await;
}

#[tokio::test]
async fn each_run_has_its_own_budget_and_the_archive_has_one_for_all_runs() {
    let mut site = Site::whole(small(Shape::Flat)).await;
    site.set("budget.run_usd", "0.50")
        .set("budget.total_usd", "1.30");
    for total in [500_000, 1_000_000, 1_300_000, 1_300_000] {
        site.crawl().await.with(4);
        assert_eq!((site.bill(), site.charged().await), (total, total));
    }
    site.unset("budget.run_usd").unset("budget.total_usd");
    site.crawl().await.with(0);
    site.assert_whole().await;
    assert_eq!(site.sim.account().total.repeats, 0);
}

#[tokio::test]
async fn each_seed_with_its_follow_ups_has_its_own_budget() {
    let mut site = Site::whole(small(Shape::Wrapped)).await;
    site.set("budget.seed_usd", "0.35")
        .set("limits.max_in_flight", "8");
    site.crawl().await.with(4);
    site.assert_settled().await;
    let sums = "select sum(cost_micro_usd) from calls where seed_id is not null group by seed_id";
    let sums: Vec<i64> = site
        .rows(sums)
        .await
        .iter()
        .map(|row| sqlx::Row::get(row, 0))
        .collect();
    assert_eq!(sums.len(), 7, "five users, the feed and the leaderboard");
    assert!(sums.iter().all(|sum| *sum <= 350_000), "{sums:?}");
    assert!(sums.contains(&350_000), "{sums:?}");
    let sum: i64 = sums.iter().sum();
    assert_eq!(site.bill(), u64::try_from(sum).expect("a sum"));
    site.unset("budget.seed_usd");
    site.crawl().await.with(0);
    site.assert_whole().await;
    assert_eq!(site.sim.account().total.repeats, 0);
}

#[tokio::test]
async fn a_run_that_is_killed_and_restarted_has_the_budget_of_one_run() {
    let mut site = busy("budget.run_usd", "1.50").await;
    // A call in flight at a kill is charged.
    site.set("limits.max_in_flight", "5");
    let mut kills = 0;
    for calls in [7, 13, 19, 25] {
        let mut daemon = site.start(&["run", "--until-idle"]);
        tokio::select! {
            () = soon("calls", site.sim.received(calls)) => kills += u32::from(daemon.kill()),
            _ = daemon.until_exit() => break,
        }
    }
    assert!(kills > 1, "{kills} kills");
    site.crawl().await.with(4);
    assert_within(&site, 1_500_000).await;
}

#[tokio::test]
async fn a_run_above_the_confirmation_limit_is_refused_without_yes() {
    let mut site = Site::whole(small(Shape::Flat)).await;
    site.set("budget.confirm_above_usd", "0.10");
    let ended = site.crawl().await.with(2);
    assert!(
        ended.err.contains("confirm_above_usd") && ended.err.contains("--yes"),
        "{}",
        ended.err
    );
    assert_eq!(site.bill(), 0);
    site.run(&["run", "--until-idle", "--yes"]).await.with(0);
    site.assert_whole().await;
}

#[tokio::test]
async fn a_budget_below_the_confirmation_limit_needs_no_yes() {
    let mut site = Site::whole(small(Shape::Flat)).await;
    site.set("budget.confirm_above_usd", "0.40")
        .set("budget.run_usd", "0.30");
    site.crawl().await.with(4);
    assert_eq!(site.bill(), 300_000);
}
