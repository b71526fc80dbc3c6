//! What operators ask of a daemon, and what of an archive without one.

use soracrawl::sim::{Options, Shape};

use crate::support::{Site, small, soon, walk};

fn slow(shape: Shape) -> Options {
    Options {
        latency_ms: 100,
        ..small(shape)
    }
}

#[tokio::test]
async fn a_paused_endpoint_gets_no_call_until_it_is_resumed() {
    let site = Site::whole(small(Shape::Wrapped)).await;
    site.run(&["seed", "feed"]).await.with(0);
    let paused = site.run(&["pause", "get_user_followers"]).await.with(0);
    assert_eq!(
        paused.out.trim(),
        "get_user_followers is paused; calls in flight end"
    );
    site.run(&["pause", "get_user_followers"]).await.with(1);
    // Only paused work is left: something was given up.
    site.crawl().await.with(3);
    let calls = "select count(*) from calls where endpoint = 'get_user_followers'";
    assert_eq!(site.number(calls).await, 0);
    let reason = site
        .texts("select end_reason from runs order by id desc limit 1")
        .await;
    assert_eq!(reason, ["paused"]);
    site.run(&["resume"]).await.with(0);
    site.crawl().await.with(0);
    assert!(site.number(calls).await > 0);
    assert_eq!(
        site.number("select count(*) from controls where done_at is null")
            .await,
        0
    );
}

#[tokio::test]
async fn a_paused_seed_waits_and_the_others_go_on() {
    let mut site = Site::new(small(Shape::Wrapped)).await;
    let world = site.sim.world();
    let mut posters = world.people.iter().filter(|it| !it.posts.is_empty());
    let mut poster = || posters.next().expect("a user with posts").id.clone();
    let (one, other) = (poster(), poster());
    site.only(&["posts"]);
    site.run(&["seed", "users", &one, &other]).await.with(0);
    let seed = format!("user:{one}");
    site.run(&["pause", "--seed", &seed]).await.with(0);
    site.crawl().await.with(3);
    let of = |user: &str| format!("select count(*) from calls where subject = '{user}'");
    assert_eq!(site.number(&of(&one)).await, 0);
    assert!(site.number(&of(&other)).await > 0);
    site.run(&["resume", "--seed", &seed]).await.with(0);
    site.crawl().await.with(0);
    assert!(site.number(&of(&one)).await > 0);
    let wrong = site.run(&["pause", "--seed", "nobody"]).await.with(2);
    assert!(wrong.err.contains("soracrawl seed list"), "{}", wrong.err);
    site.run(&["pause", "get_nothing"]).await.with(2);
}

#[tokio::test]
async fn a_running_daemon_pauses_resumes_cancels_and_reloads_without_buying_a_page_twice() {
    let mut site = Site::whole(slow(Shape::Wrapped)).await;
    site.set("limits.requests_per_second", "200")
        .set("limits.max_in_flight", "1");
    let daemon = site.start(&["run", "--yes"]);
    soon("a page", site.sim.received(6)).await;
    site.until("select count(*) > 3 from calls where kept = 1")
        .await;
    let paused = site.run(&["pause"]).await.with(0);
    assert_eq!(
        paused.out.trim(),
        "all calls are paused; calls in flight end"
    );
    site.until("select count(*) = 0 from calls where outcome = 'open'")
        .await;
    let status = site.run(&["status", "--json"]).await.with(0).json();
    assert_eq!(status["state"], "paused", "{status}");
    site.run(&["status", "--check"]).await.with(0);
    let calls = site.number("select count(*) from calls").await;
    let open =
        "select endpoint from jobs where state in ('ready', 'waiting') order by id desc limit 1";
    let endpoint = &site.texts(open).await[0];
    let cancelled = site
        .run(&["jobs", "cancel", "--endpoint", endpoint])
        .await
        .with(0);
    assert!(cancelled.out.starts_with("cancelled "), "{}", cancelled.out);
    site.set("limits.max_in_flight", "16")
        .set("budget.run_usd", "500");
    let reloaded = site.run(&["reload"]).await.with(0);
    assert_eq!(reloaded.out.trim(), "configuration read again");
    assert_eq!(site.number("select count(*) from calls").await, calls);
    site.set("crawl.remixes", "\"yes\"");
    let refused = site.run(&["reload"]).await;
    assert!(refused.err.contains("crawl.remixes"), "{}", refused.err);
    site.unset("crawl.remixes");
    site.run(&["resume"]).await.with(0);
    site.until("select count(*) = 0 from jobs where state in ('ready', 'leased', 'waiting')")
        .await;
    daemon.signal("SIGTERM");
    daemon.end().await.with(0);
    let twice = "select count(*) - count(distinct job_id || ' ' || coalesce(cursor, '')) from calls where kept = 1";
    assert_eq!(site.number(twice).await, 0);
    let cancelled = format!(
        "select count(*) from jobs where stop_reason = 'cancelled'
        and (state <> 'stopped' or endpoint <> '{endpoint}')"
    );
    assert_eq!(site.number(&cancelled).await, 0);
    let after = String::from(
        "select count(*) from calls join jobs on jobs.id = job_id where stop_reason = 'cancelled' and opened_at >
            (select asked_at from controls where command = 'cancel')"
    );
    assert_eq!(site.number(&after).await, 0);
}

