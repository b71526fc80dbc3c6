//! What a replay answers, and to whom.

use std::os::unix::fs::PermissionsExt;

use soracrawl::replies::Packer;
use soracrawl::sim::{Options, Shape};
use sqlx::Row;

use crate::listed::again;
use crate::replays::{API, Replay};
use crate::support::{Site, small, walk};

const FOLLOWERS: &str = "get_user_followers";

async fn crawled() -> Site {
    let site = Site::walk("").await;
    site.crawl().await.with(0);
    site
}

#[tokio::test]
async fn the_stored_bytes_come_back_and_their_cursors_chain() {
    let site = crawled().await;
    let replay = Replay::start(&site, &[]).await;
    let user = site.user(0);
    let (mut cursor, mut pages) = (String::new(), 0);
    loop {
        let parameters = [("user_id", user.as_str()), ("cursor", &cursor)];
        let page = replay.ask(FOLLOWERS, &parameters).await;
        assert_eq!(page.status, 200);
        let sql =
            format!("select body from calls where kept = 1 and coalesce(cursor, '') = '{cursor}'");
        let frame: Vec<u8> = site.rows(&sql).await[0].get(0);
        let stored = Packer::default().unpack(&frame).expect("a reply");
        assert_eq!(page.body, stored, "byte for byte");
        let json = page.json();
        assert_eq!(json["router"], format!("{API}{FOLLOWERS}"));
        assert!(json["request_id"].is_string() && json["data"]["items"].is_array());
        pages += 1;
        match json["data"]["cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(pages, 3);
}

#[tokio::test]
async fn what_is_not_there_is_501_and_says_what_is() {
    let site = crawled().await;
    let replay = Replay::start(&site, &[]).await;
    let user = site.user(0);
    let other = replay.ask(FOLLOWERS, &[("user_id", "user-nobody")]).await;
    assert_eq!(other.status, 501);
    assert!(
        other.message().contains("the pages of 1 subjects"),
        "{}",
        other.message()
    );
    let parameters = [("user_id", user.as_str()), ("cursor", "unknown")];
    let wrong = replay.ask(FOLLOWERS, &parameters).await;
    assert_eq!(wrong.status, 501);
    let message = wrong.message();
    assert!(
        message.contains("3 pages") && message.contains("none (the first page)"),
        "{message}"
    );
    assert_eq!(wrong.json()["detail"]["params"]["cursor"], "unknown");
    for (path, status) in [
        ("get_feed", 501),
        ("get_user_posts", 422),
        ("get_post_detail", 422),
        ("get_nothing", 404),
        ("create_video", 405),
    ] {
        assert_eq!(replay.ask(path, &[]).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn a_subject_that_was_gone_is_gone_again_at_the_same_page() {
    for (call, statuses) in [(1, [404, 501]), (2, [200, 404])] {
        let mut site = Site::walk("").await;
        let (gone, other) = (site.user(0), site.user(1));
        site.sim
            .script(&format!("{FOLLOWERS}@{gone}:{call}=gone"))
            .expect("a script");
        site.set("seeds.users", &format!("{:?}", [&gone, &other]));
        site.crawl().await.with(0);
        let cursors = site
            .texts("select cursor from calls where cursor is not null order by http_status desc limit 1")
            .await;
        let replay = Replay::start(&site, &[]).await;
        let head = replay.ask(FOLLOWERS, &[("user_id", &gone)]).await;
        let parameters = [("user_id", gone.as_str()), ("cursor", &cursors[0])];
        let next = replay.ask(FOLLOWERS, &parameters).await;
        assert_eq!([head.status, next.status], statuses, "{call}");
        let refused = if call == 1 { head } else { next };
        assert!(refused.json()["detail"]["message"].is_string());
        let whole = replay.ask(FOLLOWERS, &[("user_id", &other)]).await;
        assert_eq!(whole.status, 200);
    }
}

#[tokio::test]
async fn other_names_are_refused_and_beyond_this_machine_a_key_is_needed() {
    let site = crawled().await;
    let user = site.user(0);
    let path = format!("{API}{FOLLOWERS}?user_id={user}");
    let replay = Replay::start(&site, &[]).await;
    for host in ["evil.example", "evil.example:80", "127.0.0.1.evil.example"] {
        assert_eq!(
            replay.get(&path, &[("Host", host)]).await.status,
            421,
            "{host}"
        );
    }
    assert_eq!(replay.get(&path, &[]).await.status, 200);
    let open = ["replay", "a.db", "--listen", "0.0.0.0:0"];
    let refused = site.run(&open).await.with(2);
    assert!(refused.err.contains("--key-file"), "{}", refused.err);
    site.run(&["new-key", "replay.key"]).await.with(0);
    let key = std::fs::read_to_string(site.file("replay.key")).expect("a key");
    let replay = Replay::start(&site, &["--key-file", "replay.key"]).await;
    let bearer = format!("Bearer {}", key.trim());
    assert_eq!(
        replay
            .get(&path, &[("Authorization", &bearer)])
            .await
            .status,
        200
    );
    for wrong in ["Bearer 0", &bearer[..bearer.len() - 1], key.trim()] {
        let refused = replay.get(&path, &[("Authorization", wrong)]).await;
        assert_eq!(refused.status, 401);
        assert!(!String::from_utf8_lossy(&refused.body).contains(key.trim()));
    }
    assert_eq!(replay.get(&path, &[]).await.status, 401);
    let shared = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(site.file("replay.key"), shared).expect("a mode");
    let refused = site
        .run(&["replay", "a.db", "--key-file", "replay.key"])
        .await
        .with(2);
    assert!(refused.err.contains("0600"), "{}", refused.err);
}

#[tokio::test]
async fn at_a_time_the_pass_that_had_ended_by_then_is_replayed() {
    let site = Site::walk_in(
        Options {
            growth: 5.0,
            ..walk()
        },
        "",
    )
    .await;
    site.sim.steer("hold").expect("a command");
    site.crawl().await.with(0);
    let user = site.user(0);
    let ended = "select strftime('%Y-%m-%dT%H:%M:%fZ', ended_at + 0.002, 'unixepoch') from jobs";
    let ended = site.texts(ended).await.remove(0);
    site.sim.steer("advance 864000").expect("a command");
    again(&site).await;
    site.crawl().await.with(0);
    let ids = async |more: &[&str]| {
        let replay = Replay::start(&site, more).await;
        let page = replay.ask(FOLLOWERS, &[("user_id", &user)]).await;
        assert_eq!(page.status, 200);
        page.json()["data"]["items"].to_string()
    };
    let (now, then) = (ids(&[]).await, ids(&["--at", &ended]).await);
    assert_ne!(now, then, "the list has grown");
    assert_eq!(ids(&["--at", "2100-01-01"]).await, now);
    let before = Replay::start(&site, &["--at", "2001-01-01"]).await;
    let nothing = before.ask(FOLLOWERS, &[("user_id", &user)]).await;
    assert_eq!(nothing.status, 501);
    let why = "nothing was known at --at (2001-01-01 00:00 UTC): the first reply of this archive is of 20";
    assert!(nothing.message().contains(why), "{}", nothing.message());
    let health = before.get("/api/v1/health/check", &[]).await;
    for answer in [&nothing, &health] {
        let header = format!("soracrawl-nothing-to-serve: {why}");
        assert!(answer.head.contains(&header), "{}", answer.head);
    }
    let said = health.json()["nothing_to_serve"].to_string();
    assert!(said.contains(why), "{said}");
    let ended = before.stop().await.with(0);
    let warned = format!("warning: there is nothing to serve: {why}");
    assert!(ended.err.contains(&warned), "{}", ended.err);
}

#[tokio::test]
async fn a_replay_that_has_something_says_nothing_of_it() {
    let site = crawled().await;
    for more in [&[][..], &["--at", "2100-01-01"]] {
        let replay = Replay::start(&site, more).await;
        let health = replay.get("/api/v1/health/check", &[]).await;
        let other = replay.ask(FOLLOWERS, &[("user_id", "user-nobody")]).await;
        assert_eq!((health.status, other.status), (200, 501));
        assert_eq!(health.json(), serde_json::json!({"status": "ok"}));
        for answer in [&health, &other] {
            assert!(!answer.head.contains("nothing"), "{}", answer.head);
        }
        let ended = replay.stop().await.with(0);
        assert!(!ended.err.contains("warning"), "{}", ended.err);
    }
}

#[tokio::test]
async fn an_archive_is_replayed_while_its_daemon_works_on_it() {
    let site = crawled().await;
    let daemon = site.start(&["run", "--yes"]);
    site.until("select heartbeat_at is not null from runs order by id desc limit 1")
        .await;
    let replay = Replay::start(&site, &[]).await;
    let (user, other) = (site.user(0), site.user(1));
    let page = replay.ask(FOLLOWERS, &[("user_id", &user)]).await;
    assert_eq!(page.status, 200);
    let not_yet = replay.ask(FOLLOWERS, &[("user_id", &other)]).await;
    assert_eq!(not_yet.status, 501);
    site.run(&["seed", "users", &other]).await.with(0);
    site.until("select count(*) = 2 from jobs where stop_reason = 'complete'")
        .await;
    let now = replay.ask(FOLLOWERS, &[("user_id", &other)]).await;
    assert_eq!(now.status, 200, "it sees what has come since");
    daemon.signal("SIGTERM");
    daemon.end().await.with(0);
}

#[tokio::test]
async fn a_call_by_hand_and_the_forms_of_the_official_sdk_are_answered() {
    let site = Site::whole(small(Shape::Wrapped)).await;
    site.crawl().await.with(0);
    let post = site
        .sim
        .world()
        .posts
        .iter()
        .find(|it| !it.is_hidden)
        .expect("a post")
        .id
        .clone();
    let parameter = format!("post_id={post}");
    site.run(&["call", "get_video_download_info", &parameter])
        .await
        .with(0);
    let replay = Replay::start(&site, &["--bill"]).await;
    let url = format!("https://sora.chatgpt.com/p/{post}");
    for form in [
        vec![("post_id", post.as_str())],
        vec![("post_url", url.as_str())],
        vec![("post_id", post.as_str()), ("post_url", "")],
    ] {
        let answer = replay.ask("get_video_download_info", &form).await;
        assert_eq!(answer.status, 200, "{form:?}");
        assert_eq!(answer.json()["data"]["post_id"], post);
    }
    // The SDK sends empty parameters, and a client name.
    let headers = [
        ("Authorization", "Bearer any"),
        ("User-Agent", "tikhub-python/2.1.2"),
        ("Accept", "application/json"),
    ];
    let feed = replay
        .get(&format!("{API}get_feed?cursor="), &headers)
        .await;
    assert_eq!(feed.status, 200);
    assert!(
        feed.head.contains("content-type: application/json"),
        "{}",
        feed.head
    );
    let account = replay
        .get("/api/v1/tikhub/user/get_user_info", &headers)
        .await;
    let balance = account.json()["user_data"]["balance"]
        .as_f64()
        .expect("a balance");
    assert!((balance - (1_000_000.0 - 0.20)).abs() < 0.001, "{balance}");
    let ended = replay.stop().await.with(0);
    assert!(
        ended.out.contains("listed price of all answers: $0.20"),
        "{}",
        ended.out
    );
}
