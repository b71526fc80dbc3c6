//! Answers without a page: their ledger entry, their cost, and how the run ends.

use soracrawl::sim::Options;

use crate::support::{PAGE, Site, walk};

const WALK: &str = "get_user_followers";

/// The expected ledger entry of a call that a fault hit.
#[derive(Clone, Copy)]
struct Met {
    fault: &'static str,
    outcome: &'static str,
    /// The HTTP status; 0 if none arrived.
    status: i64,
    /// Whether the ledger charges the call.
    charged: bool,
    /// Whether the remote bills the call.
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

/// Faults whose page is retried.
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
    // Without an answer the bill is unknown, so the ledger charges the call.
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
    site.set_timeouts_for(name);
    let ended = site.crawl().await;
    assert_eq!(ended.code, 0, "{name}: {}", ended.err);
    site.assert_settled().await;
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
        "{name}: the same page is requested again"
    );
    assert_eq!(site.bill(), (3 + u64::from(met.billed)) * PAGE, "{name}");
    if met.billed && met.status == 200 {
        let kept = site
            .number(&format!(
                "select body is not null from calls where id = {}",
                call.id
            ))
            .await;
        assert_eq!(kept, 1, "{name}: the raw reply was paid for and is kept");
    }
}

#[tokio::test]
async fn a_temporary_failure_is_recorded_as_it_was_and_its_page_is_requested_again() {
    let mut all = tokio::task::JoinSet::new();
    for met in TEMPORARY {
        all.spawn(temporary(met));
    }
    all.join_all().await;
}

/// Crawls a walk in which every call from the second page on meets the fault.
async fn lasting(met: Met, calls_of_page: usize) {
    let name = met.fault;
    let options = Options {
        slow_ms: 30_000,
        ..walk()
    };
    let mut site = Site::walk_in(options, &format!("{WALK}:2+={name}")).await;
    site.set_timeouts_for(name).set("limits.max_attempts", "3");
    site.set("api.max_body_bytes", "1000000");
    let ended = site.crawl().await;
    assert_eq!(ended.code, 3, "{name}: {}", ended.err);
    site.assert_settled().await;
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
async fn a_permanent_failure_ends_with_exit_3_and_is_never_called_complete() {
    let mut all = tokio::task::JoinSet::new();
    // Throttling does not fail the job: the limiter waits for the requested time.
    for met in TEMPORARY
        .into_iter()
        .filter(|met| !met.fault.starts_with("throttle"))
    {
        // A paid answer that cannot be used is bought twice at most.
        let calls = if met.status == 200 { 2 } else { 3 };
        all.spawn(lasting(met, calls));
    }
    all.spawn(lasting(met("slow-drip", "answered", 200, true, true), 2));
    all.join_all().await;
}

#[tokio::test]
async fn an_oversized_body_is_paid_for_once_and_not_requested_again() {
    for fault in ["too-large", "gzip-bomb", "endless-body"] {
        lasting(met(fault, "answered", 200, true, true), 1).await;
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_the_key_is_not_sent_elsewhere() {
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
async fn a_slow_drip_is_cut_off_by_the_timeout_and_the_page_is_bought_again() {
    temporary(met("slow-drip", "answered", 200, true, true)).await;
}

#[tokio::test]
async fn odd_items_are_counted_and_the_other_items_of_the_page_are_kept() {
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
async fn a_page_with_a_text_content_type_is_accepted() {
    let site = Site::walk(&format!("{WALK}:2=wrong-content-type")).await;
    site.crawl().await.with(0);
    assert_eq!(site.calls().await.len(), 3);
    assert_eq!(site.follower_differences(&site.user(0)).await, (0, 0));
}

/// Returns a trigger that refuses the rows of a user's second page of followers.
fn refuse(user: &str) -> String {
    format!(
        "create trigger refuse before insert on follows
         when (select user_id from users where id = new.followed_id) = '{user}'
             and (select count(*) from follows where followed_id = new.followed_id) >= 10
             and not exists (select 1 from follows where followed_id = new.followed_id and follower_id = new.follower_id)
         begin select raise(abort, 'this row is refused'); end"
    )
}

#[tokio::test]
async fn rows_that_the_archive_refuses_are_kept_raw_and_delay_no_other_job() {
    let mut site = Site::walk("").await;
    let users = site.sim.world().seed_users();
    site.set("seeds.users", &format!("{users:?}"))
        .set("limits.max_in_flight", "3");
    site.run(&["seed", "users", &users[0]]).await.with(0);
    site.execute(&refuse(&users[0])).await;
    site.crawl().await.with(3);
    let refused = site.job(WALK, &users[0]).await;
    assert_eq!((refused.state.as_str(), refused.pages), ("failed", 1));
    let says = "the archive refused the rows of this reply";
    assert!(refused.note.contains(says), "{refused:?}");
    let last_error = site.texts("select last_error from jobs where state = 'failed'");
    assert!(last_error.await[0].contains(says));
    for user in &users[1..] {
        assert_eq!(site.job(WALK, user).await.state, "done");
        assert_eq!(site.follower_differences(user).await, (0, 0));
    }
    // The call that was opened in the transaction of the refused page was not sent.
    site.assert_settled().await;
    assert_eq!(site.bill(), 8 * PAGE);
    assert_eq!(site.charged().await, site.bill());
    let raw = site.number(
        "select count(*) from calls where outcome = 'answered' and kept = 0 and body is not null and cost_micro_usd > 0",
    );
    assert_eq!(raw.await, 1);
    site.execute("drop trigger refuse").await;
    site.run(&["jobs", "requeue"]).await.with(0);
    site.crawl().await.with(0);
    assert_eq!(site.follower_differences(&users[0]).await, (0, 0));
    // The page that was refused is read from its stored reply. Only the third one is bought.
    assert_eq!(site.bill(), 9 * PAGE);
    assert_eq!(site.charged().await, site.bill());
    site.run(&["verify"]).await.with(0);
}

#[tokio::test]
async fn an_archive_that_refuses_page_after_page_stops_the_run_and_no_page_is_bought_twice() {
    let mut site = Site::walk("").await;
    let users = site.sim.world().seed_users();
    site.set("seeds.users", &format!("{users:?}"))
        .set("limits.max_in_flight", "1");
    site.run(&["seed", "users", &users[0]]).await.with(0);
    site.execute(
        "create trigger refuse before insert on follows begin select raise(abort, 'no such table: fts'); end",
    )
    .await;
    let ended = site.crawl().await.with(1);
    assert!(ended.err.contains("no such table: fts"), "{}", ended.err);
    assert_eq!(site.bill(), 2 * PAGE, "the second refusal stops the run");
    let open = site
        .number("select count(*) from jobs where state = 'ready'")
        .await;
    assert_eq!(open, 3);
    site.crawl().await.with(1);
    assert_eq!(site.bill(), 2 * PAGE, "a stored reply is not bought again");
    site.execute("drop trigger refuse").await;
    site.crawl().await.with(0);
    for user in &users {
        assert_eq!(site.follower_differences(user).await, (0, 0));
    }
    assert_eq!(site.bill(), 9 * PAGE);
    site.run(&["verify"]).await.with(0);
}
