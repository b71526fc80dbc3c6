//! Answers that an operator or the vendor must resolve: a refused key or account, a retired endpoint, an outage.

use soracrawl::sim::{Options, Sim};

use crate::support::{PAGE, Site, soon};

const WALK: &str = "get_user_followers";

/// Crawls until the remote refuses the second page `refusals` times.
async fn stops_the_run(fault: &str, status: i64, refusals: usize) {
    let mut site = Site::walk(&format!("{WALK}:2+={fault}")).await;
    site.set("limits.max_attempts", "3");
    let ended = site.crawl().await.with(4);
    assert!(ended.err.contains("Progress is saved"), "{}", ended.err);
    site.assert_settled().await;
    let job = site.job(WALK, &site.user(0)).await;
    assert_eq!((job.state.as_str(), job.pages), ("ready", 1), "{job:?}");
    let calls = site.calls().await;
    assert_eq!(
        (calls[1].outcome.as_str(), calls[1].status, calls[1].cost),
        ("answered", status, 0)
    );
    assert_eq!(calls.len(), 1 + refusals);
    assert_eq!(site.texts("select end_reason from runs").await, ["refused"]);
    site.sim.heal();
    site.crawl().await.with(0);
    assert_eq!(site.bill(), 3 * PAGE);
    assert_eq!(site.follower_differences(&site.user(0)).await, (0, 0));
}

#[tokio::test]
async fn a_refused_key_stops_the_run_with_exit_4_and_a_valid_key_continues_it() {
    // The free account call refuses the key too, so one refusal is enough.
    stops_the_run("key-refused", 401, 1).await;
}

#[tokio::test]
async fn exhausted_credit_stops_the_run_with_exit_4_and_new_credit_continues_it() {
    // The account info shows a balance, so one refusal is not enough.
    stops_the_run("credit-exhausted", 402, 3).await;
}

#[tokio::test]
async fn a_key_that_is_refused_before_the_first_page_stops_the_run_with_exit_4() {
    let site = Site::walk("").await;
    let wrong = [("TIKHUB_API_KEY", "another-key-0123456789abcdefghij")];
    site.run_with(&["run", "--until-idle"], &wrong, "")
        .await
        .with(4);
    assert_eq!(
        site.sim.account().endpoints.get(WALK),
        None,
        "no page was requested"
    );
}

#[tokio::test]
async fn a_cloudflare_block_starts_a_long_cooldown_that_the_job_records() {
    let site = Site::walk(&format!("{WALK}:2=forbidden-cloudflare")).await;
    let daemon = site.start(&["run"]);
    // The account call, the first page, the block.
    soon("the block", site.sim.answered(3)).await;
    daemon.signal("SIGTERM");
    daemon.end().await.with(0);
    let waiting = site
        .number("select count(*) from jobs where state = 'waiting' and attempts = 0")
        .await;
    assert_eq!(waiting, 1);
    let seconds = site.number(
        "select cast(ready_at - settled_at as integer) from jobs, calls where http_status = 403",
    );
    assert!((29..=31).contains(&seconds.await));
}

#[tokio::test]
async fn a_retired_endpoint_is_reported_once_and_the_other_endpoints_continue() {
    let mut site = Site::walk(&format!("{WALK}:1+=endpoint-retired")).await;
    let users = site.sim.world().seed_users();
    site.set("seeds.users", &format!("{users:?}"))
        .set("crawl.following", "true")
        .set("limits.max_in_flight", "1");
    let ended = site.crawl().await.with(3);
    let sentences = ended.err.matches("retiring the endpoint for").count();
    assert_eq!(sentences, 1, "{}", ended.err);
    assert_eq!(site.calls_of(WALK), 6, "two refusals of each user");
    for user in &users {
        assert_eq!(site.job(WALK, user).await.state, "failed");
        assert_eq!(site.job("get_user_following", user).await.state, "done");
    }
    site.sim.heal();
    site.run(&["jobs", "requeue"]).await.with(0);
    site.crawl().await.with(0);
    for user in &users {
        assert_eq!(site.follower_differences(user).await, (0, 0));
    }
}

#[tokio::test]
async fn a_410_retires_its_endpoint_as_a_404_does() {
    let site = Site::walk(&format!("{WALK}:1+=status-410")).await;
    let ended = site.crawl().await.with(3);
    assert!(
        ended.err.contains("retiring the endpoint for"),
        "{}",
        ended.err
    );
    assert_eq!(site.job(WALK, &site.user(0)).await.state, "failed");
}

/// A remote that nobody listens at.
async fn unreachable() -> String {
    let elsewhere = Sim::start(Options::default())
        .await
        .expect("another simulator");
    let url = elsewhere.base_url();
    elsewhere.stop().await;
    format!("\"{url}\"")
}

#[tokio::test]
async fn an_unreachable_remote_costs_nothing_gives_nothing_up_and_ends_the_run_with_exit_5() {
    let mut site = Site::walk("").await;
    let users = site.sim.world().seed_users();
    let url = unreachable().await;
    site.set("seeds.users", &format!("{users:?}"))
        .set("api.base_url", &url)
        .set("limits.max_attempts", "1")
        .set("limits.breaker_failures", "1")
        .set("limits.outage_patience_seconds", "1");
    let ended = site.crawl().await.with(5);
    let pauses = ended.err.matches("calls of all endpoints paused").count();
    assert_eq!(pauses, 1, "one outage is one warning: {}", ended.err);
    assert!(ended.err.contains("refused"), "{}", ended.err);
    let calls = site.calls().await;
    assert!(
        calls
            .iter()
            .all(|call| call.outcome == "never_sent" && call.cost == 0),
        "{calls:#?}"
    );
    let of_jobs = calls.iter().filter(|call| call.endpoint == WALK).count();
    assert!(
        of_jobs <= 4,
        "{of_jobs} calls of jobs: the account call probes"
    );
    assert_eq!(site.texts("select end_reason from runs").await, ["away"]);
    assert_eq!(site.charged().await, 0);
    let shown = site.run(&["status"]).await.with(0).out;
    assert!(shown.contains("outage"), "{shown}");
    // The next run goes on by itself.
    let url = format!("\"{}\"", site.sim.base_url());
    site.set("api.base_url", &url);
    site.crawl().await.with(0);
    for user in &users {
        assert_eq!(site.follower_differences(user).await, (0, 0));
    }
    let shown = site.run(&["status"]).await.with(0).out;
    assert!(!shown.contains("outage"), "the outage is over: {shown}");
}
