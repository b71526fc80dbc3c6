//! Each answer that is no page: what the ledger says of it, what it costs, and how the run ends.

use soracrawl::sim::{Options, Sim};

use crate::support::{PAGE, Site, walk};

const WALK: &str = "get_user_followers";

/// How the call that met the fault stands in the ledger.
#[derive(Clone, Copy)]
struct Met {
    fault: &'static str,
    outcome: &'static str,
    /// 0 where no status came.
    status: i64,
    /// Charged by the ledger, and by the remote.
    charged: bool,
    billed: bool,
}

const fn met(
    fault: &'static str,
    outcome: &'static str,
    status: i64,
    charged: bool,
    billed: bool,
) -> Met {
    Met {
        fault,
        outcome,
        status,
        charged,
        billed,
    }
}

/// Temporary ones: tried again.
const TEMPORARY: [Met; 17] = [
    met("bad-request-retry", "answered", 400, false, false),
    met("server-error", "answered", 500, false, false),
    met("bad-gateway-html", "answered", 502, false, false),
    met("unavailable", "answered", 503, false, false),
    met("throttle", "answered", 429, false, false),
    met("throttle-bare", "answered", 429, false, false),
    met("throttle-date", "answered", 429, false, false),
    met("throttle-reset", "answered", 429, false, false),
    met("redirect", "answered", 302, false, false),
    met("truncated", "answered", 200, true, true),
    met("html-200", "answered", 200, true, true),
    met("data-null", "answered", 200, true, true),
    met("error-in-200", "answered", 200, true, true),
    met("data-error", "answered", 200, true, true),
    // Without an answer nobody knows: counted as paid for.
    met("reset-before", "unknown", 0, true, false),
    met("reset-after", "unknown", 0, true, true),
    met("slow", "unknown", 0, true, true),
];

async fn temporary(met: Met) {
    let name = met.fault;
    let options = Options {
        retry_after_seconds: 0,
        slow_ms: 30_000,
        ..walk()
    };
    let mut site = Site::walk_in(options, &format!("{WALK}:2={name}")).await;
    site.set("api.timeout_seconds", "1")
        .set("api.connect_timeout_seconds", "1");
    let ended = site.crawl().await;
    assert_eq!(ended.code, 0, "{name}: {}", ended.err);
    site.is_settled().await;
    assert_eq!(
        site.follower_differences(&site.user(0)).await,
        (0, 0),
        "{name}"
    );
    assert_eq!(site.job(WALK, &site.user(0)).await.pages, 3, "{name}");
    let calls = site.calls().await;
    assert_eq!(calls.len(), 4, "{name}: {calls:#?}");
    let call = &calls[1];
    let cost = i64::from(met.charged) * 50_000;
    assert_eq!(
        (call.outcome.as_str(), call.status, call.cost),
        (met.outcome, met.status, cost),
        "{call:?}"
    );
    assert!(!call.kept && !call.error.is_empty(), "{name}: {call:?}");
    assert_eq!(
        calls[2].cursor, call.cursor,
        "{name}: the same page is asked for again"
    );
    assert_eq!(site.bill(), (3 + u64::from(met.billed)) * PAGE, "{name}");
    if met.billed && met.status == 200 {
        let kept = site
            .number(&format!(
                "select body is not null from calls where id = {}",
                call.id
            ))
            .await;
        assert_eq!(kept, 1, "{name}: what was paid for is kept raw");
    }
}

#[tokio::test]
async fn a_temporary_failure_is_written_down_for_what_it_was_and_the_page_is_asked_for_again() {
    let mut all = tokio::task::JoinSet::new();
    for met in TEMPORARY {
        all.spawn(temporary(met));
    }
    all.join_all().await;
}

/// Lasting ones: from the second page on, every answer is such.
async fn lasting(met: Met, calls_of_page: usize) {
    let name = met.fault;
    let options = Options {
        slow_ms: 30_000,
        ..walk()
    };
    let mut site = Site::walk_in(options, &format!("{WALK}:2+={name}")).await;
    site.set("api.timeout_seconds", "0.5")
        .set("api.connect_timeout_seconds", "0.5")
        .set("limits.max_attempts", "3");
    site.set("api.max_body_bytes", "1000000");
    let ended = site.crawl().await;
    assert_eq!(ended.code, 3, "{name}: {}", ended.err);
    site.is_settled().await;
    let job = site.job(WALK, &site.user(0)).await;
    assert_eq!(
        (job.state.as_str(), job.pages),
        ("failed", 1),
        "{name}: {job:?}"
    );
    let calls = site.calls().await;
    assert_eq!(calls.len(), 1 + calls_of_page, "{name}: {calls:#?}");
    for call in &calls[1..] {
        let cost = i64::from(met.charged) * 50_000;
        assert_eq!(
            (call.outcome.as_str(), call.status, call.cost),
            (met.outcome, met.status, cost),
            "{call:?}"
        );
    }
    let billed = if met.billed { calls_of_page } else { 0 };
    assert_eq!(site.bill(), (1 + billed as u64) * PAGE, "{name}");
    assert_eq!(site.sim.account().redirects_followed, 0, "{name}");
}

#[tokio::test]
async fn a_failure_that_lasts_is_given_up_with_exit_3_and_never_called_complete() {
    let mut all = tokio::task::JoinSet::new();
    // Throttling is no failure of the job: the limiter waits for as long as it is told.
    for met in TEMPORARY
        .into_iter()
        .filter(|met| !met.fault.starts_with("throttle"))
    {
        all.spawn(lasting(met, 3));
    }
    all.spawn(lasting(met("slow-drip", "answered", 200, true, true), 3));
    all.join_all().await;
}