#[tokio::test]
async fn a_removed_seed_keeps_its_rows_and_leaves_other_seeds_their_jobs() {
    let mut site = Site::new(small(Shape::Wrapped)).await;
    let world = site.sim.world();
    // The second user follows the first, so both lead to the first with a depth of one.
    let (follower, followed) = world
        .people
        .iter()
        .find_map(|it| {
            let mut followed = it.following.iter().map(|other| &world.people[*other]);
            let followed = followed.find(|other| !other.posts.is_empty())?;
            Some((it.id.clone(), followed.id.clone()))
        })
        .expect("a user who follows another one");
    site.only(&["following", "posts"])
        .set("crawl.max_depth", "1");
    site.run(&["seed", "users", &followed]).await.with(0);
    site.run(&["pause", "get_user_posts"]).await.with(0);
    site.run(&["seed", "users", &follower]).await.with(0);
    site.crawl().await.with(3);
    let rows = "select count(*) from users";
    let before = site.number(rows).await;
    let listed = site.run(&["seed", "list", "--json"]).await.with(0).json();
    assert_eq!(listed.as_array().map(Vec::len), Some(2));
    let removed = site
        .run(&["seed", "remove", &format!("user:{followed}")])
        .await
        .with(0);
    assert!(removed.out.contains("removed"), "{}", removed.out);
    assert_eq!(site.number(rows).await, before);
    assert!(
        site.number("select count(*) from jobs where stop_reason = 'cancelled'")
            .await
            > 0
    );
    site.run(&["resume"]).await.with(0);
    site.crawl().await.with(0);
    // The job of the removed seed's own user goes on under the other seed, one step deeper.
    let job = format!(
        "select state || ' ' || depth || ' ' || (select subject from seeds where seeds.id = seed_id) from jobs
         where endpoint = 'get_user_posts' and subject = '{followed}'"
    );
    assert_eq!(site.texts(&job).await, [format!("done 1 {follower}")]);
    let listed = site.run(&["seed", "list", "--json"]).await.with(0).json();
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    site.set("seeds.users", &format!("[{follower:?}]"));
    let refused = site
        .run(&["seed", "remove", &format!("user:{follower}")])
        .await
        .with(1);
    assert!(refused.err.contains("[seeds]"), "{}", refused.err);
    // A seed that is added again continues its jobs.
    let again = site.run(&["seed", "users", &followed]).await.with(0);
    assert!(again.out.contains("0 new seed"), "{}", again.out);
}

/// Where a removal ends without an answer: before this column of this table is written, or after all of its changes.
const STEPS: [&str; 4] = [
    "update of removed_at on seeds",
    "update of state on jobs",
    "update of replan on jobs",
    "",
];

