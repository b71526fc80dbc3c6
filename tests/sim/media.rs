//! The simulator serves the files of its world, by signed URLs that expire.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};
use soracrawl::sim::{Endpoint, Options, Shape, Sim};

use crate::client::{Answer, call, get, list, raw, send};

pub async fn site(shape: Shape) -> Sim {
    let options = Options {
        shape,
        media: true,
        media_bytes: Some(4_000),
        ..Options::default()
    };
    let sim = Sim::start(options).await.expect("a simulator");
    sim.steer("hold").expect("a command");
    sim
}

/// Asks for a URL with further headers, each `name: value`.
pub async fn fetch(sim: &Sim, url: &str, headers: &[&str]) -> Answer {
    asked(sim, "GET", url, headers).await
}

async fn asked(sim: &Sim, method: &str, url: &str, headers: &[&str]) -> Answer {
    let path = url.strip_prefix(&sim.base_url()).expect("an own URL");
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: sim\r\nConnection: close\r\n");
    for header in headers {
        request.push_str(header);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    raw(sim, request.as_bytes(), usize::MAX)
        .await
        .expect("an answer")
}

pub fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

/// Collects all strings that are URLs of files.
fn urls(value: &Value, all: &mut Vec<String>) {
    match value {
        Value::String(text) if text.contains("?se=") || text.ends_with(".png") => {
            all.push(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|it| urls(it, all)),
        Value::Object(fields) => fields.values().for_each(|it| urls(it, all)),
        _ => {}
    }
}

/// Returns the URLs of the feed's first page, each path once.
pub async fn feed(sim: &Sim) -> Vec<String> {
    let page = call(sim, Endpoint::Feed, "", "").await.data();
    let mut all = Vec::new();
    urls(list(&page), &mut all);
    all.sort();
    all.dedup();
    all
}

/// Returns the URL of a large file: the video of a post.
pub async fn video(sim: &Sim) -> String {
    let all = feed(sim).await;
    let wanted = |it: &&String| it.contains("%2Fdrvs%2Fmd%2Fraw");
    all.iter().find(wanted).expect("a video").clone()
}

pub fn path_of(sim: &Sim, url: &str) -> String {
    let path = url.strip_prefix(&sim.base_url()).expect("an own URL");
    path.split('?').next().unwrap_or("").to_owned()
}

#[tokio::test]
async fn every_url_of_a_reply_leads_to_the_file_of_the_truth_in_both_shapes() {
    for shape in [Shape::Wrapped, Shape::Flat] {
        let sim = site(shape).await;
        let truth: BTreeMap<_, _> = sim
            .files()
            .into_iter()
            .map(|it| (it.path.clone(), it))
            .collect();
        let all = feed(&sim).await;
        assert!(all.len() > 50, "{}", all.len());
        for url in &all {
            let answer = fetch(&sim, url, &[]).await;
            let file = &truth[&path_of(&sim, url)];
            assert_eq!(answer.status, 200, "{url}");
            assert_eq!(answer.body.len() as u64, file.bytes, "{url}");
            assert_eq!(answer.headers["content-type"], file.content_type, "{url}");
            assert_eq!(sha256(&answer.body), file.sha256, "{url}");
            assert!(answer.is_whole() && answer.headers["etag"].starts_with("\"0x8"));
            assert!(answer.headers["last-modified"].ends_with(" GMT"));
            let magic: &[u8] = match file.content_type {
                "image/webp" => b"RIFF",
                "image/gif" => b"GIF89a",
                "image/png" => b"\x89PNG",
                _ => b"\0\0\0\x18ftyp",
            };
            assert!(answer.body.starts_with(magic), "{url}");
        }
        let kinds: Vec<_> = ["video/mp4", "image/webp", "image/gif", "image/png"]
            .into_iter()
            .filter(|kind| truth.values().any(|it| it.content_type == *kind))
            .collect();
        assert_eq!(kinds.len(), 4);
        let requests = sim.file_requests();
        assert_eq!(requests.len(), all.len());
        assert!(requests.iter().all(|it| it.requests == 1 && it.served == 1));
        assert!(requests.iter().all(|it| it.bytes == truth[&it.path].bytes));
    }
}

#[tokio::test]
async fn some_files_have_the_same_content_under_other_paths_and_sizes_follow_the_option() {
    let sim = site(Shape::Wrapped).await;
    let files = sim.files();
    let mut by_content = BTreeMap::<_, usize>::new();
    for file in &files {
        *by_content.entry(&file.sha256).or_default() += 1;
    }
    assert!(by_content.values().any(|count| *count > 5));
    assert!(by_content.len() > files.len() / 2);
    let largest = files.iter().map(|it| it.bytes).max();
    assert_eq!(largest, Some(6_000));
    let again = site(Shape::Wrapped).await;
    assert_eq!(again.files(), files);
    let bare = Sim::start(Options::default()).await.expect("a simulator");
    assert_eq!(bare.files(), []);
    let page = call(&bare, Endpoint::Feed, "", "").await.text();
    assert!(page.contains("https://videos.openai.com/") && !page.contains(&bare.base_url()));
}

#[tokio::test]
async fn the_size_in_a_reply_is_that_of_the_file() {
    let sim = site(Shape::Wrapped).await;
    let page = call(&sim, Endpoint::Feed, "", "").await.data();
    let mut seen = 0;
    for post in page["items"].as_array().expect("items") {
        let attachments = post["post"]["attachments"].as_array().expect("a list");
        for (name, encoding) in attachments
            .iter()
            .filter_map(|it| it["encodings"].as_object())
            .flatten()
        {
            if let (Some(size), Some(url)) = (encoding["size"].as_u64(), encoding["path"].as_str())
            {
                let head = asked(&sim, "HEAD", url, &[]).await;
                assert_eq!(head.headers["content-length"], size.to_string(), "{name}");
                assert_eq!((head.status, head.body.len()), (200, 0));
                seen += 1;
            }
        }
    }
    assert!(seen > 10);
    let requests = sim.file_requests();
    assert!(requests.iter().all(|it| it.served == 0 && it.bytes == 0));
}

#[tokio::test]
async fn ranges_and_if_range_are_obeyed() {
    let sim = site(Shape::Wrapped).await;
    let url = video(&sim).await;
    let whole = fetch(&sim, &url, &[]).await;
    let (etag, modified) = (&whole.headers["etag"], &whole.headers["last-modified"]);
    let total = whole.body.len();
    for if_range in [
        String::new(),
        format!("If-Range: {etag}"),
        format!("If-Range: {modified}"),
    ] {
        let headers = ["Range: bytes=100-", if_range.as_str()];
        let headers = headers.into_iter().filter(|it| !it.is_empty());
        let part = fetch(&sim, &url, &headers.collect::<Vec<_>>()).await;
        assert_eq!(part.status, 206, "{if_range}");
        assert_eq!(
            part.headers["content-range"],
            format!("bytes 100-{}/{total}", total - 1)
        );
        assert_eq!(part.body, whole.body[100..]);
        assert_eq!(&part.headers["etag"], etag);
    }
    let other = fetch(&sim, &url, &["Range: bytes=100-", "If-Range: \"0x0\""]).await;
    assert_eq!((other.status, &other.body), (200, &whole.body));
    let beyond = fetch(&sim, &url, &[&format!("Range: bytes={total}-")]).await;
    assert_eq!(beyond.status, 416);
    assert_eq!(beyond.headers["content-range"], format!("bytes */{total}"));
    assert!(beyond.text().contains("<Code>InvalidRange</Code>"));
}

#[tokio::test]
async fn a_signature_expires_by_the_simulators_clock_and_a_later_reply_signs_the_path_again() {
    let sim = site(Shape::Wrapped).await;
    let url = video(&sim).await;
    assert_eq!(fetch(&sim, &url, &[]).await.status, 200);
    sim.steer("advance 345600").expect("a command");
    let late = fetch(&sim, &url, &[]).await;
    assert_eq!(
        (late.status, &*late.headers["content-type"]),
        (403, "application/xml")
    );
    assert!(late.text().contains("<Code>AuthenticationFailed</Code>"));
    assert!(late.text().contains("Expiry ["), "{}", late.text());
    let path = path_of(&sim, &url);
    let all = feed(&sim).await;
    let again = all.iter().find(|it| path_of(&sim, it) == path);
    let again = again.expect("the same path");
    assert_ne!(again, &url);
    assert_eq!(fetch(&sim, again, &[]).await.status, 200);
    let statuses = sim.file_requests()[0].statuses.clone();
    assert_eq!(statuses, [200, 403, 200]);
}

#[tokio::test]
async fn a_wrong_signature_is_refused_and_so_is_an_unknown_file() {
    let sim = site(Shape::Wrapped).await;
    let url = video(&sim).await;
    let (path, query) = url.split_once('?').expect("a query");
    let later = query.replacen("se=2", "se=3", 1);
    for wrong in [
        path.to_owned(),
        format!("{path}?{later}"),
        format!("{}?{query}", path.replace("md", "ld")),
    ] {
        let refused = fetch(&sim, &wrong, &[]).await;
        assert_eq!(refused.status, 403, "{wrong}");
        assert!(refused.text().contains("Signature did not match"));
    }
    let deleted = asked(&sim, "DELETE", &url, &[]).await;
    assert_eq!(deleted.status, 405);
    assert_eq!(
        get(&sim, "/api/v1/nothing")
            .await
            .expect("an answer")
            .status,
        404
    );
}

#[tokio::test]
async fn the_routes_of_the_simulator_tell_files_and_requests() {
    let sim = site(Shape::Wrapped).await;
    let url = video(&sim).await;
    fetch(&sim, &url, &["Range: bytes=0-9"]).await;
    let told = get(&sim, "/sim/media").await.expect("an answer").json();
    assert_eq!(told[0]["path"], path_of(&sim, &url));
    assert_eq!(
        (told[0]["requests"].as_u64(), told[0]["bytes"].as_u64()),
        (Some(1), Some(10))
    );
    let truth = get(&sim, "/sim/truth/media")
        .await
        .expect("an answer")
        .json();
    assert_eq!(truth.as_array().map(Vec::len), Some(sim.files().len()));
    assert_eq!(truth[0]["sha256"], sim.files()[0].sha256);
    let rules = b"media@md:1=expired\nget_feed:9=throttle";
    let added = send(&sim, "POST", "/sim/script", "", "text/plain", rules).await;
    assert_eq!(added.expect("an answer").status, 200);
    assert_eq!(fetch(&sim, &url, &[]).await.status, 403);
}
