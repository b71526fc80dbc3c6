//! `status` matches the ledger and the queue, and `estimate` matches the calls that follow.

use std::collections::BTreeMap;

use serde_json::Value;
use soracrawl::sim::{Options, Shape};

use crate::support::{Site, small, walk};

async fn assert_status_matches(site: &Site) {
    let status = site.run(&["status", "--json"]).await.with(0).json();
    let sum = |of: &str| -> i64 {
        let endpoints = status["endpoints"].as_object().expect("endpoints");
        endpoints
            .values()
            .map(|endpoint| endpoint[of].as_i64().expect("a number"))
            .sum()
    };
    for (of, sql) in [
        ("ready", "select count(*) from jobs where state = 'ready'"),
        ("leased", "select count(*) from jobs where state = 'leased'"),
        (
            "waiting",
            "select count(*) from jobs where state = 'waiting'",
        ),
        ("done", "select count(*) from jobs where state = 'done'"),
        (
            "stopped",
            "select count(*) from jobs where state = 'stopped'",
        ),
        ("failed", "select count(*) from jobs where state = 'failed'"),
        (
            "answered",
            "select count(*) from calls where outcome = 'answered'",
        ),
        (
            "unknown",
            "select count(*) from calls where outcome = 'unknown'",
        ),
        (
            "never_sent",
            "select count(*) from calls where outcome = 'never_sent'",
        ),
        ("kept", "select count(*) from calls where kept = 1"),
        (
            "throttled",
            "select count(*) from calls where http_status = 429",
        ),
        ("rows", "select coalesce(sum(row_count), 0) from calls"),
        ("odd_items", "select coalesce(sum(odd_items), 0) from calls"),
        (
            "body_bytes",
            "select coalesce(sum(body_bytes), 0) from calls",
        ),
        (
            "cost_micro_usd",
            "select coalesce(sum(cost_micro_usd), 0) from calls",
        ),
    ] {
        assert_eq!(sum(of), site.number(sql).await, "{of}");
    }
    let number = |of: &str| status[of].as_u64().expect("a number");
    assert_eq!(number("charged_micro_usd"), site.charged().await);
    assert_eq!(
        status["pages"].as_i64(),
        Some(
            site.number("select count(*) from calls where kept = 1")
                .await
        )
    );
    let ended = status["ended"].as_object().expect("reasons");
    for (reason, count) in ended {
        let sql = format!("select count(*) from jobs where stop_reason = '{reason}'");
        assert_eq!(count.as_i64(), Some(site.number(&sql).await), "{reason}");
    }
    assert_eq!(status["daemon"], Value::Null);
}

#[tokio::test]
async fn status_matches_the_ledger_after_faults_and_budget_stops() {
    let options = Options {
        faults: 0.3,
        retry_after_seconds: 0,
        ..small(Shape::Wrapped)
    };
    let mut site = Site::whole(options).await;
    site.set("limits.max_attempts", "20")
        .set("limits.max_paid_attempts", "20")
        .set("budget.run_usd", "1.00")
        .set("limits.max_in_flight", "8");
    site.crawl().await.with(4);
    assert_status_matches(&site).await;
    let status = site.run(&["status", "--json"]).await.json();
    assert!(status["budget_left_micro_usd"].as_u64().expect("a number") < 50_000);
    site.set("budget.run_usd", "100");
    site.sim
        .script("get_comment_replies:1+=gone\nget_user_following:1+=server-error")
        .expect("a script");
    // The endpoint fails for all of its jobs, so the run gives it up and its jobs stay.
    site.set("limits.outage_patience_seconds", "6");
    site.crawl().await.with(5);
    assert_status_matches(&site).await;
    let shown = site.run(&["status"]).await.with(0).out;
    assert!(
        shown.contains("get_user_followers") && shown.contains("charged"),
        "{shown}"
    );
}

/// Returns a site whose posts are crawled and whose followers are not. Each user has three pages of followers, and
/// the posts contain the follower counts.
async fn counted() -> Site {
    let mut site = Site::new(Options {
        audience: 130,
        followers: 120,
        page_size_follows: 50,
        ..walk()
    })
    .await;
    let users = format!("{:?}", site.sim.world().seed_users());
    site.set("seeds.users", &users).only(&["posts"]);
    site.crawl().await.with(0);
    site
}

