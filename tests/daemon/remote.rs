//! Answers that the simulator does not have, from a minimal remote, and the waits that refusals request.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use soracrawl::sim::Options;

use crate::support::{Place, Site, walk};

const WALK: &str = "get_user_followers";
pub const SEARCH: &str = "search_users";
const USER: &str = "user-0123456789";

/// The answer to every call of the walk, and the number of calls.
#[derive(Clone)]
struct Answer {
    status: u16,
    body: &'static str,
    calls: Arc<AtomicU64>,
}

/// Returns a place whose remote has this answer for every call of one walk and of the search, and 404 for every other path.
pub async fn answering(status: u16, body: &'static str) -> (Place, Arc<AtomicU64>) {
    let calls = Arc::new(AtomicU64::new(0));
    let answer = Answer {
        status,
        body,
        calls: calls.clone(),
    };
    let give = |State(answer): State<Answer>| async move {
        answer.calls.fetch_add(1, Ordering::SeqCst);
        (
            StatusCode::from_u16(answer.status).expect("a status"),
            answer.body,
        )
    };
    let [walk, search] = [WALK, SEARCH].map(|name| format!("/api/v1/sora2/{name}"));
    let router = Router::new()
        .route(&walk, axum::routing::get(give))
        .route(&search, axum::routing::get(give))
        .with_state(answer);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let mut place = Place::new(&format!(
        "http://{}",
        listener.local_addr().expect("an address")
    ));
    tokio::spawn(async move { axum::serve(listener, router).await });
    place
        .only(&["followers"])
        .set("seeds.users", &format!("[{USER:?}]"))
        .set("limits.max_attempts", "3");
    (place, calls)
}

/// Crawls and returns the exit code, the job's state and stop reason, the number of calls, and their charges.
pub async fn crawled(status: u16, body: &'static str) -> (i32, String, String, u64, u64) {
    let (place, calls) = answering(status, body).await;
    let ended = place.crawl().await;
    place.assert_settled().await;
    let job = place.job(WALK, USER).await;
    (
        ended.code,
        job.state,
        job.reason,
        calls.load(Ordering::SeqCst),
        place.charged().await,
    )
}

pub fn expected(
    code: i32,
    state: &str,
    reason: &str,
    calls: u64,
    charged: u64,
) -> (i32, String, String, u64, u64) {
    (code, state.to_owned(), reason.to_owned(), calls, charged)
}

#[tokio::test]
async fn a_bad_request_is_tried_as_often_as_any_free_failure() {
    let body = r#"{"detail":{"code":400,"message":"user_id is malformed"}}"#;
    assert_eq!(
        crawled(400, body).await,
        expected(3, "failed", "failed", 3, 0)
    );
}

#[tokio::test]
async fn a_wrong_parameter_ends_its_job_at_the_second_answer() {
    let body =
        r#"{"detail":[{"loc":["query","user_id"],"msg":"Field required","type":"missing"}]}"#;
    assert_eq!(
        crawled(422, body).await,
        expected(3, "failed", "failed", 2, 0)
    );
}

#[tokio::test]
async fn a_403_from_the_vendor_without_account_info_stops_the_run_and_keeps_the_job() {
    let body = r#"{"detail":{"code":403,"message":"Your balance is not enough"}}"#;
    assert_eq!(crawled(403, body).await, expected(4, "ready", "", 3, 0));
}

