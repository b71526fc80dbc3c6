//! Receivers of alerts are told once when a condition begins, and once when it is over.

use serde_json::Value;
use soracrawl::sim::{Options, Shape};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{Site, small, soon};

/// A receiver of alerts that answers each request with a status, and what it received.
struct Receiver {
    port: u16,
    received: tokio::sync::mpsc::UnboundedReceiver<String>,
}

impl Receiver {
    async fn start(status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (send, received) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut bytes = Vec::new();
                let mut some = [0; 4096];
                loop {
                    let read = stream.read(&mut some).await.unwrap_or(0);
                    bytes.extend(&some[..read]);
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    let length = text
                        .lines()
                        .find_map(|line| {
                            line.to_ascii_lowercase()
                                .strip_prefix("content-length: ")?
                                .parse()
                                .ok()
                        })
                        .unwrap_or(0);
                    let is_whole = text
                        .split_once("\r\n\r\n")
                        .is_some_and(|(_, body)| body.len() >= length);
                    if read == 0 || is_whole {
                        break;
                    }
                }
                let answer =
                    format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = send.send(String::from_utf8_lossy(&bytes).into_owned());
            }
        });
        Self { port, received }
    }

    async fn next(&mut self, what: &str) -> String {
        soon(what, self.received.recv()).await.expect("a message")
    }
}

fn body(message: &str) -> Value {
    let (_, body) = message.split_once("\r\n\r\n").expect("a body");
    serde_json::from_str(body).expect("JSON")
}

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
