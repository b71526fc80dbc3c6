//! The UTC day of a budget, with a clock that the test sets.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use soracrawl::clock::Clock;
use soracrawl::crawl::{Engine, Plan, StopCause};
use soracrawl::daemon::{self, Archive, Signals};
use soracrawl::model::MicroUsd;
use soracrawl::store::RunKind;
use sqlx::Row;

use crate::site::{Site, connect_unchecked, key, world};

/// 2026-03-01 00:00:00 UTC.
const MIDNIGHT: u64 = 1_772_323_200;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_has_spent_its_day_goes_on_after_midnight_utc() {
    let mut site = Site::new(world(3, 0.0)).await;
    site.config.budget.day_usd = Some(MicroUsd(100_000));
    site.config.limits.max_in_flight = 1;
    let seconds = Arc::new(AtomicU64::new(MIDNIGHT - 1));
    let read = seconds.clone();
    #[expect(clippy::cast_precision_loss, reason = "seconds of this century")]
    let wall = move || read.load(Ordering::SeqCst) as f64 + 0.999;
    let real = Clock::real();
    let clock = Clock::split(wall, move || real.steady());
    let path = site.path("a.db");
    let archive = Archive::open(&path, RunKind::Run, clock)
        .await
        .expect("an archive");
    let plan = Plan::new(site.config.crawl.clone());
    daemon::prepare(&archive.store, &plan, &site.seeds(), archive.clock.now())
        .await
        .expect("the seeds are added");
    let mut parts = daemon::parts(&archive, &site.config, &key(), false)
        .await
        .expect("the parts of a crawl");
    parts.config.settings.workers = 1;
    let config = site.config.clone();
    let engine = Arc::new(Engine::new(parts));
    let running = engine.clone();
    let crawl = tokio::spawn(async move {
        let mut signals = Signals::listen().expect("signals");
        daemon::crawl(&running, &mut signals, &config, daemon::Steering::default()).await
    });
    let timeout = Duration::from_secs(60);
    for (day, pages) in [(0, 2), (1, 4)] {
        seconds.store(MIDNIGHT - 1 + day * 86_400, Ordering::SeqCst);
        let answered = site.sim.answered(pages);
        tokio::time::timeout(timeout, answered)
            .await
            .expect("the pages of a day");
    }
    engine.stop(StopCause::Signal);
    crawl.await.expect("no panic").expect("a crawl");
    let mut connection = connect_unchecked(&path).await;
    let days = sqlx::query("select name, micro_usd from spend where scope = 'day' order by name")
        .fetch_all(&mut connection)
        .await
        .expect("spend");
    let days: Vec<(String, i64)> = days.iter().map(|row| (row.get(0), row.get(1))).collect();
    // 23:59:59.999 belongs to the day before midnight.
    let expected = [("2026-02-28", 100_000), ("2026-03-01", 100_000)];
    assert_eq!(days, expected.map(|(day, spent)| (day.to_owned(), spent)));
    archive.close("signal", None).await.expect("a clean close");
}
