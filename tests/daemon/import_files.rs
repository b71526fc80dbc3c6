//! What an import takes from files, what it names, and what it leaves out.

use soracrawl::sim::Shape;

use crate::import::{NO_REMOTE, contents, crawled, exported, import};
use crate::support::{Place, Site};

const LINES: &str = r#"
{"post":{"id":"s_1","text":"one"}}
{"endpoint":"get_user_posts","params":{"user_id":"user-1"},"headers":{"Authorization":"Bearer sk-secret-0123456789"},"body":{"items":[{"post":{"id":"s_2","text":"two"}}]}}
{"endpoint":"get_user_posts","params":{"user_id":"user-1"},"body":{"items":
{"endpoint":"get_user_posts","params":{"user_id":"user-1"},"body":{"code":402,"message":"no"}}
{"items":[{"user_id":"user-3","username":"c"},{"user_id":"user-4","username":"d"}]}
{"items":[{"post":{"id":"s_3","text":"three"}},{"x":1}]}
"#;

#[tokio::test]
async fn a_bad_entry_is_named_and_loses_nothing_else() {
    let site = Site::walk("").await;
    std::fs::write(site.file("x.jsonl"), LINES).expect("a file");
    let dry = import(&site, "b.db", &["x.jsonl", "--dry-run"])
        .await
        .with(3);
    assert!(
        dry.out.contains("4 replies would be imported"),
        "{}",
        dry.out
    );
    assert!(!site.file("b.db").exists());
    let ended = import(&site, "a.db", &["x.jsonl"]).await.with(3);
    assert!(ended.out.contains("4 replies imported"), "{}", ended.out);
    for (line, why) in [
        (4, "not JSON"),
        (5, "error 402"),
        (7, "item 1 tells neither"),
    ] {
        let place = format!("x.jsonl, line {line}: ");
        let named = ended.err.lines().find(|it| it.contains(&place));
        assert!(
            named.is_some_and(|it| it.contains(why)),
            "{place}{why}: {}",
            ended.err
        );
    }
    let posts =
        "select group_concat(post_id || text, ' ') from (select * from posts order by post_id)";
    assert_eq!(site.texts(posts).await, ["s_1one s_2two"]);
    let users = "select user_id from users where username is not null order by 1";
    assert_eq!(site.texts(users).await, ["user-3", "user-4"]);
    let sources =
        "select source_entry from provenance where id = 's_2' and source_file like '%/x.jsonl'";
    assert_eq!(site.texts(sources).await, ["line 3"]);
    let costs = "select cast(sum(cost_micro_usd) as text) || ' ' || min(outcome) || ' ' || max(outcome) from calls";
    assert_eq!(site.texts(costs).await, ["0 imported imported"]);
    contents(&site, "a.db").await;
    let bytes = std::fs::read(site.archive()).expect("bytes");
    assert!(!bytes.windows(9).any(|it| it == b"sk-secret"));
}

#[tokio::test]
async fn what_a_file_does_not_say_the_user_says() {
    let site = Site::walk("").await;
    std::fs::write(
        site.file("x.json"),
        r#"{"items":[{"user_id":"user-8"}],"cursor":"c"}"#,
    )
    .expect("a file");
    let with = ["x.json", "--endpoint", "get_user_followers"];
    let ended = import(&site, "a.db", &with).await.with(3);
    assert!(
        ended.err.contains("Name it with --subject ID"),
        "{}",
        ended.err
    );
    let with = [&with[..], &["--subject", "user-9"]].concat();
    import(&site, "a.db", &with).await.with(0);
    let follow = "select f.user_id || ' ' || t.user_id from follows join users f on f.id = follower_id join users t on t.id = followed_id";
    assert_eq!(site.texts(follow).await, ["user-8 user-9"]);
    for (arguments, why) in [
        (&["nothing.json"][..], "nothing.json does not exist"),
        (
            &["x.json", "--endpoint", "get_weather"],
            "unknown endpoint `get_weather`",
        ),
    ] {
        let ended = import(&site, "a.db", arguments).await.with(2);
        assert!(ended.err.contains(why), "{}", ended.err);
    }
}

#[tokio::test]
async fn an_erased_person_is_not_imported() {
    let site = crawled(Shape::Wrapped).await;
    let folder = exported(&site, "replies").await;
    let user = site.user(0);
    let name = format!("select username from users where user_id = '{user}'");
    let name = site.texts(&name).await.remove(0);
    std::fs::write(site.file("people.txt"), format!("{user}\n")).expect("a file");
    site.run(&["erase", "--users", "people.txt", "--yes"])
        .await
        .with(0);
    let ended = import(&site, "a.db", &[&folder]).await.with(0);
    assert!(ended.err.contains("left out: "), "{}", ended.err);
    site.run(&["verify", "--absent", "people.txt"])
        .await
        .with(0);
    assert_eq!(
        site.number(&format!(
            "select count(*) from users where username = '{name}'"
        ))
        .await,
        0
    );
    contents(&site, "a.db").await;
}

#[tokio::test]
async fn an_import_of_what_is_older_does_not_overwrite_what_is_newer() {
    let site = Site::walk("").await;
    let line = |time: &str, likes: u32, text: &str| {
        format!(
            r#"{{"endpoint":"get_post_detail","params":{{"post_id":"s_1"}},"time":"{time}","body":{{"post":{{"id":"s_1","text":"{text}","like_count":{likes}}}}}}}"#
        )
    };
    for (time, likes, text) in [
        ("2026-03-01T00:00:00Z", 30, "c"),
        ("2026-01-01T00:00:00Z", 10, "a"),
        ("2026-02-01", 20, "b"),
    ] {
        std::fs::write(site.file("x.jsonl"), line(time, likes, text)).expect("a file");
        import(&site, "a.db", &["x.jsonl"]).await.with(0);
    }
    let now = "select text || like_count || ' ' || cast(first_seen_at as integer) || ' ' || cast(last_seen_at as integer) from posts_now";
    assert_eq!(site.texts(now).await, ["c30 1767225600 1772323200"]);
    let history = "select group_concat(like_count, ' ') from (select * from post_growth order by observed_at)";
    assert_eq!(site.texts(history).await, ["10 20 30"]);
    contents(&site, "a.db").await;
}

/// The files of tests/fixtures that are replies, with their endpoints, and why the others are none.
const FIXTURES: [(&str, &str); 15] = [
    ("appearances.json", "get_post_detail"),
    ("create_video.json", "create_video"),
    ("download_urls.json", "its shape does not tell"),
    ("encodings.json", "its shape does not tell"),
    (
        "envelope_of_another_service.json",
        "is no endpoint of this archive",
    ),
    (
        "feed_of_empty_objects.json",
        "item 0 tells neither a post nor a profile",
    ),
    ("profile_upstream.json", "get_user_profile"),
    ("search_users.json", "search_users"),
    ("task_detail.json", "get_post_detail"),
    ("task_detail_in_envelope.json", "get_task_detail"),
    ("task_status.json", "get_task_status"),
    ("tree_of_empty_objects.json", "its shape does not tell"),
    ("upload_image.json", "upload_image"),
    ("user_profile.json", "its shape does not tell"),
    ("video_download_info.json", "its shape does not tell"),
];

#[tokio::test]
async fn every_sample_is_imported_or_named_with_its_reason() {
    let place = Place::new(NO_REMOTE);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
    let names = std::fs::read_dir(folder)
        .expect("fixtures")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".json")).collect();
    names.sort();
    assert_eq!(names, FIXTURES.map(|(name, _)| name));
    for (name, what) in FIXTURES {
        let ended = import(&place, "a.db", &[&format!("{folder}/{name}")]).await;
        match what.contains(' ') {
            false => assert!(ended.with(0).out.contains(what), "{name}"),
            true => {
                let ended = ended.with(3);
                assert!(ended.err.contains(what), "{name}: {}", ended.err);
            }
        }
    }
    for error in std::fs::read_dir(format!("{folder}/errors")).expect("errors") {
        let path = error.expect("an entry").path();
        let ended = import(&place, "a.db", &[path.to_str().expect("a path")])
            .await
            .with(3);
        assert!(
            ended.err.contains("it is an answer with status 4"),
            "{path:?}: {}",
            ended.err
        );
    }
    contents(&place, "a.db").await;
}

