//! Each fault of the files behaves as documented, and hits the request that its rule names.

use soracrawl::sim::{MediaFault, MediaRule, Shape, Sim};

use crate::client::{Answer, raw};
use crate::media::{fetch, path_of, sha256, site, video};

/// Starts a simulator with a fault of every request for videos. Returns it with a URL and the correct answer.
async fn faulty(fault: &str) -> (Sim, String, Answer) {
    let sim = site(Shape::Wrapped).await;
    let url = video(&sim).await;
    let whole = fetch(&sim, &url, &[]).await;
    assert_eq!(whole.status, 200);
    sim.script(&format!("media@drvs%2Fmd:1+={fault}"))
        .expect("a rule");
    (sim, url, whole)
}

#[tokio::test]
async fn ranges_are_ignored_refused_or_answered_from_elsewhere() {
    let range = ["Range: bytes=200-"];
    let (sim, url, whole) = faulty("range-ignored").await;
    let answer = fetch(&sim, &url, &range).await;
    assert_eq!((answer.status, &answer.body), (200, &whole.body));
    let (sim, url, whole) = faulty("wrong-start").await;
    let answer = fetch(&sim, &url, &range).await;
    assert_eq!((answer.status, &*answer.body), (206, &whole.body[100..]));
    assert!(answer.headers["content-range"].starts_with("bytes 100-"));
    let (sim, url, _) = faulty("range-refused").await;
    assert_eq!(fetch(&sim, &url, &range).await.status, 416);
    // A request without a range cannot have the fault, and does not count.
    assert_eq!(fetch(&sim, &url, &[]).await.status, 200);
}

#[tokio::test]
async fn short_bodies_are_short_with_and_without_a_true_length() {
    let (sim, url, whole) = faulty("cut-body").await;
    let answer = fetch(&sim, &url, &[]).await;
    assert_eq!(
        answer.headers["content-length"],
        whole.body.len().to_string()
    );
    assert_eq!(answer.body, whole.body[..whole.body.len() / 2]);
    assert_eq!(answer.headers["etag"], whole.headers["etag"]);
    let (sim, url, whole) = faulty("lying-length").await;
    let answer = fetch(&sim, &url, &[]).await;
    assert!(answer.is_whole());
    assert_eq!(answer.body, whole.body[..whole.body.len() / 2]);
    let request = sim
        .file_requests()
        .into_iter()
        .find(|it| it.path == path_of(&sim, &url));
    let bytes = whole.body.len() + whole.body.len() / 2;
    assert_eq!(request.map(|it| it.bytes), Some(bytes as u64));
}

#[tokio::test]
async fn refusals_and_redirects_say_where_they_lead() {
    for (fault, status, location) in [
        ("html-200", 200, ""),
        ("expired", 403, ""),
        ("unavailable", 503, ""),
        ("redirect-private", 302, "http://10.0.0.1/"),
        ("redirect-metadata", 302, "http://169.254.169.254/"),
        ("redirect-allowed", 302, "/az/files/"),
    ] {
        let (sim, url, whole) = faulty(fault).await;
        let answer = fetch(&sim, &url, &[]).await;
        assert_eq!(answer.status, status, "{fault}");
        let to = answer.headers.get("location").map_or("", String::as_str);
        assert!(to.starts_with(location), "{fault}: {to}");
        match fault {
            "html-200" => assert!(answer.text().starts_with("<!DOCTYPE html>")),
            "expired" => assert!(answer.text().contains("AuthenticationFailed")),
            "unavailable" => assert_eq!(answer.headers["retry-after"], "1"),
            "redirect-allowed" => {
                let there = fetch(&sim, &format!("{}{to}", sim.base_url()), &[]).await;
                assert_eq!((there.status, there.body), (200, whole.body));
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_changed_file_keeps_its_tag_and_a_new_version_does_not() {
    let (sim, url, whole) = faulty("changed-content").await;
    let tag = format!("If-Range: {}", whole.headers["etag"]);
    let range = ["Range: bytes=100-", tag.as_str()];
    let rest = fetch(&sim, &url, &range).await;
    assert_eq!(rest.status, 206);
    assert_eq!(rest.headers["etag"], whole.headers["etag"]);
    let mixed = [&whole.body[..100], &rest.body].concat();
    assert_eq!(mixed.len(), whole.body.len());
    assert_ne!(sha256(&mixed), sha256(&whole.body));
    let (sim, url, whole) = faulty("new-version").await;
    let tag = format!("If-Range: {}", whole.headers["etag"]);
    let second = fetch(&sim, &url, &["Range: bytes=100-", tag.as_str()]).await;
    assert_eq!((second.status, second.body.len()), (200, whole.body.len()));
    assert_ne!(second.headers["etag"], whole.headers["etag"]);
    assert_ne!(
        second.headers["last-modified"],
        whole.headers["last-modified"]
    );
    assert_ne!(second.body, whole.body);
}

#[tokio::test]
async fn a_slow_body_arrives_byte_by_byte() {
    let (sim, url, whole) = faulty("slow-drip").await;
    let path = url.strip_prefix(&sim.base_url()).expect("an own URL");
    let request = format!("GET {path} HTTP/1.1\r\nHost: sim\r\nConnection: close\r\n\r\n");
    // The head is complete after fewer than 600 bytes; with it come few bytes of the body.
    let answer = raw(&sim, request.as_bytes(), 1).await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => panic!("the head comes at once: {error}"),
    };
    assert!(answer.body.len() < 10 && whole.body.starts_with(&answer.body));
}

#[test]
fn rules_are_parsed_and_wrong_ones_are_refused() {
    for fault in MediaFault::ALL {
        let rule: MediaRule = format!("media@a%2Fb:2+={}", fault.name())
            .parse()
            .expect("a rule");
        assert_eq!(
            (rule.fault, rule.request, &*rule.path),
            (*fault, 2, "a%2Fb")
        );
    }
    for wrong in [
        "media=expired",
        "media:0=expired",
        "medium:1=expired",
        "media:1=nothing",
    ] {
        assert!(wrong.parse::<MediaRule>().is_err(), "{wrong}");
    }
}
