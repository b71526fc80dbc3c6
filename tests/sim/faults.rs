//! Each fault behaves and is billed as documented.

use std::io::ErrorKind;

use serde_json::Value;
use soracrawl::sim::{Endpoint, Fault, Options, Sim};

use crate::client::{call, cursor, exact, get, ids, path, raw};

pub const LIST: Endpoint = Endpoint::Followers;

/// Starts a simulator. Returns it with a user who has three pages of followers (10, 10, 5); `fault` hits the second.
pub async fn second_page(fault: &str, options: Options) -> (Sim, String) {
    let sim = Sim::start(options).await.expect("a simulator");
    let user = sim.world().seed_users()[0].clone();
    if !fault.is_empty() {
        sim.script(&format!("{}:2={fault}", LIST.name()))
            .expect("a rule");
    }
    (sim, user)
}

pub fn all(sim: &Sim, user: &str) -> Vec<String> {
    sim.world().ids(LIST, user).expect("followers")
}

#[tokio::test]
async fn refusals_have_their_status_and_are_free_and_the_next_attempt_succeeds() {
    for (fault, status, header, body) in [
        ("throttle", 429, "retry-after: 1", "\"detail\""),
        ("throttle-bare", 429, "", "\"detail\""),
        ("throttle-date", 429, "GMT", "\"detail\""),
        ("throttle-reset", 429, "x-ratelimit-reset: ", "\"detail\""),
        ("bad-request-retry", 400, "", "Please retry"),
        (
            "server-error",
            500,
            "application/json",
            "Internal Server Error",
        ),
        ("bad-gateway-html", 502, "text/html", "<html>"),
        ("unavailable", 503, "", "Service Unavailable"),
        ("gateway-404", 404, "text/html", "<html>"),
        ("status-410", 410, "", "Gone"),
        ("forbidden-cloudflare", 403, "", ""),
        ("redirect", 302, "location: http://localhost:", ""),
    ] {
        let (sim, user) = second_page(fault, exact()).await;
        let first = call(&sim, LIST, &user, "").await.data();
        let refused = call(&sim, LIST, &user, &cursor(&first)).await;
        assert_eq!(refused.status, status, "{fault}");
        let head: String = refused
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\n"))
            .collect();
        assert!(head.contains(header), "{fault}: {head}");
        assert_eq!(
            head.contains("retry-after"),
            ["throttle", "throttle-date"].contains(&fault)
        );
        assert!(refused.text().contains(body), "{fault}: {}", refused.text());
        let second = call(&sim, LIST, &user, &cursor(&first)).await;
        assert_eq!(
            (second.status, ids(&second.data()).len()),
            (200, 10),
            "{fault}"
        );
        let account = sim.account();
        assert_eq!(
            (account.total.billed, account.total.refused),
            (2, 1),
            "{fault}"
        );
        let entry = sim.log()[1].clone();
        assert_eq!(
            (entry.fault, entry.status, entry.billed),
            (Some(fault), status, false)
        );
        assert_eq!(
            entry.retry_after_ms.is_some(),
            fault.starts_with("throttle") && fault != "throttle-bare"
        );
        sim.stop().await;
    }
}

#[tokio::test]
async fn a_refusal_by_cloudflare_has_no_detail() {
    let (sim, user) = second_page("", exact()).await;
    sim.script("*:1+=forbidden-cloudflare").expect("a rule");
    for (endpoint, subject) in [(LIST, user.as_str()), (Endpoint::Feed, "")] {
        let refused = call(&sim, endpoint, subject, "").await;
        assert_eq!(refused.status, 403);
        assert!(!refused.text().contains("detail"));
        assert!(refused.text().contains("ray_id") || refused.text().contains("<html>"));
    }
}

#[tokio::test]
async fn a_reset_sends_no_byte_and_is_billed_only_if_the_page_was_made() {
    for (fault, billed) in [("reset-before", 1), ("reset-after", 2)] {
        let (sim, user) = second_page(fault, exact()).await;
        let at = cursor(&call(&sim, LIST, &user, "").await.data());
        let error = get(&sim, &path(LIST, &user, &at)).await.expect_err(fault);
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{fault}");
        assert_eq!(sim.account().total.billed, billed, "{fault}");
        let entry = sim.log()[1].clone();
        assert_eq!((entry.status, entry.received_fully), (0, false), "{fault}");
        assert_eq!(call(&sim, LIST, &user, &at).await.status, 200);
        assert_eq!(sim.account().total.repeats, billed - 1, "{fault}");
    }
}

#[tokio::test]
async fn bad_bodies_are_billed() {
    for (fault, check) in [
        (
            "truncated",
            (|text, whole| !whole && serde_json::from_str::<Value>(text).is_err())
                as fn(&str, bool) -> bool,
        ),
        ("html-200", |text, whole| {
            whole && text.starts_with("<!DOCTYPE html>")
        }),
        ("data-null", |text, _| {
            text.contains("\"data\":null") && text.contains("\"code\":200")
        }),
        ("error-in-200", |text, _| {
            text.contains("\"code\":500") && !text.contains("\"data\"")
        }),
        ("data-error", |text, _| {
            text.contains("\"data\":{\"error\":{")
        }),
        ("wrong-content-type", |text, _| text.contains("\"data\":{")),
    ] {
        let (sim, user) = second_page(fault, exact()).await;
        let at = cursor(&call(&sim, LIST, &user, "").await.data());
        let answer = call(&sim, LIST, &user, &at).await;
        assert_eq!(answer.status, 200, "{fault}");
        assert!(
            check(&answer.text(), answer.is_whole()),
            "{fault}: {}",
            answer.text()
        );
        let json = answer.headers["content-type"] == "application/json";
        assert_eq!(
            json,
            !["html-200", "wrong-content-type"].contains(&fault),
            "{fault}"
        );
        assert_eq!(sim.account().total.billed, 2, "{fault}");
        assert_eq!(sim.log()[1].received_fully, fault != "truncated", "{fault}");
        assert_eq!(
            ids(&call(&sim, LIST, &user, &at).await.data()).len(),
            10,
            "{fault}"
        );
    }
}