#[tokio::test]
async fn an_estimate_from_known_counts_equals_the_calls_made() {
    let mut site = counted().await;
    let before = site.calls_of("get_user_posts");
    site.set("crawl.followers", "true");
    let users = site.sim.world().seed_users().join("\n");
    site.run_with(&["seed", "users"], &[], &users).await.with(0);
    let estimate = site.run(&["estimate", "--json"]).await.with(0).json();
    let lines = estimate["lines"].as_array().expect("lines");
    assert_eq!(lines.len(), 1, "{estimate:#}");
    let line = &lines[0];
    assert_eq!(line["endpoint"], "get_user_followers");
    let numbers = [
        "jobs",
        "least_calls",
        "expected_calls",
        "most_calls",
        "most_micro_usd",
    ]
    .map(|of| line[of].as_u64());
    assert_eq!(
        numbers,
        [Some(3), Some(9), Some(9), Some(9), Some(450_000)],
        "{estimate:#}"
    );
    site.crawl().await.with(0);
    assert_eq!(
        (
            site.calls_of("get_user_followers"),
            site.calls_of("get_user_posts")
        ),
        (9, before)
    );
}

#[tokio::test]
async fn an_estimate_without_known_counts_says_so_and_makes_no_call() {
    let site = Site::new(walk()).await;
    site.run(&["seed", "users", &site.user(0)]).await.with(0);
    let estimate = site.run(&["estimate", "--json"]).await.with(0).json();
    let posts = estimate["lines"]
        .as_array()
        .expect("lines")
        .iter()
        .find(|line| line["endpoint"] == "get_user_posts");
    let posts = posts.expect("a line for posts");
    assert_eq!(
        (posts["least_calls"].as_u64(), &posts["most_calls"]),
        (Some(1), &Value::Null)
    );
    assert!(
        posts["unknown"]
            .as_str()
            .expect("a reason")
            .contains("1 of 1")
    );
    let shown = site.run(&["estimate"]).await.with(0).out;
    assert!(
        shown.contains("unknown:") && shown.contains("get_user_posts"),
        "{shown}"
    );
    assert!(site.sim.log().is_empty());
}

#[tokio::test]
async fn an_estimate_without_pending_jobs_is_zero() {
    let site = counted().await;
    let shown = site.run(&["estimate"]).await.with(0).out;
    assert!(shown.contains("would cost $0.00"), "{shown}");
}

#[tokio::test]
async fn the_endpoint_table_lists_all_17_endpoints_with_their_prices() {
    let site = Site::new(walk()).await;
    let table = site.run(&["endpoints", "--json"]).await.with(0).json();
    let table = table.as_array().expect("a list");
    assert_eq!(table.len(), 17);
    for endpoint in soracrawl::sim::Endpoint::ALL {
        let Some(ours) = table.iter().find(|ours| ours["name"] == endpoint.name()) else {
            assert!(
                ["get_user_info", "check"].contains(&endpoint.name()),
                "{} is missing",
                endpoint.name()
            );
            continue;
        };
        assert_eq!(ours["path"], endpoint.path());
        assert_eq!(ours["method"], endpoint.method());
        assert_eq!(
            ours["price_micro_usd"].as_u64(),
            Some(endpoint.price_micro_usd()),
            "{}",
            endpoint.name()
        );
    }
    let shown = site.run(&["endpoints"]).await.with(0).out;
    assert!(
        table
            .iter()
            .all(|ours| shown.contains(ours["name"].as_str().expect("a name")))
    );
}

#[tokio::test]
async fn the_demo_ends_with_an_equal_archive_and_needs_no_key() {
    let place = crate::support::Place::new("http://127.0.0.1:9");
    let ended = place
        .run_with(
            &["demo", "--archive", "demo.db"],
            &[("TIKHUB_API_KEY", "")],
            "",
        )
        .await
        .with(0);
    assert!(
        ended.out.contains("equal") && !ended.out.contains("DIFFERENT"),
        "{}",
        ended.out
    );
    assert!(place.file("demo.db").exists());
    let again = place.run(&["demo", "--archive", "demo.db"]).await.with(1);
    assert!(again.err.contains("exists already"), "{}", again.err);
}

#[tokio::test]
async fn the_json_of_status_has_the_keys_that_the_document_lists() {
    let site = Site::whole(small(Shape::Wrapped)).await;
    site.crawl().await.with(0);
    site.run(&["pause", "get_feed"]).await.with(0);
    let status = site.run(&["status", "--json"]).await.with(0).json();
    let document = include_str!("../../docs/status.md");
    let (_, table) = document.split_once("## JSON").expect("the section");
    let mut listed = BTreeMap::new();
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        listed.insert(cells[1].trim_matches('`').to_owned(), cells[2].to_owned());
    }
    let object = status.as_object().expect("an object");
    let keys: Vec<&String> = object.keys().collect();
    assert_eq!(keys, listed.keys().collect::<Vec<_>>());
    for (key, value) in object {
        let kind = match value {
            Value::Null => continue,
            Value::String(_) => "string",
            Value::Object(_) => "object",
            Value::Array(_) => "array",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::Bool(_) => "boolean",
        };
        assert_eq!(kind, listed[key], "{key}");
    }
    assert_eq!(status["paused"][0]["name"], "get_feed");
    let micro = status["charged_micro_usd"].as_f64().expect("a number");
    assert_eq!(status["charged_usd"].as_f64(), Some(micro / 1e6));
}