#[tokio::test]
async fn only_a_later_reply_ends_an_absence() {
    let site = Site::walk("").await;
    let profile = |time: &str, posts: u32| {
        format!(
            r#"{{"endpoint":"get_user_profile","params":{{"user_id":"user-1"}},"time":"{time}","body":{{"profile":{{"user_id":"user-1","username":"a","post_count":{posts}}}}}}}"#
        )
    };
    let take = async |time: &str, posts: u32| {
        std::fs::write(site.file("x.jsonl"), profile(time, posts)).expect("a file");
        import(&site, "a.db", &["x.jsonl"]).await.with(0);
        contents(&site, "a.db").await;
        let cleared = "select count(cleared_call_id) from absences";
        site.number(cleared).await
    };
    assert_eq!(take("2026-01-01", 1).await, 0);
    // A call of March found nobody: 1772323200 is 2026-03-01.
    for sql in [
        "insert into calls (id, run_id, endpoint, subject, day, outcome, cost_micro_usd, opened_at)
         values (9, 1, 'get_user_profile', 'user-1', '2026-03-01', 'open', 0, 1772323200)",
        "update calls set outcome = 'answered', http_status = 404, settled_at = 1772323200 where id = 9",
        "insert into absences (kind, item_id, of_id, last_seen_call_id, first_missed_call_id, last_missed_call_id, times, \
         verdict, reason, confirmed_call_id) select 'user', id, 0, 1, 9, 9, 1, 'gone', 'not_found', 9 from users",
    ] {
        site.execute(sql).await;
    }
    assert_eq!(
        take("2026-02-01", 2).await,
        0,
        "a reply from before it was missed"
    );
    assert_eq!(
        take("2026-04-01", 3).await,
        1,
        "a reply from after it was missed"
    );
}