#[tokio::test]
async fn oversized_and_endless_bodies_are_billed() {
    for (fault, most, more) in [
        ("too-large", 90 << 20, "chunked"),
        ("endless-body", 8 << 20, "chunked"),
        ("gzip-bomb", usize::MAX, "gzip"),
    ] {
        let (sim, user) = second_page("", exact()).await;
        sim.script(&format!("*:1={fault}")).expect("a rule");
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: sim\r\nAuthorization: Bearer {}\r\n\r\n",
            path(LIST, &user, ""),
            sim.options().key
        );
        let answer = raw(&sim, request.as_bytes(), most).await.expect(fault);
        assert_eq!(answer.status, 200);
        assert!(answer.headers.values().any(|it| it == more), "{fault}");
        if fault == "gzip-bomb" {
            assert!(answer.is_whole() && answer.body.len() < 2 << 20);
            let end = answer.body.len() - 4;
            let size = u32::from_le_bytes(answer.body[end..].try_into().expect("four bytes"));
            assert!(size > 256_000_000);
        }
        assert_eq!(sim.account().total.billed, 1, "{fault}");
        sim.stop().await;
    }
}

#[tokio::test]
async fn a_slow_drip_announces_the_whole_body_and_sends_few_bytes() {
    let (sim, user) = second_page("", exact()).await;
    sim.script("*:1=slow-drip").expect("a rule");
    let wanted = format!(
        "GET {} HTTP/1.1\r\nHost: sim\r\nAuthorization: Bearer {}\r\n\r\n",
        path(LIST, &user, ""),
        sim.options().key
    );
    let answer = raw(&sim, wanted.as_bytes(), 1).await.expect("a head");
    assert!(answer.status == 200 && answer.body.len() < 10 && !answer.is_whole());
    assert_eq!(sim.account().total.billed, 1);
}

#[tokio::test]
async fn a_slow_answer_is_billed_before_it_is_sent() {
    let options = Options {
        slow_ms: 600_000,
        ..exact()
    };
    let (sim, user) = second_page("", options).await;
    sim.script("*:1=slow").expect("a rule");
    let wanted = path(LIST, &user, "");
    tokio::select! {
        answer = get(&sim, &wanted) => panic!("answered: {answer:?}"),
        () = sim.received(1) => {}
    }
    while sim.log()[0].status == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        (sim.account().total.billed, sim.log()[0].received_fully),
        (1, false)
    );
}

#[tokio::test]
async fn an_expired_cursor_stays_expired_and_a_walk_from_the_start_succeeds() {
    let (sim, user) = second_page("expired-cursor", exact()).await;
    let old = cursor(&call(&sim, LIST, &user, "").await.data());
    for _ in 0..2 {
        let refused = call(&sim, LIST, &user, &old).await;
        assert!([400, 422].contains(&refused.status));
        assert!(!refused.text().contains("retry"));
    }
    let seen: Vec<String> = crate::client::walk(&sim, LIST, &user)
        .await
        .iter()
        .flat_map(ids)
        .collect();
    assert_eq!(seen, all(&sim, &user));
}

#[tokio::test]
async fn lasting_faults_last_until_the_simulator_is_healed() {
    for (fault, status, others) in [
        ("gone", 404, 200),
        ("endpoint-retired", 404, 200),
        ("credit-exhausted", 402, 402),
        ("key-refused", 401, 401),
    ] {
        let (sim, user) = second_page(fault, exact()).await;
        let other = sim.world().seed_users()[1].clone();
        assert_eq!(call(&sim, LIST, &user, "").await.status, 200);
        for _ in 0..2 {
            let refused = call(&sim, LIST, &user, "").await;
            assert_eq!(refused.status, status, "{fault}");
            let bare = refused.json()["detail"] == "Not Found";
            assert_eq!(bare, fault == "endpoint-retired", "{fault}");
        }
        let elsewhere = call(&sim, Endpoint::Following, &other, "").await.status;
        assert_eq!(elsewhere, others, "{fault}");
        sim.heal();
        assert_eq!(call(&sim, LIST, &user, "").await.status, 200, "{fault}");
    }
}

#[tokio::test]
async fn every_fault_can_be_scripted_by_name() {
    let sim = Sim::start(exact()).await.expect("a simulator");
    for fault in Fault::ALL {
        sim.script(&format!("get_feed:9000+={}", fault.name()))
            .expect("a rule");
    }
    assert!(
        sim.script("get_feed:1=throttle\nget_feed:2=nonsense")
            .is_err()
    );
    assert_eq!(call(&sim, Endpoint::Feed, "", "").await.status, 200);
}