#[tokio::test]
async fn a_removal_that_ends_between_two_transactions_is_carried_out_by_the_next_daemon() {
    let world = small(Shape::Wrapped);
    for step in STEPS {
        let mut site = Site::new(world.clone()).await;
        site.only(&["following", "posts"])
            .set("crawl.max_depth", "0");
        let world = site.sim.world();
        let [kept, removed] = [&world.people[0].id, &world.people[1].id];
        for user in [kept, removed] {
            site.run(&["seed", "users", user]).await.with(0);
        }
        let fault = |step: &str, name: &str| {
            format!(
                "create trigger {name} before {step} begin select raise(abort, 'ends here'); end;"
            )
        };
        if !step.is_empty() {
            site.execute(&fault(step, "killed")).await;
        }
        site.execute(&fault("update of done_at on controls", "unanswered"))
            .await;
        let seed = format!("user:{removed}");
        site.run(&["seed", "remove", &seed]).await.with(1);
        site.execute("drop trigger if exists killed; drop trigger unanswered;")
            .await;
        site.crawl().await.with(0);
        let answers = site
            .texts("select succeeded || ' ' || result from controls")
            .await;
        assert!(answers[0].starts_with("1 seed "), "{step}: {answers:?}");
        let asked = "select distinct subject from calls where endpoint in ('get_user_posts', 'get_user_following')";
        assert_eq!(site.texts(asked).await, [kept.as_str()], "{step}");
        let listed = site.run(&["seed", "list", "--json"]).await.with(0).json();
        assert_eq!(listed.as_array().map(Vec::len), Some(1), "{step}");
    }
}

#[tokio::test]
async fn a_request_that_a_killed_daemon_did_not_answer_is_carried_out_by_the_next() {
    let site = Site::whole(walk()).await;
    site.run(&["seed", "feed"]).await.with(0);
    site.execute(
        "insert into controls (command, argument, asked_by, asked_at) values
        ('cancel', '{\"endpoint\":\"get_user_posts\"}', 'web', 1.0), ('pause', '{\"scope\":\"moon\"}', 'web', 1.0)",
    )
    .await;
    site.crawl().await.with(0);
    let answers = site
        .texts("select succeeded || ' ' || result from controls order by id")
        .await;
    assert!(answers[0].starts_with("1 cancelled "), "{answers:?}");
    assert!(
        answers[1].starts_with("0 unknown to this version"),
        "{answers:?}"
    );
}

#[tokio::test]
async fn an_older_request_that_waits_does_not_undo_a_newer_one() {
    let site = Site::whole(walk()).await;
    site.run(&["seed", "feed"]).await.with(0);
    site.execute(
        "insert into controls (command, argument, asked_by, asked_at) values
        ('pause', '{\"scope\":\"all\"}', 'command', 1.0), ('reload', '{}', 'signal', 2.0)",
    )
    .await;
    let resumed = site.run(&["resume"]).await.with(0);
    assert_eq!(resumed.out.trim(), "all calls are resumed");
    let waiting = "select count(*) from controls where done_at is null";
    assert_eq!(site.number(waiting).await, 0);
    site.crawl().await.with(0);
}

#[tokio::test]
async fn commands_that_come_together_all_end() {
    let site = Site::whole(walk()).await;
    site.run(&["seed", "feed"]).await.with(0);
    let commands = (0..8).map(|number| {
        let command = ["pause", "resume"][number % 2];
        let site = &site;
        async move { site.run(&[command, "get_feed"]).await }
    });
    let ended = soon("all commands", futures_util::future::join_all(commands)).await;
    for ended in ended {
        let known = ["paused", "resumed"]
            .iter()
            .any(|word| (ended.out.clone() + &ended.err).contains(word));
        assert!(known, "{} {}", ended.out, ended.err);
    }
    let waiting = "select count(*) from controls where done_at is null";
    assert_eq!(site.number(waiting).await, 0);
}