#[tokio::test]
async fn a_body_without_measure_is_paid_for_once_and_not_asked_for_again() {
    for fault in ["too-large", "gzip-bomb", "endless-body"] {
        lasting(met(fault, "answered", 200, true, true), 1).await;
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_the_key_stays_at_home() {
    let site = Site::walk(&format!("{WALK}:1=redirect\n{WALK}:3=redirect")).await;
    site.crawl().await.with(0);
    let account = site.sim.account();
    assert_eq!(
        (
            account.redirects_followed,
            account.redirects_followed_with_key
        ),
        (0, 0)
    );
    assert_eq!(site.follower_differences(&site.user(0)).await, (0, 0));
}

#[tokio::test]
async fn a_slow_drip_is_cut_by_the_timeout_and_the_page_is_bought_again() {
    temporary(met("slow-drip", "answered", 200, true, true)).await;
}

#[tokio::test]
async fn odd_items_are_noted_and_cost_the_page_none_of_its_good_ones() {
    let site = Site::walk(&format!("{WALK}:2=wrong-type")).await;
    site.crawl().await.with(0);
    assert_eq!(site.follower_differences(&site.user(0)).await, (0, 0));
    let calls = site.calls().await;
    assert_eq!(calls.len(), 3);
    assert_eq!(
        (calls[0].odd_items, calls[1].odd_items, calls[2].odd_items),
        (0, 6, 0)
    );
}

#[tokio::test]
async fn a_page_labelled_as_text_is_a_page() {
    let site = Site::walk(&format!("{WALK}:2=wrong-content-type")).await;
    site.crawl().await.with(0);
    assert_eq!(site.calls().await.len(), 3);
    assert_eq!(site.follower_differences(&site.user(0)).await, (0, 0));
}

async fn stops_the_run(fault: &str, status: i64) {
    let site = Site::walk(&format!("{WALK}:2={fault}")).await;
    let ended = site.crawl().await.with(4);
    assert!(ended.err.contains("the state is kept"), "{}", ended.err);
    site.is_settled().await;
    let job = site.job(WALK, &site.user(0)).await;
    assert_eq!((job.state.as_str(), job.pages), ("ready", 1), "{job:?}");
    let calls = site.calls().await;
    assert_eq!(
        (calls[1].outcome.as_str(), calls[1].status, calls[1].cost),
        ("answered", status, 0)
    );
    assert_eq!(calls.len(), 2, "a refused key is not tried again");
    assert_eq!(site.texts("select end_reason from runs").await, ["refused"]);
    site.sim.heal();
    site.crawl().await.with(0);
    assert_eq!(site.bill(), 3 * PAGE);
    assert_eq!(site.follower_differences(&site.user(0)).await, (0, 0));
}

#[tokio::test]
async fn a_refused_key_stops_the_run_with_exit_4_and_a_good_one_goes_on() {
    stops_the_run("key-refused", 401).await;
}

#[tokio::test]
async fn spent_credit_stops_the_run_with_exit_4_and_more_of_it_goes_on() {
    stops_the_run("credit-exhausted", 402).await;
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
        "nothing was asked for"
    );
}

#[tokio::test]
async fn a_block_of_cloudflare_is_left_alone_for_long_and_remembered_in_the_job() {
    let site = Site::walk(&format!("{WALK}:2=forbidden-cloudflare")).await;
    let daemon = site.start(&["run"]);
    // The account's page, the first page, the block.
    crate::support::soon("the block", site.sim.answered(3)).await;
    daemon.signal("SIGTERM");
    daemon.end().await.with(0);
    let waiting = site
        .number("select count(*) from jobs where state = 'waiting' and attempts = 1")
        .await;
    assert_eq!(waiting, 1);
    let seconds = site.number(
        "select cast(ready_at - settled_at as integer) from jobs, calls where http_status = 403",
    );
    assert!((299..=301).contains(&seconds.await));
}

#[tokio::test]
async fn a_retired_endpoint_is_stopped_with_one_sentence_while_the_others_go_on() {
    let mut site = Site::walk(&format!("{WALK}:1=endpoint-retired")).await;
    let users = site.sim.world().seed_users();
    site.set("seeds.users", &format!("{users:?}"))
        .set("crawl.following", "true")
        .set("limits.max_in_flight", "1");
    let ended = site.crawl().await.with(3);
    let sentences = ended.err.matches("get_user_followers is stopped").count();
    assert_eq!(sentences, 1, "{}", ended.err);
    assert_eq!(site.calls_of(WALK), 1, "one refusal is enough");
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
async fn a_gone_path_stops_its_endpoint_as_a_missing_one_does() {
    let site = Site::walk(&format!("{WALK}:2=status-410")).await;
    let ended = site.crawl().await.with(3);
    assert!(
        ended.err.contains("get_user_followers is stopped"),
        "{}",
        ended.err
    );
    assert_eq!(site.job(WALK, &site.user(0)).await.state, "failed");
}

#[tokio::test]
async fn a_remote_that_is_away_was_never_sent_anything_and_costs_nothing() {
    let mut site = Site::walk("").await;
    let elsewhere = Sim::start(Options::default())
        .await
        .expect("another simulator");
    let url = elsewhere.base_url();
    elsewhere.stop().await;
    site.set("api.base_url", &format!("\"{url}\""))
        .set("limits.max_attempts", "3");
    site.crawl().await.with(3);
    let calls = site.calls().await;
    assert_eq!(calls.len(), 3);
    assert!(
        calls
            .iter()
            .all(|call| call.outcome == "never_sent" && call.cost == 0),
        "{calls:#?}"
    );
    assert_eq!(site.spent().await, 0);
}
