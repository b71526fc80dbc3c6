//! Access to the simulator, prices, and the account.

use serde_json::json;
use soracrawl::sim::{DEFAULT_KEY, Endpoint, Options, Shape, Sim};

use crate::client::{call, cursor, exact, get, send, start};

#[tokio::test]
async fn the_account_and_the_log_match_the_calls() {
    let sim = Sim::start(exact()).await.expect("a simulator");
    let user = sim.world().seed_users()[0].clone();
    let first = call(&sim, Endpoint::UserPosts, &user, "").await.data();
    call(&sim, Endpoint::UserPosts, &user, &cursor(&first)).await;
    call(&sim, Endpoint::UserPosts, &user, "").await;
    call(&sim, Endpoint::UserPosts, "user-unknown", "").await;
    get(&sim, "/api/v1/tikhub/user/get_user_info")
        .await
        .expect("an answer");
    let account = sim.account();
    let posts = &account.endpoints["get_user_posts"];
    assert_eq!((posts.calls, posts.billed, posts.refused), (4, 3, 1));
    assert_eq!(
        (posts.distinct, posts.repeats, posts.micro_usd),
        (2, 1, 150_000)
    );
    assert_eq!((account.total.calls, account.total.micro_usd), (5, 150_000));
    assert_eq!(
        account.balance_micro_usd,
        sim.options().balance_micro_usd - 150_000
    );
    let log = sim.log();
    assert_eq!(
        log.iter().map(|it| it.n).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5]
    );
    assert!(log.iter().all(|it| it.received_fully));
    assert_eq!(
        json!(account),
        get(&sim, "/sim/account").await.expect("an answer").json()
    );
    assert_eq!(
        json!(log),
        get(&sim, "/sim/log").await.expect("an answer").json()
    );
    assert_eq!(
        json!(sim.truth()),
        get(&sim, "/sim/truth").await.expect("an answer").json()
    );
}

#[tokio::test]
async fn the_body_of_a_401_repeats_the_refused_key() {
    let sim = start(Shape::Flat).await;
    let feed = Endpoint::Feed.path();
    let wrong = send(&sim, "GET", feed, "wrong-key-1234567890", "", b"")
        .await
        .expect("an answer");
    assert_eq!(wrong.status, 401);
    assert!(
        wrong.json()["detail"]["message_zh"]
            .as_str()
            .expect("text")
            .contains("wrong-key-1234567890")
    );
    assert_eq!(sim.account().total.micro_usd, 0);
}

#[tokio::test]
async fn a_call_beyond_the_balance_gets_a_402_that_repeats_its_headers() {
    let options = Options {
        balance_micro_usd: 99_999,
        ..exact()
    };
    let sim = Sim::start(options).await.expect("a simulator");
    let feed = Endpoint::Feed.path();
    assert_eq!(get(&sim, feed).await.expect("an answer").status, 200);
    let refused = get(&sim, feed).await.expect("an answer");
    assert_eq!(refused.status, 402);
    let echoed = &refused.json()["detail"]["headers"]["Authorization"];
    assert_eq!(*echoed, format!("Bearer {DEFAULT_KEY}"));
    let free = get(&sim, "/api/v1/tikhub/user/get_user_info")
        .await
        .expect("an answer");
    assert_eq!(free.json()["user_data"]["balance"], 0.049_999);
    let paid = send(&sim, "POST", "/sim/balance", "", "", b"0.05")
        .await
        .expect("an answer");
    assert_eq!(paid.status, 200);
    assert_eq!(get(&sim, feed).await.expect("an answer").status, 200);
    assert_eq!(sim.account().balance_micro_usd, 0);
}

#[tokio::test]
async fn invalid_requests_get_the_documented_errors() {
    let sim = start(Shape::Wrapped).await;
    for (path, status, detail) in [
        ("/api/v1/sora2/get_nothing", 404, json!("Not Found")),
        (
            "/api/v1/sora2/create_video",
            405,
            json!("Method Not Allowed"),
        ),
    ] {
        let answer = get(&sim, path).await.expect("an answer");
        assert_eq!((answer.status, &answer.json()["detail"]), (status, &detail));
    }
    for endpoint in Endpoint::ALL.iter().filter(|it| it.parameter().is_some()) {
        let missing = get(&sim, endpoint.path()).await.expect("an answer");
        assert_eq!(missing.status, 422, "{}", endpoint.name());
        assert_eq!(
            missing.json()["detail"][0]["loc"][1],
            endpoint.parameter().expect("a name")
        );
        if *endpoint != Endpoint::SearchUsers {
            let unknown = call(&sim, *endpoint, "no-such-id", "").await;
            assert_eq!(
                (unknown.status, &unknown.json()["detail"]["code"]),
                (404, &json!(404))
            );
        }
    }
    let user = sim.world().seed_users()[1].clone();
    for bad in ["nonsense", "bm9uc2Vuc2U="] {
        let refused = call(&sim, Endpoint::UserPosts, &user, bad).await;
        assert_eq!(refused.status, 400);
        assert!(!refused.text().contains("retry"));
    }
    assert_eq!(sim.account().total.billed, 0);
}

