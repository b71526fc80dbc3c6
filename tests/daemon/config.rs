//! Valid and invalid configurations, checked through the program itself.

use soracrawl::sim::{DEFAULT_KEY, Shape};

use crate::support::{Place, Site, small};

fn place() -> Place {
    Place::new("http://127.0.0.1:9")
}

#[tokio::test]
async fn the_effective_configuration_is_shown_with_the_key_hidden() {
    let place = place();
    let variables = [
        ("SORACRAWL_LIMITS__MAX_IN_FLIGHT", "9"),
        ("SORACRAWL_BUDGET__RUN_USD", "1.50"),
    ];
    let ended = place
        .run_with(&["check-config"], &variables, "")
        .await
        .with(0);
    assert!(ended.out.contains("max_in_flight = 9"), "{}", ended.out);
    assert!(ended.out.contains("run_usd = 1.5"), "{}", ended.out);
    assert!(
        ended.out.contains("set (from environment TIKHUB_API_KEY)"),
        "{}",
        ended.out
    );
    assert!(!format!("{}{}", ended.out, ended.err).contains(&DEFAULT_KEY[..8]));
    // The output is itself a valid configuration.
    std::fs::write(place.file("shown.toml"), &ended.out).expect("a file");
    let again = place
        .run(&["check-config", "--config", "shown.toml"])
        .await
        .with(0);
    assert_eq!(again.out, ended.out);
}

#[tokio::test]
async fn all_problems_are_reported_at_once_with_their_keys_and_exit_2() {
    let mut place = place();
    place
        .set("limits.max_in_flight", "0")
        .set("limits.max_inflight", "3")
        .set("budget.run_usd", "-1");
    place
        .set("api.base_url", "\"http://example.com\"")
        .set("crawl.posts", "\"yes\"")
        .set("seeds.users", "[\"nobody\"]");
    let variables = [
        ("SORACRAWL_LOG__FORMAT", "xml"),
        ("SORACRAWL_LOG__COLOUR", "1"),
    ];
    let keys = [
        "limits.max_in_flight",
        "limits.max_inflight",
        "budget.run_usd",
        "api.base_url",
        "crawl.posts",
    ];
    for command in [
        &["check-config"][..],
        &["run", "--until-idle"],
        &["status"],
        &["seed", "feed"],
    ] {
        let ended = place.run_with(command, &variables, "").await.with(2);
        for key in keys
            .iter()
            .chain(&["SORACRAWL_LOG__FORMAT", "SORACRAWL_LOG__COLOUR"])
        {
            assert!(
                ended.err.contains(key),
                "{command:?} does not name {key}: {}",
                ended.err
            );
        }
        assert!(
            ended.err.contains("did you mean limits.max_in_flight?"),
            "{}",
            ended.err
        );
    }
    assert!(!place.archive().exists(), "no archive was created");
}

#[tokio::test]
async fn invalid_seeds_in_the_configuration_are_problems() {
    let mut place = place();
    place
        .set("seeds.users", "[\"nobody\", \"user-1\"]")
        .set("seeds.posts", "[\"x\"]");
    let ended = place.run(&["check-config"]).await.with(2);
    assert!(
        ended.err.contains("seeds.users") && ended.err.contains("nobody"),
        "{}",
        ended.err
    );
    assert!(
        ended.err.contains("seeds.posts") && ended.err.contains("2 problems"),
        "{}",
        ended.err
    );
}

#[tokio::test]
async fn an_invalid_or_missing_configuration_file_is_a_usage_error() {
    let place = place();
    std::fs::write(place.file("bad.toml"), "[limits\nmax").expect("a file");
    let ended = place
        .run(&["check-config", "--config", "bad.toml"])
        .await
        .with(2);
    assert!(ended.err.contains("bad.toml"), "{}", ended.err);
    let ended = place
        .run(&["check-config", "--config", "none.toml"])
        .await
        .with(2);
    assert!(ended.err.contains("none.toml"), "{}", ended.err);
}

#[tokio::test]
async fn an_api_key_in_the_configuration_file_is_refused_and_not_printed() {
    for name in ["api.key", "api.api_key", "api.token"] {
        let mut place = place();
        place.set(name, "\"secret-0123456789abcdef0123\"");
        let ended = place.run(&["check-config"]).await.with(2);
        assert!(ended.err.contains(name), "{}", ended.err);
        assert!(!ended.err.contains("secret-01"), "{}", ended.err);
    }
}

#[tokio::test]
async fn a_run_without_a_key_is_a_usage_error_that_says_where_to_set_it() {
    let site = Site::whole(small(Shape::Flat)).await;
    let ended = site
        .run_with(&["run", "--until-idle"], &[("TIKHUB_API_KEY", "")], "")
        .await
        .with(2);
    assert!(
        ended.err.contains("TIKHUB_API_KEY") && ended.err.contains("api.key_file"),
        "{}",
        ended.err
    );
    assert!(site.sim.log().is_empty());
}

