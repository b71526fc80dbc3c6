//! Calls by hand: the ledger and the archive treat them as any other call, and a creating call is never repeated.

use soracrawl::sim::{Endpoint, Shape};

use crate::support::{Place, Site, small};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\xcc\0\0\x02\x80";

async fn site() -> Site {
    Site::new(small(Shape::Wrapped)).await
}

fn write(place: &Place, name: &str, bytes: &[u8]) -> String {
    std::fs::write(place.file(name), bytes).expect("a file");
    name.to_owned()
}

#[tokio::test]
async fn a_call_prints_its_data_and_its_rows_are_archived() {
    let site = site().await;
    let user = site.user(0);
    let ended = site
        .run(&["call", "get_user_followers", &format!("user_id={user}")])
        .await
        .with(0);
    let shown = ended.json();
    let truth = site
        .sim
        .world()
        .ids(Endpoint::Followers, &user)
        .expect("a user");
    let page = truth.len().min(4);
    assert_eq!(shown["items"].as_array().expect("items").len(), page);
    let archived = site
        .texts("select follower_user_id from follow_edges")
        .await;
    assert_eq!(archived.len(), page);
    assert!(archived.iter().all(|id| truth.contains(id)));
    let calls = site.calls().await;
    assert_eq!(
        (calls.len(), calls[0].kept, calls[0].cost),
        (1, true, 50_000)
    );
    assert_eq!(site.charged().await, site.bill());
    assert_eq!(
        site.texts("select kind || ' ' || end_reason from runs")
            .await,
        ["call idle"]
    );
    site.assert_settled().await;
}

#[tokio::test]
async fn every_read_endpoint_can_be_called_by_hand() {
    let site = site().await;
    let world = site.sim.world();
    let user = format!("user_id={}", site.user(0));
    let post = format!("post_id={}", world.posts[0].id);
    let url = format!("post_url=https://sora.chatgpt.com/p/{}", world.posts[0].id);
    let comment = format!("comment_id={}", world.comments[0].id);
    let name = format!("username={}", world.people[0].username);
    for (endpoint, parameters) in [
        ("get_user_profile", vec![&user]),
        ("get_user_posts", vec![&user]),
        ("get_user_followers", vec![&user]),
        ("get_user_following", vec![&user]),
        ("get_user_cameo_appearances", vec![&user]),
        ("get_post_detail", vec![&post]),
        ("get_post_detail", vec![&url]),
        ("get_post_comments", vec![&post]),
        ("get_comment_replies", vec![&comment]),
        ("get_post_remix_list", vec![&post]),
        ("get_video_download_info", vec![&post]),
        ("search_users", vec![&name]),
        ("get_feed", vec![]),
        ("get_cameo_leaderboard", vec![]),
    ] {
        let mut arguments = vec!["call", endpoint];
        arguments.extend(parameters.into_iter().map(String::as_str));
        let ended = site.run(&arguments).await.with(0);
        assert!(ended.json().is_object(), "{endpoint}: {}", ended.out);
    }
    assert_eq!(
        site.number("select count(*) from calls where kept = 1")
            .await,
        14
    );
    assert_eq!(site.charged().await, site.bill());
    site.assert_settled().await;
}

#[tokio::test]
async fn invalid_parameters_are_a_usage_error_and_cost_nothing() {
    let site = site().await;
    for (arguments, named) in [
        (&["call", "get_nothing"][..], "soracrawl endpoints"),
        (&["call", "get_user_posts"], "user_id"),
        (&["call", "get_user_posts", "user_id="], "user_id"),
        (&["call", "get_user_posts", "user=x"], "user_id, cursor"),
        (&["call", "get_user_posts", "x"], "KEY=VALUE"),
        (&["call", "get_post_detail"], "post_id, post_url"),
        (&["call", "get_feed", "--file", "x.png"], "--file"),
        (&["call", "create_video", "--yes"], "prompt"),
        (
            &[
                "call",
                "create_video",
                "prompt=x",
                "orientation=round",
                "--yes",
            ],
            "landscape",
        ),
        (
            &["call", "create_video", "prompt=x", "media_id=7", "--yes"],
            "media_",
        ),
        (&["call", "upload_image", "--yes"], "--file"),
    ] {
        let ended = site.run(arguments).await.with(2);
        assert!(ended.err.contains(named), "{arguments:?}: {}", ended.err);
    }
    let long = format!("prompt={}", "x".repeat(2001));
    site.run(&["call", "create_video", &long, "--yes"])
        .await
        .with(2);
    assert!(site.sim.log().is_empty());
    assert!(!site.archive().exists());
}