#[tokio::test]
async fn a_404_ends_the_job_if_it_names_the_subject_and_retires_the_endpoint_if_not() {
    let subject = r#"{"detail":{"code":404,"message":"User not found"}}"#;
    assert_eq!(
        crawled(404, subject).await,
        expected(0, "done", "gone", 1, 0)
    );
    assert_eq!(
        crawled(404, r#"{"detail":"Not Found"}"#).await,
        expected(3, "failed", "failed", 3, 0)
    );
    assert_eq!(
        crawled(404, "<html>404</html>").await,
        expected(3, "failed", "failed", 3, 0)
    );
}

#[tokio::test]
async fn a_success_without_a_list_is_a_failure_and_never_an_empty_list() {
    let bodies = [
        "null",
        "{}",
        "7",
        r#""items""#,
        "",
        r#"{"code":200}"#,
        r#"{"code":200,"data":null}"#,
        r#"{"code":200,"data":{}}"#,
        r#"{"code":200,"data":{"items":null}}"#,
        r#"{"code":200,"data":{"items":7,"cursor":null}}"#,
        r#"{"code":200,"data":{"detail":"user not available"}}"#,
        r#"{"code":500,"message":"failed","data":{"items":[],"cursor":null}}"#,
        r#"{"code":200,"error":"no answer in time","data":{"items":[],"cursor":null}}"#,
        r#"{"code":200,"data":{"items":[],"cursor":null,"status_code":429}}"#,
    ];
    for body in bodies {
        let (code, state, _, calls, charged) = crawled(200, body).await;
        assert_eq!(
            (code, state.as_str(), calls, charged),
            (3, "failed", 2, 100_000),
            "{body}"
        );
    }
}

#[tokio::test]
async fn deep_nesting_is_a_failure_and_not_a_crash() {
    let body: &'static str =
        Box::leak(format!("{}{}", "[".repeat(200_000), "]".repeat(200_000)).into_boxed_str());
    assert_eq!(
        crawled(200, body).await,
        expected(3, "failed", "failed", 2, 100_000)
    );
}

/// Fails if a worker calls a throttled endpoint before the requested time. Calls already in flight may still arrive.
async fn respects_the_requested_wait(fault: &str) {
    let in_flight = 4;
    let options = Options {
        retry_after_seconds: 2,
        users: 12,
        latency_ms: 5,
        ..walk()
    };
    let mut site = Site::walk_in(options, &format!("{WALK}:9={fault}")).await;
    let users = format!("{:?}", site.sim.world().seed_users());
    site.set("seeds.users", &users)
        .set("limits.max_in_flight", &in_flight.to_string());
    site.crawl().await.with(0);
    let log = site.sim.log();
    let refused = log
        .iter()
        .find(|entry| entry.status == 429)
        .expect("a refusal");
    let wait_ms = refused.retry_after_ms.expect("a time");
    let soon = log
        .iter()
        .filter(|entry| entry.n > refused.n && entry.at_ms < refused.at_ms + wait_ms);
    assert!(soon.count() < in_flight, "{fault}: {log:#?}");
    let refusals = log.iter().filter(|entry| entry.status == 429).count();
    assert_eq!(refusals, 1, "{fault}");
    for user in &site.sim.world().seed_users() {
        assert_eq!(site.follower_differences(user).await, (0, 0), "{fault}");
    }
    assert_eq!(site.sim.account().total.repeats, 0);
}

#[tokio::test]
async fn a_throttled_endpoint_is_not_called_before_the_time_it_named() {
    let mut all = tokio::task::JoinSet::new();
    for fault in ["throttle", "throttle-date", "throttle-reset"] {
        all.spawn(respects_the_requested_wait(fault));
    }
    all.join_all().await;
}

#[tokio::test]
async fn a_requested_cooldown_holds_across_a_restart() {
    let options = Options {
        retry_after_seconds: 3,
        ..walk()
    };
    let site = Site::walk_in(options, &format!("{WALK}:2=throttle")).await;
    let daemon = site.start(&["run"]);
    crate::support::soon("the refusal", site.sim.answered(3)).await;
    daemon.signal("SIGINT");
    daemon.end().await.with(0);
    site.crawl().await.with(0);
    let log = site.sim.log();
    let walked: Vec<_> = log.iter().filter(|entry| entry.endpoint == WALK).collect();
    assert_eq!(walked[1].status, 429);
    assert!(walked[2].at_ms >= walked[1].at_ms + 3_000, "{walked:#?}");
}

#[tokio::test]
async fn a_remote_with_a_lower_rate_limit_refuses_few_calls() {
    let options = Options {
        rate_limit: 20,
        users: 12,
        ..walk()
    };
    let mut site = Site::walk_in(options, "").await;
    let users = format!("{:?}", site.sim.world().seed_users());
    site.set("seeds.users", &users);
    site.crawl().await.with(0);
    let mut by_status: BTreeMap<u16, u32> = BTreeMap::new();
    for entry in site.sim.log().iter().filter(|entry| entry.endpoint == WALK) {
        *by_status.entry(entry.status).or_default() += 1;
    }
    assert_eq!(by_status[&200], 36);
    assert!(
        by_status.get(&429).copied().unwrap_or(0) <= 12,
        "{by_status:?}"
    );
    let lasting = site
        .number("select count(*) from jobs where attempts > 0 or state <> 'done'")
        .await;
    assert_eq!(lasting, 0, "a 429 does not count as an attempt of the job");
}