#[tokio::test]
async fn a_key_file_is_accepted_and_one_readable_by_others_causes_a_warning() {
    use std::os::unix::fs::PermissionsExt;
    let mut site = Site::walk("").await;
    let file = site.file("key");
    std::fs::write(&file, format!("{DEFAULT_KEY}\n")).expect("a key file");
    site.set("api.key_file", &format!("{file:?}"))
        .set("api.key_env", "\"NOT_SET\"");
    for (mode, warned) in [(0o644, true), (0o600, false)] {
        std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).expect("permissions");
        let ended = site.crawl().await.with(0);
        assert_eq!(ended.err.contains("chmod 600"), warned, "{}", ended.err);
    }
}

#[tokio::test]
async fn sending_the_key_unencrypted_to_another_host_requires_consent() {
    let mut place = place();
    place.set("api.base_url", "\"http://api.example.com\"");
    let ended = place.run(&["check-config"]).await.with(2);
    assert!(ended.err.contains("allow_insecure_http"), "{}", ended.err);
    place.set("api.allow_insecure_http", "true");
    place.run(&["check-config"]).await.with(0);
    for url in [
        "http://localhost:1",
        "http://127.8.0.1:1",
        "http://[::1]:1",
        "https://api.example.com",
    ] {
        place
            .set("api.allow_insecure_http", "false")
            .set("api.base_url", &format!("{url:?}"));
        place.run(&["check-config"]).await.with(0);
    }
}

#[tokio::test]
async fn read_commands_do_not_create_an_archive() {
    let place = place();
    for command in [
        &["status"][..],
        &["jobs"],
        &["estimate"],
        &["jobs", "requeue"],
        &["status", "--check"],
    ] {
        let ended = place.run(command).await.with(1);
        assert!(
            ended.err.contains("a.db"),
            "{command:?} does not name the file: {}",
            ended.err
        );
        assert!(!place.archive().exists(), "{command:?}");
    }
}

#[tokio::test]
async fn only_the_owner_can_read_an_archive() {
    use std::os::unix::fs::PermissionsExt;
    let place = place();
    place.run(&["seed", "feed"]).await.with(0);
    let mode = std::fs::metadata(place.archive())
        .expect("an archive")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_proxy_carries_the_calls_except_those_to_this_machine() {
    let mut site = Site::walk("").await;
    // The simulator also answers requests that name another host.
    let proxy = site.sim.base_url();
    site.set("api.proxy", "\"http://user:secret-word@127.0.0.1:9\"");
    site.crawl().await.with(0);
    let calls = site.sim.log().len();
    let shown = site.run(&["check-config"]).await.with(0);
    assert!(!shown.out.contains("secret-word"), "{}", shown.out);
    site.set("api.proxy", &format!("{proxy:?}"))
        .set("api.base_url", "\"http://remote.invalid\"")
        .set("api.allow_insecure_http", "true")
        .set("archive.path", "\"b.db\"");
    site.crawl().await.with(0);
    assert_eq!(site.sim.log().len(), calls * 2);
    site.unset("api.proxy").set("archive.path", "\"c.db\"");
    let variables = [("ALL_PROXY", &*proxy), ("TIKHUB_API_KEY", DEFAULT_KEY)];
    site.run_with(&["run", "--until-idle"], &variables, "")
        .await
        .with(0);
    assert_eq!(site.sim.log().len(), calls * 3);
}

#[tokio::test]
async fn the_path_of_the_key_file_begins_at_the_configuration() {
    let mut site = Site::walk("").await;
    std::fs::create_dir(site.file("conf")).expect("a folder");
    std::fs::write(site.file("conf/key"), DEFAULT_KEY).expect("a key");
    site.set("api.key_file", "\"key\"");
    site.run(&["check-config"]).await.with(0);
    std::fs::rename(site.file("crawler.toml"), site.file("conf/crawler.toml")).expect("moved");
    let config = ["--config", "conf/crawler.toml", "run", "--until-idle"];
    site.run_with(&config, &[("TIKHUB_API_KEY", "")], "")
        .await
        .with(0);
}

#[tokio::test]
async fn a_mistyped_section_gets_a_suggestion() {
    let site = Site::walk("").await;
    std::fs::write(
        site.file("wrong.toml"),
        "[limit]\nmax_in_flight = 2\n[webs]\n",
    )
    .expect("a file");
    let refused = site
        .run(&["--config", "wrong.toml", "check-config"])
        .await
        .with(2);
    for meant in ["did you mean limits?", "did you mean web?"] {
        assert!(refused.err.contains(meant), "{}", refused.err);
    }
}
