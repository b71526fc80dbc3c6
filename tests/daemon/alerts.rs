//! Receivers of alerts are told once when a condition begins, and once when it is over.

use soracrawl::sim::{Options, Shape};
use sqlx::Connection;

use crate::receiver::{Receiver, body, seen};
use crate::support::{Site, small, soon};

#[tokio::test]
async fn an_outage_is_told_once_and_its_end_once_also_across_a_restart() {
    let mut receiver = Receiver::start("204 No Content").await;
    let mut site = Site::whole(Options {
        latency_ms: 60,
        ..small(Shape::Wrapped)
    })
    .await;
    let url = format!("http://127.0.0.1:{}/secret-path", receiver.port);
    site.set(
        "alerts.to",
        &format!("[{{ url = \"{url}\", on = [\"stalled\", \"done\"] }}]"),
    )
    .set("alerts.stalled_after_seconds", "1")
    .set("limits.max_in_flight", "1")
    .set("limits.max_attempts", "1000");
    let names = [
        "get_user_posts",
        "get_feed",
        "get_cameo_leaderboard",
        "get_user_followers",
        "get_user_following",
        "get_post_comments",
        "get_user_cameo_appearances",
        "get_post_remix_list",
        "get_comment_replies",
        "get_user_info",
    ];
    let away: Vec<String> = names
        .iter()
        .map(|name| format!("{name}:4+=unavailable"))
        .collect();
    site.sim.script(&away.join("\n")).expect("a script");
    let daemon = site.start(&["run", "--yes"]);
    let told = body(&receiver.next("the outage").await);
    assert_eq!(
        (told["alert"].as_str(), told["state"].as_str()),
        (Some("stalled"), Some("firing")),
        "{told}"
    );
    assert!(
        told["sentence"]
            .as_str()
            .expect("a sentence")
            .starts_with("stalled: "),
        "{told}"
    );
    let progress = site.run(&["status", "--check", "--progress"]).await.with(3);
    assert!(progress.out.starts_with("stalled: "), "{}", progress.out);
    site.run(&["status", "--check"]).await.with(0);
    daemon.signal("SIGTERM");
    let ended = daemon.end().await.with(0);
    assert!(
        !ended.err.contains("secret-path") && !ended.out.contains("secret-path"),
        "{}",
        ended.err
    );
    // The next daemon finds the same outage: it is no news.
    let mut daemon = site.start(&["run", "--yes"]);
    daemon.until_logged("crawl started").await;
    // A daemon that has just started counts as working: that is no evidence.
    let progress =
        async { while site.run(&["status", "--check", "--progress"]).await.code != 3 {} };
    soon("the same outage", progress).await;
    receiver.is_silent();
    site.sim.heal();
    let told = body(&receiver.next("the end of the outage").await);
    assert_eq!(
        (told["alert"].as_str(), told["state"].as_str()),
        (Some("stalled"), Some("resolved")),
        "{told}"
    );
    let told = body(&receiver.next("the end of the work").await);
    assert_eq!(
        (told["alert"].as_str(), told["state"].as_str()),
        (Some("done"), Some("firing")),
        "{told}"
    );
    daemon.signal("SIGTERM");
    daemon.end().await.with(0);
    assert_eq!(
        site.number("select count(*) from jobs where state = 'failed'")
            .await,
        0
    );
    let config = site.run(&["check-config"]).await.with(0);
    assert!(!config.out.contains("secret-path"), "{}", config.out);
}

#[tokio::test]
async fn a_test_of_the_alerts_says_which_receiver_does_not_answer() {
    let mut good = Receiver::start("200 OK").await;
    let bad = Receiver::start("500 Oops").await;
    let mut site = Site::new(small(Shape::Wrapped)).await;
    site.run(&["alerts", "test"]).await.with(2);
    site.set(
        "alerts.to",
        &format!(
            "[{{ url = \"http://127.0.0.1:{}/a\", format = \"slack\" }}, {{ url = \"http://127.0.0.1:{}/hidden\" }}]",
            good.port, bad.port
        ),
    );
    let tested = site.run(&["alerts", "test"]).await.with(1);
    assert!(
        tested.out.contains("receiver 1: accepted"),
        "{}",
        tested.out
    );
    assert!(
        tested.err.contains("receiver 2: the receiver answered 500"),
        "{}",
        tested.err
    );
    assert!(!tested.err.contains("hidden"), "{}", tested.err);
    let message = body(&good.next("a message").await);
    assert!(
        message["text"].as_str().expect("a text").contains("test"),
        "{message}"
    );
}

#[tokio::test]
async fn every_receiver_is_told_while_the_archive_is_locked() {
    let mut receivers = [
        Receiver::start("204 No Content").await,
        Receiver::start("204 No Content").await,
    ];
    let mut site = Site::whole(Options {
        latency_ms: 100,
        ..small(Shape::Wrapped)
    })
    .await;
    let tables = receivers.iter().map(|it| {
        format!(
            "{{ url = \"http://127.0.0.1:{}/a\", on = [\"unwritable\"] }}",
            it.port
        )
    });
    let tables: Vec<String> = tables.collect();
    site.set("alerts.to", &format!("[{}]", tables.join(", ")))
        .set("limits.requests_per_second", "5");
    let mut daemon = site.start(&["run", "--yes"]);
    soon("some pages", site.sim.answered(3)).await;
    let lock = site.lock().await;
    for receiver in &mut receivers {
        let told = body(&receiver.next("the lock").await);
        assert_eq!(seen(&told), ("unwritable", "firing"), "{told}");
        let sentence = told["sentence"].as_str().expect("a sentence");
        assert!(
            sentence.contains("the archive cannot be written"),
            "{sentence}"
        );
    }
    site.run(&["status", "--check"]).await.with(0);
    lock.close().await.expect("a clean close");
    for receiver in &mut receivers {
        let told = body(&receiver.next("the end of the lock").await);
        assert_eq!(seen(&told), ("unwritable", "resolved"), "{told}");
    }
    daemon
        .until_logged("the archive can be written again")
        .await;
    daemon.signal("SIGTERM");
    daemon.end().await.with(0);
    assert_eq!(site.sim.account().total.repeats, 0);
}

#[tokio::test]
async fn a_ping_is_sent_and_a_receiver_without_its_file_is_refused() {
    let mut receiver = Receiver::start("204 No Content").await;
    let mut site = Site::whole(small(Shape::Flat)).await;
    let url = format!("\"http://127.0.0.1:{}/ping-secret\"", receiver.port);
    site.set("alerts.ping_url", &url);
    let daemon = site.start(&["run", "--yes"]);
    let ping = receiver.next("a ping").await;
    assert!(ping.starts_with("GET /ping-secret "), "{ping}");
    daemon.signal("SIGTERM");
    let ended = daemon.end().await.with(0);
    assert!(!ended.err.contains("ping-secret"), "{}", ended.err);
    site.set("alerts.to", "[{ url_file = \"absent\" }]");
    for command in [vec!["check-config"], vec!["run", "--yes"]] {
        let refused = site.run(&command).await.with(2);
        let why = "alerts.to: table 1: url_file: cannot read";
        assert!(refused.err.contains(why), "{command:?}: {}", refused.err);
    }
}