#[tokio::test]
async fn a_creating_call_requires_confirmation_and_shows_its_price() {
    let site = site().await;
    let ended = site
        .run(&["call", "create_video", "prompt=a cat"])
        .await
        .with(2);
    assert!(
        ended.err.contains("$0.10") && ended.err.contains("--yes"),
        "{}",
        ended.err
    );
    assert!(site.sim.log().is_empty());
    let ended = site
        .run(&["call", "create_video", "prompt=a cat", "--yes"])
        .await
        .with(0);
    let task = ended.json();
    let id = task["id"]
        .as_str()
        .or(task["task_id"].as_str())
        .expect("a task id")
        .to_owned();
    assert_eq!((site.bill(), site.charged().await), (100_000, 100_000));
    let ended = site
        .run(&["call", "get_task_status", &format!("task_id={id}")])
        .await
        .with(0);
    assert!(ended.json().is_object());
    assert_eq!(
        (site.bill(), site.charged().await),
        (100_000, 100_000),
        "the task status is free"
    );
}

#[tokio::test]
async fn a_creating_call_is_never_retried() {
    for fault in [
        "server-error",
        "reset-after",
        "throttle",
        "bad-request-retry",
        "data-null",
        "truncated",
    ] {
        let site = site().await;
        site.sim
            .script(&format!("create_video:1={fault}"))
            .expect("a script");
        let ended = site
            .run(&["call", "create_video", "prompt=a cat", "--yes"])
            .await
            .with(1);
        assert!(!ended.err.is_empty());
        assert_eq!(site.calls_of("create_video"), 1, "{fault}");
        let calls = site.calls().await;
        assert_eq!(calls.len(), 1, "{fault}");
        assert!(!calls[0].error.is_empty(), "{fault}: {:?}", calls[0]);
        assert!(site.charged().await >= site.bill(), "{fault}");
        site.assert_settled().await;
    }
}

#[tokio::test]
async fn an_image_is_validated_before_it_is_sent() {
    let site = site().await;
    let text = write(&site, "text.png", b"GIF89a, not a PNG");
    let ended = site
        .run(&["call", "upload_image", "--file", &text, "--yes"])
        .await
        .with(2);
    assert!(
        ended.err.contains("neither a PNG nor a JPEG"),
        "{}",
        ended.err
    );
    let mut large = PNG.to_vec();
    large.resize((10 << 20) + 1, 0);
    let large = write(&site, "large.png", &large);
    let ended = site
        .run(&["call", "upload_image", "--file", &large, "--yes"])
        .await
        .with(2);
    assert!(ended.err.contains("10 MB"), "{}", ended.err);
    let ended = site
        .run(&["call", "upload_image", "--file", "none.png", "--yes"])
        .await
        .with(1);
    assert!(ended.err.contains("none.png"), "{}", ended.err);
    assert!(site.sim.log().is_empty());
    let good = write(&site, "good.png", PNG);
    let ended = site
        .run(&["call", "upload_image", "--file", &good, "--yes"])
        .await
        .with(0);
    let image = ended.json();
    assert_eq!(
        (image["width"].as_u64(), image["height"].as_u64()),
        (Some(460), Some(640))
    );
    let media = format!("media_id={}", image["id"].as_str().expect("an id"));
    site.run(&["call", "create_video", "prompt=a cat", &media, "--yes"])
        .await
        .with(0);
    assert_eq!((site.bill(), site.charged().await), (101_000, 101_000));
}

#[tokio::test]
async fn a_call_by_hand_stays_within_the_budget() {
    let mut site = site().await;
    site.set("budget.total_usd", "0.05");
    let user = format!("user_id={}", site.user(0));
    site.run(&["call", "get_user_profile", &user]).await.with(0);
    let ended = site.run(&["call", "get_user_profile", &user]).await.with(4);
    assert!(ended.err.contains("budget"), "{}", ended.err);
    assert_eq!(site.bill(), 50_000);
}

#[tokio::test]
async fn a_call_by_hand_leaves_the_budget_and_jobs_of_a_killed_run_to_the_next_run() {
    let site = Site::whole(small(Shape::Flat)).await;
    let mut daemon = site.start(&["run", "--until-idle"]);
    crate::support::soon("some calls", site.sim.received(8)).await;
    daemon.kill();
    let user = format!("user_id={}", site.user(0));
    site.run(&["call", "get_user_profile", &user]).await.with(0);
    let ended = site.crawl().await.with(0);
    assert!(ended.err.contains("\"continued\":true"), "{}", ended.err);
    assert_eq!(
        site.number("select count(*) from runs where kind = 'run'")
            .await,
        1
    );
    site.assert_whole().await;
    site.assert_settled().await;
}
