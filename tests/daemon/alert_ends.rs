//! How the end of a run is told.

use crate::receiver::{Receiver, body, seen};
use crate::support::Site;

#[tokio::test]
async fn each_end_of_a_run_is_told_and_is_over_with_the_next_page() {
    let mut receiver = Receiver::start("204 No Content").await;
    let mut site = Site::walk("get_user_followers:2=key-refused").await;
    site.set(
        "alerts.to",
        &format!("[{{ url = \"http://127.0.0.1:{}/a\" }}]", receiver.port),
    )
    .set("limits.max_in_flight", "1")
    .set("budget.run_usd", "0.05");
    let mut told = async |what: &str| body(&receiver.next(what).await);
    site.crawl().await.with(4);
    let budget = told("the budget").await;
    assert_eq!(seen(&budget), ("budget", "firing"), "{budget}");
    let sentence = budget["sentence"].as_str().expect("a sentence");
    assert!(
        sentence.starts_with("stopped: the run budget is spent: $0.05"),
        "{sentence}"
    );
    // This run keeps no page, so the first end is not over.
    site.crawl().await.with(4);
    let refused = told("the refused key").await;
    assert_eq!(seen(&refused), ("refused", "firing"), "{refused}");
    // Here the key is refused before the crawl begins: it is no news.
    site.crawl().await.with(4);
    site.sim.heal();
    site.crawl().await.with(4);
    // The daemon may also see for a moment that the first end is over.
    let mut next = told("a message").await;
    if seen(&next) == ("budget", "resolved") {
        next = told("a message").await;
    }
    let mut next = [next, told("a message").await];
    next.sort_by_key(|told| told["alert"].to_string());
    assert_eq!(
        seen(&next[0]),
        ("budget", "firing"),
        "another end: {next:?}"
    );
    assert_eq!(seen(&next[1]), ("refused", "resolved"), "{next:?}");
    site.set("budget.run_usd", "5");
    site.crawl().await.with(0);
    let mut next = [told("a message").await, told("a message").await];
    next.sort_by_key(|told| told["alert"].to_string());
    assert_eq!(seen(&next[0]), ("budget", "resolved"), "{next:?}");
    assert_eq!(seen(&next[1]), ("done", "firing"), "{next:?}");
    site.crawl().await.with(0);
    receiver.is_silent();
}

#[tokio::test]
async fn a_receiver_that_fails_gets_three_attempts_at_the_end_and_delays_no_other() {
    let mut good = Receiver::start("204 No Content").await;
    let mut bad = Receiver::start("500 Oops").await;
    let mut moved = Receiver::start("302 Found\r\nLocation: /elsewhere").await;
    let mut site = Site::walk("").await;
    let ports = [good.port, bad.port, moved.port];
    let tables = ports.map(|port| format!("{{ url = \"http://127.0.0.1:{port}/hidden\" }}"));
    site.set("alerts.to", &format!("[{}]", tables.join(", ")));
    let ended = site.crawl().await.with(0);
    assert!(ended.err.contains("alert given up"), "{}", ended.err);
    assert!(!ended.err.contains("hidden"), "{}", ended.err);
    for (receiver, times) in [(&mut good, 1), (&mut bad, 3), (&mut moved, 3)] {
        for _ in 0..times {
            let told = receiver.next("a message").await;
            assert!(told.starts_with("POST /hidden "), "{told}");
        }
        receiver.is_silent();
    }
    // Only what was received counts as told.
    assert_eq!(site.number("select count(*) from alerts").await, 1);
}