#[tokio::test]
async fn a_post_requested_by_url_is_the_same_page_as_by_id() {
    let sim = start(Shape::Flat).await;
    let post = sim.world().ids(Endpoint::Feed, "").expect("a feed")[0].clone();
    let by_url = format!(
        "{}?post_url=https%3A%2F%2Fsora.chatgpt.com%2Fp%2F{post}",
        Endpoint::PostDetail.path()
    );
    let by_url = get(&sim, &by_url).await.expect("an answer").data();
    assert_eq!(
        by_url,
        call(&sim, Endpoint::PostDetail, &post, "").await.data()
    );
    assert_eq!(sim.account().total.repeats, 1);
}

#[tokio::test]
async fn calls_beyond_the_rate_limit_get_a_429_with_a_delay() {
    let sim = Sim::start(Options {
        rate_limit: 2,
        ..exact()
    })
    .await
    .expect("a simulator");
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(call(&sim, Endpoint::Feed, "", "").await);
    }
    assert_eq!(
        statuses.iter().map(|it| it.status).collect::<Vec<_>>(),
        [200, 200, 429]
    );
    assert_eq!(statuses[2].headers["retry-after"], "1");
    assert_eq!(call(&sim, Endpoint::Leaderboard, "", "").await.status, 200);
}

#[tokio::test]
async fn the_account_counts_followed_redirects_and_those_with_the_key() {
    let sim = Sim::start(exact()).await.expect("a simulator");
    sim.script("*:1=redirect").expect("a rule");
    let location = get(&sim, Endpoint::Feed.path())
        .await
        .expect("an answer")
        .headers["location"]
        .clone();
    let port: u16 = location
        .split([':', '/'])
        .nth(4)
        .expect("a port")
        .parse()
        .expect("a number");
    for (key, with_key) in [("other", 0), (DEFAULT_KEY, 1)] {
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port))
            .await
            .expect("a connection");
        let request = format!(
            "GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\r\n"
        );
        tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes())
            .await
            .expect("sent");
        tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut Vec::new())
            .await
            .expect("read");
        assert_eq!(sim.account().redirects_followed_with_key, with_key);
    }
    assert_eq!(sim.account().redirects_followed, 2);
}

#[tokio::test]
async fn the_health_check_requires_no_key_and_the_envelope_is_optional() {
    let sim = Sim::start(Options {
        no_envelope: true,
        ..exact()
    })
    .await
    .expect("a simulator");
    let health = send(&sim, "GET", "/api/v1/health/check", "", "", b"")
        .await
        .expect("an answer");
    assert_eq!(health.json(), json!({"status": "ok"}));
    let feed = call(&sim, Endpoint::Feed, "", "").await.json();
    assert!(feed.get("code").is_none() && feed["items"].is_array());
    let wrapped = start(Shape::Wrapped).await;
    let feed = call(&wrapped, Endpoint::Feed, "", "").await.json();
    assert!(
        feed["cache_url"]
            .as_str()
            .expect("a URL")
            .contains("?sign=")
    );
    assert_eq!(feed["router"], Endpoint::Feed.path());
}

#[tokio::test]
async fn an_exact_world_has_exactly_the_requested_sizes() {
    let options = Options {
        warm: true,
        ..exact()
    };
    let sim = Sim::start(options).await.expect("a simulator");
    let world = sim.world();
    assert_eq!(
        (world.people.len(), world.posts.len(), world.comments.len()),
        (28, 15, 375)
    );
    for user in world.seed_users() {
        assert_eq!(
            world.ids(Endpoint::UserPosts, &user).expect("posts").len(),
            5
        );
        assert_eq!(
            world
                .ids(Endpoint::Followers, &user)
                .expect("followers")
                .len(),
            25
        );
    }
}

#[tokio::test]
async fn the_time_of_the_simulator_is_read_and_steered_by_requests() {
    let options = Options {
        rate_limit: 1,
        ..exact()
    };
    let sim = Sim::start(options).await.expect("a simulator");
    let steered = async |command: &'static str| {
        send(&sim, "POST", "/sim/clock", "", "", command.as_bytes())
            .await
            .expect("an answer")
    };
    let held = steered("hold").await.json();
    assert_eq!(held["is_running"], false);
    let feed = Endpoint::Feed.path();
    let statuses = async || get(&sim, feed).await.expect("an answer").status;
    assert_eq!([statuses().await, statuses().await], [200, 429]);
    assert_eq!(steered("advance 1").await.status, 200);
    assert_eq!([statuses().await, statuses().await], [200, 429]);
    let read = get(&sim, "/sim/clock").await.expect("an answer").json();
    let ms = |reading: &serde_json::Value, name: &str| reading[name].as_u64().expect("a number");
    assert_eq!(ms(&read, "elapsed_ms"), ms(&held, "elapsed_ms") + 1_000);
    assert_eq!(ms(&read, "unix_ms"), ms(&held, "unix_ms") + 1_000);
    let at: Vec<u64> = sim.log().iter().map(|it| it.at_ms).collect();
    assert_eq!((at[1] - at[0], at[2] - at[1]), (0, 1_000));
    let wrong = steered("advance backwards").await;
    assert_eq!(
        (wrong.status, wrong.json()["detail"].is_string()),
        (422, true)
    );
}
