//! Who may ask a replay, and how many at the same time.

use std::os::unix::fs::PermissionsExt;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::replays::{API, Replay};
use crate::support::Site;

const FEED: &str = "get_user_followers";

#[tokio::test]
async fn a_request_must_name_the_replay_in_its_one_host_header_and_in_its_target() {
    let site = Site::walk("").await;
    site.crawl().await.with(0);
    let path = format!("{API}{FEED}?user_id={}", site.user(0));
    let replay = Replay::start(&site, &[]).await;
    let address = replay.address.clone();
    let port = address.rsplit(':').next().expect("a port").to_owned();
    let ours = [
        address.clone(),
        "127.0.0.1".to_owned(),
        format!("LOCALHOST:{port}"),
        format!("[::1]:{port}"),
        format!("  {address}  "),
    ];
    for host in &ours {
        let answer = replay.get(&path, &[("Host", host)]).await;
        assert_eq!(answer.status, 200, "{host}");
    }
    for host in [
        format!("{address}.evil.com"),
        format!("{address}@evil.com"),
        format!("user@{address}"),
        format!("localhost.:{port}"),
        format!("::1:{port}"),
        format!("127.0.0.1:+{port}"),
        "127.0.0.1:".to_owned(),
        "127.0.0.1:65536".to_owned(),
        "evil.com".to_owned(),
        String::new(),
    ] {
        // A host that is none is refused before it is read: 400.
        let status = replay.get(&path, &[("Host", &host)]).await.status;
        assert!([421, 400].contains(&status), "{host}: {status}");
    }
    let twice = [("Host", address.as_str()), ("Host", "evil.com")];
    assert_eq!(replay.get(&path, &twice).await.status, 421);
    for target in ["evil.com".to_owned(), format!("{address}.evil.com")] {
        let whole = format!("http://{target}{path}");
        let status = replay.get(&whole, &[]).await.status;
        assert!([421, 400].contains(&status), "{target}: {status}");
    }
    let whole = format!("http://{address}{path}");
    assert_eq!(replay.get(&whole, &[]).await.status, 200);
}

#[tokio::test]
async fn clients_that_say_nothing_or_little_keep_nobody_out() {
    let site = Site::walk("").await;
    site.crawl().await.with(0);
    let replay = Replay::start(&site, &[]).await;
    let mut silent = Vec::new();
    for number in 0..600 {
        let mut client = TcpStream::connect(&replay.address)
            .await
            .expect("a connection");
        if number % 2 == 0 {
            client
                .write_all(b"GET / HTTP/1.1\r\nHo")
                .await
                .expect("it is sent");
        }
        silent.push(client);
    }
    let user = site.user(0);
    let answer = replay.ask(FEED, &[("user_id", &user)]).await;
    assert_eq!(answer.status, 200);
    replay.stop().await.with(0);
}

#[tokio::test]
async fn a_key_file_that_is_no_key_is_refused_with_the_reason() {
    let site = Site::walk("").await;
    site.crawl().await.with(0);
    for (text, mode, named) in [
        (None, 0o600, "no such file"),
        (Some(""), 0o600, "expected one key"),
        (Some("short"), 0o600, "expected one key"),
        (Some("two keys of many letters"), 0o600, "expected one key"),
        (Some("0123456789abcdefé"), 0o600, "expected one key"),
        (Some("0123456789abcdef"), 0o640, "0600"),
    ] {
        let file = site.file("replay.key");
        let _ = std::fs::remove_file(&file);
        if let Some(text) = text {
            std::fs::write(&file, text).expect("a file");
            let mode = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(&file, mode).expect("a mode");
        }
        let arguments = [
            "replay",
            "a.db",
            "--listen",
            "0.0.0.0:0",
            "--key-file",
            "replay.key",
        ];
        let refused = site.run(&arguments).await.with(2);
        assert!(refused.err.contains(named), "{text:?}: {}", refused.err);
    }
    let folder = ["replay", "a.db", "--key-file", "."];
    site.run(&folder).await.with(2);
}

#[tokio::test]
async fn beyond_this_machine_the_printed_address_works_with_the_key() {
    let site = Site::walk("").await;
    site.crawl().await.with(0);
    site.run(&["new-key", "replay.key"]).await.with(0);
    let key = std::fs::read_to_string(site.file("replay.key")).expect("a key");
    let mut replay = Replay::start_at(&site, "0.0.0.0", &["--key-file", "replay.key"]).await;
    let port = replay
        .address
        .rsplit(':')
        .next()
        .expect("a port")
        .to_owned();
    replay.address = format!("127.0.0.1:{port}");
    let path = format!("{API}{FEED}?user_id={}", site.user(0));
    let bearer = format!("Bearer {}", key.trim());
    for (host, status) in [
        (replay.address.clone(), 200),
        (format!("0.0.0.0:{port}"), 421),
        (format!("10.1.2.3:{port}"), 421),
    ] {
        let headers = [("Host", host.as_str()), ("Authorization", &bearer)];
        assert_eq!(replay.get(&path, &headers).await.status, status, "{host}");
    }
    let line = format!("api.base_url = \"http://{}\"", replay.address);
    let ended = replay.stop().await.with(0);
    assert!(
        ended.out.contains(&line) && ended.out.contains("web.hosts"),
        "{}",
        ended.out
    );
}
