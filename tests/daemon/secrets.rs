//! Logs and files contain neither the API key, nor its ends, nor the signatures of cached replies.

use soracrawl::replies::Packer;
use soracrawl::sim::{DEFAULT_KEY, Options, Shape};

use crate::support::{Ended, Site, small, soon};

/// Returns the key and its ends, which no output may contain.
fn secrets() -> [&'static [u8]; 3] {
    let key = DEFAULT_KEY.as_bytes();
    [key, &key[..8], &key[key.len() - 8..]]
}

fn has(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

/// Returns whether a text contains at least 8 hexadecimal digits after `sign=`, as in the URL of a cached reply.
fn has_signature(text: &[u8]) -> bool {
    memchr::memmem::find_iter(text, b"sign=").any(|at| {
        let digits = text[at + 5..]
            .iter()
            .take_while(|byte| byte.is_ascii_hexdigit());
        digits.count() >= 8
    })
}

async fn assert_no_secrets(site: &Site, outputs: &[Ended]) {
    for ended in outputs {
        for text in [&ended.out, &ended.err] {
            assert!(
                secrets().iter().all(|secret| !has(text.as_bytes(), secret)),
                "{text}"
            );
            assert!(!has_signature(text.as_bytes()), "{text}");
        }
    }
    let files = std::fs::read_dir(site.archive().parent().expect("a folder")).expect("the folder");
    let mut searched = 0;
    for file in files {
        let path = file.expect("a file").path();
        let bytes = std::fs::read(&path).expect("a file");
        assert!(
            secrets().iter().all(|secret| !has(&bytes, secret)),
            "the key is in {}",
            path.display()
        );
        assert!(
            !has_signature(&bytes),
            "a signature is in {}",
            path.display()
        );
        searched += 1;
    }
    assert!(searched >= 2, "the archive and the configuration at least");
    let mut bodies = 0;
    let (packer, _) = Packer::new(&site.dictionaries().await);
    for row in site
        .rows("select body from calls where body is not null")
        .await
    {
        let body: Vec<u8> = sqlx::Row::get(&row, 0);
        let body = packer.unpack(&body).expect("zstd");
        assert!(
            secrets().iter().all(|secret| !has(&body, secret)),
            "{}",
            String::from_utf8_lossy(&body)
        );
        assert!(!has_signature(&body), "{}", String::from_utf8_lossy(&body));
        bodies += 1;
    }
    assert!(bodies > 0, "the archive contains no reply");
}

#[tokio::test]
async fn a_refused_key_that_the_remote_repeats_is_written_nowhere() {
    let mut site = Site::whole(small(Shape::Wrapped)).await;
    site.sim
        .script("get_user_followers:2=key-refused")
        .expect("a script");
    site.set("log.level", "\"trace\"")
        .set("limits.max_in_flight", "1");
    let first = site.crawl().await.with(4);
    // The account call is refused now.
    let second = site.crawl().await.with(4);
    let user = format!("user_id={}", site.user(0));
    let by_hand = site.run(&["call", "get_user_profile", &user]).await.with(4);
    let shown = site.run(&["jobs", "--json"]).await;
    let status = site.run(&["status"]).await;
    assert!(first.err.contains("401"), "{}", first.err);
    let kept = site
        .texts("select error from calls where http_status = 401")
        .await;
    assert!(kept.len() >= 3, "{kept:?}");
    assert_no_secrets(&site, &[first, second, by_hand, shown, status]).await;
}

#[tokio::test]
async fn headers_that_the_remote_echoes_with_a_402_are_written_nowhere() {
    let mut site = Site::whole(small(Shape::Flat)).await;
    site.sim
        .script("get_user_followers:2=credit-exhausted")
        .expect("a script");
    site.set("log.level", "\"trace\"");
    let crawled = site.crawl().await.with(4);
    let user = format!("user_id={}", site.user(0));
    let by_hand = site.run(&["call", "get_user_profile", &user]).await.with(4);
    assert!(crawled.err.contains("402"), "{}", crawled.err);
    assert_no_secrets(&site, &[crawled, by_hand]).await;
}

#[tokio::test]
async fn signatures_of_cached_replies_are_written_nowhere_in_a_complete_crawl() {
    let mut site = Site::whole(Options {
        faults: 0.1,
        retry_after_seconds: 0,
        ..small(Shape::Flat)
    })
    .await;
    site.set("log.level", "\"trace\"");
    let crawled = site.crawl().await.with(0);
    let user = format!("user_id={}", site.user(0));
    let by_hand = site.run(&["call", "get_user_profile", &user]).await;
    assert!(
        site.number("select count(*) from calls where kept = 1")
            .await
            > 20
    );
    assert_no_secrets(&site, &[crawled, by_hand]).await;
}

#[tokio::test]
async fn the_wal_of_a_killed_crawl_contains_no_secret() {
    let mut site = Site::whole(Options {
        latency_ms: 3,
        ..small(Shape::Wrapped)
    })
    .await;
    site.sim
        .script("get_user_followers:1=key-refused")
        .expect("a script");
    site.set("limits.max_in_flight", "1");
    let mut daemon = site.start(&["run", "--until-idle"]);
    let refused = async {
        let mut calls = 1;
        while !site.sim.log().iter().any(|entry| entry.status == 401) {
            site.sim.answered(calls).await;
            calls += 1;
        }
    };
    tokio::select! {
        () = soon("a refusal", refused) => {}
        _ = daemon.until_exit() => {}
    }
    daemon.kill();
    assert_no_secrets(&site, &[]).await;
}
