//! SIGTERM and SIGINT: calls in flight finish and are committed, no new call starts, and no call is repeated.

use soracrawl::sim::{Options, Shape};

use crate::support::{Daemon, Site, small, soon};

/// Returns a site whose answers are so slow that some calls are always in flight.
async fn slow_site() -> Site {
    let mut site = Site::whole(Options {
        latency_ms: 300,
        ..small(Shape::Wrapped)
    })
    .await;
    site.set("limits.max_in_flight", "5");
    site
}

async fn drains(signal: &str, calls: u64) {
    let site = slow_site().await;
    let daemon = site.start(&["run", "--until-idle"]);
    soon("calls in flight", site.sim.received(calls)).await;
    daemon.signal(signal);
    let ended = daemon.end().await.with(0);
    assert!(ended.err.contains(signal), "{}", ended.err);
    site.assert_settled().await;
    let asked = site.sim.log().len() as u64;
    assert!(
        asked < calls + 6,
        "the remote received {asked} calls; the signal was sent at {calls}"
    );
    let account = site.sim.account();
    assert_eq!(site.charged().await, account.total.micro_usd);
    assert_eq!(site.texts("select end_reason from runs").await, ["signal"]);
    let unkept = site
        .calls()
        .await
        .into_iter()
        .filter(|call| !call.kept && (call.outcome != "never_sent" || call.cost != 0))
        .count();
    // A call that was open but unsent at the time of the signal is not sent.
    assert_eq!(unkept, 0, "every paid reply is kept");
    site.crawl().await.with(0);
    site.assert_whole().await;
    assert_eq!(site.sim.account().total.repeats, 0);
}

#[tokio::test]
async fn sigterm_drains_and_no_call_is_repeated() {
    drains("SIGTERM", 9).await;
}

#[tokio::test]
async fn sigint_drains_and_no_call_is_repeated() {
    drains("SIGINT", 17).await;
}

#[tokio::test]
async fn sighup_and_sigquit_drain_and_no_call_is_repeated() {
    drains("SIGHUP", 9).await;
    drains("SIGQUIT", 9).await;
}

#[tokio::test]
async fn sighup_stays_ignored_if_it_was_ignored_at_the_start() {
    let site = slow_site().await;
    let starter = [
        "sh",
        "-c",
        "trap '' HUP; exec \"$@\"",
        "sh",
        env!("CARGO_BIN_EXE_soracrawl"),
    ];
    let daemon = Daemon::of(site.command_under(&starter, &["run", "--until-idle"]));
    soon("calls in flight", site.sim.received(9)).await;
    daemon.signal("SIGHUP");
    daemon.end().await.with(0);
    site.assert_whole().await;
    assert_eq!(site.texts("select end_reason from runs").await, ["idle"]);
}

#[tokio::test]
async fn a_log_that_cannot_be_written_does_not_end_a_run() {
    let site = Site::whole(small(Shape::Flat)).await;
    let starter = [
        "sh",
        "-c",
        "exec \"$@\" 2>/dev/full",
        "sh",
        env!("CARGO_BIN_EXE_soracrawl"),
    ];
    let full = Daemon::of(site.command_under(&starter, &["run", "--until-idle"]));
    full.end().await.with(0);
    site.assert_whole().await;
    // A reader that ends after one line.
    site.run(&["jobs", "requeue", "--state", "done"])
        .await
        .with(0);
    let script = "{ \"$@\" 2>&1 >&3 | head -1 >/dev/null; } 3>&1; exec true";
    let starter = ["sh", "-c", script, "sh", env!("CARGO_BIN_EXE_soracrawl")];
    Daemon::of(site.command_under(&starter, &["run", "--until-idle"]))
        .end()
        .await
        .with(0);
    assert_eq!(
        site.texts("select end_reason from runs").await,
        ["idle", "idle"]
    );
}

/// Starts a crawl with one call in flight that stays without an answer.
async fn stuck(site: &Site) -> Daemon {
    site.sim.script("get_user_posts:1=slow").expect("a script");
    let daemon = site.start(&["run", "--until-idle"]);
    // With one worker, this is the call after the account call.
    soon("the slow call", site.sim.received(2)).await;
    daemon
}

async fn stuck_site() -> Site {
    let mut site = Site::whole(Options {
        slow_ms: 600_000,
        ..small(Shape::Flat)
    })
    .await;
    site.set("limits.max_in_flight", "1")
        .set("seeds.feed", "false")
        .set("seeds.leaderboard", "false");
    site.only(&["posts"]);
    site
}