#[tokio::test]
async fn a_reply_about_somebody_else_than_its_request_is_named_and_not_kept() {
    let mut place = Place::new(NO_REMOTE);
    place.unset("api.key");
    let line = |endpoint: &str, id: &str, asked: &str, body: serde_json::Value| {
        serde_json::json!({"endpoint": endpoint, "params": {id: asked}, "body": body}).to_string()
    };
    let user = || serde_json::json!({"user_id": "user-1", "username": "a"});
    let post = || serde_json::json!({"post": {"id": "s_1", "text": "x"}, "profile": user()});
    let lines = [
        line("get_user_profile", "user_id", "user-2", user()),
        line("get_post_detail", "post_id", "s_2", post()),
        line("get_user_profile", "user_id", "user-1", user()),
        line("get_post_detail", "post_id", "s_1", post()),
    ];
    std::fs::write(place.file("x.jsonl"), lines.join("\n")).expect("a file");
    let ended = import(&place, "a.db", &["x.jsonl"]).await.with(3);
    assert!(ended.out.contains("2 replies imported"), "{}", ended.out);
    for (number, kind) in [(1, "user"), (2, "post")] {
        let why = format!("x.jsonl, line {number}: it is not the requested {kind}");
        assert!(ended.err.contains(&why), "{}", ended.err);
    }
    let subjects = "select subject from calls order by 1";
    assert_eq!(place.texts(subjects).await, ["s_1", "user-1"]);
}

#[tokio::test]
async fn a_subject_is_an_id_of_the_kind_that_the_endpoint_takes() {
    let mut place = Place::new(NO_REMOTE);
    place.unset("api.key");
    std::fs::write(place.file("x.json"), r#"{"items":[{"post":{"id":"s_1"}}]}"#).expect("a file");
    let given = |endpoint, subject| ["x.json", "--endpoint", endpoint, "--subject", subject];
    for (endpoint, subject) in [
        ("get_user_posts", "@name"),
        ("get_user_posts", "s_0123456789abcdef0123456789abcdef"),
        ("get_post_comments", "user-abc"),
        ("get_post_comments", ""),
    ] {
        let refused = import(&place, "a.db", &given(endpoint, subject))
            .await
            .with(2);
        assert!(refused.err.contains("--subject"), "{}", refused.err);
    }
    let address = "https://sora.chatgpt.com/profile/user-abc";
    import(&place, "a.db", &given("get_user_posts", address))
        .await
        .with(0);
    assert_eq!(place.texts("select subject from calls").await, ["user-abc"]);
}