/// Fails unless the abandoned call is `unknown`, is charged, and has released its job.
async fn assert_unknown_call(site: &Site) {
    site.assert_settled().await;
    let calls = site.calls().await;
    let last = calls.last().expect("a call");
    assert_eq!(
        (last.outcome.as_str(), last.cost),
        ("unknown", 50_000),
        "{last:?}"
    );
    assert_eq!(site.job(&last.endpoint, &last.subject).await.state, "ready");
    site.sim.heal();
    site.crawl().await.with(0);
    assert_eq!(
        site.sim.account().total.repeats,
        1,
        "only the unknown call is repeated"
    );
}

#[tokio::test]
async fn a_second_signal_ends_the_run_at_once_and_charges_the_call_in_flight() {
    let site = stuck_site().await;
    let mut daemon = stuck(&site).await;
    daemon.signal("SIGTERM");
    daemon.until_logged("SIGTERM").await;
    daemon.signal("SIGINT");
    let ended = daemon.end().await.with(130);
    assert!(
        ended.err.contains("A second signal abandons them"),
        "{}",
        ended.err
    );
    assert!(ended.err.contains("stopped at once"), "{}", ended.err);
    assert_unknown_call(&site).await;
}

#[tokio::test]
async fn the_end_of_the_grace_time_ends_the_run_and_charges_the_call_in_flight() {
    let mut site = stuck_site().await;
    site.set("limits.grace_seconds", "0.3");
    let daemon = stuck(&site).await;
    daemon.signal("SIGTERM");
    let ended = daemon.end().await.with(0);
    assert!(
        ended.err.contains("grace time exceeded; calls"),
        "{}",
        ended.err
    );
    assert_unknown_call(&site).await;
}

#[tokio::test]
async fn an_idle_daemon_waits_for_a_signal() {
    let site = Site::new(small(Shape::Flat)).await;
    let mut daemon = site.start(&["run"]);
    daemon.until_logged("crawl started").await;
    daemon.signal("SIGTERM");
    daemon.end().await.with(0);
}

#[tokio::test]
async fn a_signal_before_the_first_page_ends_the_run_cleanly() {
    let options = Options {
        slow_ms: 600_000,
        ..small(Shape::Flat)
    };
    let site = Site::whole(options).await;
    site.sim.script("get_user_info:1=slow").expect("a script");
    let daemon = site.start(&["run"]);
    soon("the account call", site.sim.received(1)).await;
    daemon.signal("SIGTERM");
    daemon.end().await.with(0);
    site.assert_settled().await;
    assert_eq!(site.charged().await, 0);
    assert_eq!(site.texts("select end_reason from runs").await, ["signal"]);
    site.crawl().await.with(0);
    site.assert_whole().await;
}

#[tokio::test]
async fn a_signal_while_many_seeds_are_prepared_ends_the_run_before_any_call() {
    let mut site = Site::new(small(Shape::Flat)).await;
    let users: Vec<String> = (0..60_000).map(|n| format!("user-{n}")).collect();
    site.set("seeds.users", &format!("{users:?}"));
    let daemon = site.start(&["run", "--until-idle"]);
    // The archive exists before its queue is prepared.
    while !site.archive().exists() {
        tokio::task::yield_now().await;
    }
    site.until("select count(*) from sqlite_schema where name = 'runs'")
        .await;
    daemon.signal("SIGTERM");
    daemon.end().await.with(0);
    assert_eq!(site.sim.account().total.calls, 0);
    let ends = site.texts("select end_reason from runs").await;
    assert!(ends.is_empty() || ends == ["signal"], "{ends:?}");
}

#[tokio::test]
async fn calls_that_wait_for_a_permit_are_not_sent_after_a_signal() {
    let mut site = Site::whole(small(Shape::Flat)).await;
    site.set("limits.max_in_flight", "8")
        .set("limits.requests_per_second", "3");
    let daemon = site.start(&["run", "--until-idle"]);
    // The other workers now wait for a permit; one is issued every third of a second.
    soon("a few calls", site.sim.answered(4)).await;
    daemon.signal("SIGTERM");
    daemon.end().await.with(0);
    let asked = site.sim.log().len();
    assert!(
        asked <= 5,
        "the remote received {asked} calls; the signal was sent at 4"
    );
    site.assert_settled().await;
    let calls = site.calls().await;
    assert!(calls.iter().all(|call| call.kept), "{calls:#?}");
}
