//! Seeds of a crawl: ids, URLs, usernames, searches and files, and lines that are invalid.

use std::collections::BTreeSet;

use soracrawl::sim::{Endpoint, Shape};

use crate::support::{Site, small};

async fn site() -> Site {
    Site::new(small(Shape::Wrapped)).await
}

#[tokio::test]
async fn a_username_is_looked_up_once_and_its_user_is_an_ordinary_seed() {
    let site = site().await;
    let user = site.user(1);
    let name = format!("@{}", site.sim.world().people[1].username);
    site.run(&["seed", "users", &name]).await.with(0);
    site.crawl().await.with(0);
    assert_eq!(site.calls_of("search_users"), 1);
    assert_eq!(site.job("get_user_posts", &user).await.reason, "complete");
    assert_eq!(site.number("select max(depth) from jobs").await, 0);
    assert_eq!(site.follower_differences(&user).await, (0, 0));
    let walked = site
        .texts("select distinct subject from jobs where endpoint like 'get_user_%'")
        .await;
    assert_eq!(walked, [user], "users with similar names are not crawled");
    // Names are the same in upper and lower case, and the search is done.
    let again = site
        .run(&["seed", "users", &name.to_uppercase()])
        .await
        .with(0);
    assert!(
        again.out.starts_with("0 new seeds, 1 known"),
        "{}",
        again.out
    );
    site.crawl().await.with(0);
    assert_eq!(site.calls_of("search_users"), 1);
    assert_eq!(site.sim.account().total.repeats, 0);
}

/// A site that walks all lists of the users whom it is told to, and the name of its second user.
async fn named() -> (Site, String, String) {
    let site = site().await;
    let user = site.user(1);
    let name = format!("@{}", site.sim.world().people[1].username);
    (site, user, name)
}

/// Checks that every list of the user is complete.
async fn assert_walked(site: &Site, user: &str) {
    site.assert_settled().await;
    assert_eq!(site.follower_differences(user).await, (0, 0));
    let incomplete = site
        .texts(&format!(
            "select endpoint || ' ' || stop_reason from jobs where subject = '{user}' and stop_reason <> 'complete'"
        ))
        .await;
    assert!(incomplete.is_empty(), "{incomplete:?}");
    let walks = site
        .number(&format!(
            "select count(*) from jobs where subject = '{user}' and pages > 0"
        ))
        .await;
    assert!(walks >= 3, "{walks} walks");
}

#[tokio::test]
async fn a_name_whose_user_is_known_already_is_walked_to_the_end_of_every_list() {
    let (site, user, name) = named().await;
    site.run(&["seed", "users", &site.user(0), &site.user(2)])
        .await
        .with(0);
    site.crawl().await.with(0);
    for more in [&["--known-names"][..], &[]] {
        let seed = [&["seed", "users", &name][..], more].concat();
        let said = site.run(&seed).await.with(0).out;
        assert_eq!(
            said.contains(&format!("is {user}, seen from")),
            !more.is_empty(),
            "{said}"
        );
        site.crawl().await.with(0);
        assert_walked(&site, &user).await;
    }
    assert_eq!(
        site.calls_of("search_users"),
        1,
        "a name is asked of the remote"
    );
    assert_eq!(site.sim.account().total.repeats, 0);
}

#[tokio::test]
async fn a_name_is_walked_completely_after_budget_stops_plan_changes_and_new_seeds() {
    let (mut site, user, name) = named().await;
    site.only(&["posts"]).set("budget.run_usd", "0.05");
    site.run(&["seed", "users", &name]).await.with(0);
    for run in 0..12 {
        match run {
            2 => site.only(&["posts", "followers"]),
            4 => site.set("crawl.following", "true"),
            6 => site.set("crawl.appearances", "true"),
            _ => &mut site,
        };
        site.run(&["seed", "users", &name]).await.with(0);
        let code = site.crawl().await.code;
        assert!(code == 0 || code == 4, "{code}");
    }
    site.unset("budget.run_usd");
    site.crawl().await.with(0);
    assert_walked(&site, &user).await;
    assert_eq!(site.calls_of("search_users"), 1);
    assert_eq!(site.sim.account().total.repeats, 0);
}

#[tokio::test]
async fn a_name_that_the_search_does_not_find_is_that_of_the_one_user_whom_the_archive_saw_under_it()
 {
    let (mut site, user, _) = named().await;
    site.run(&["seed", "users", &site.user(0), &user])
        .await
        .with(0);
    site.only(&["posts"]);
    site.crawl().await.with(0);
    // Meanwhile the user has another name.
    site.execute(&format!(
        "update users set username = 'before' where user_id = '{user}'"
    ))
    .await;
    site.run(&["seed", "users", "@Before"]).await.with(0);
    site.only(&["posts", "followers"]);
    let ended = site.crawl().await.with(0);
    assert!(ended.err.contains("taking user-"), "{}", ended.err);
    let job = site.job("search_users", "before").await;
    assert!(
        job.reason == "complete" && job.note.contains(&user),
        "{job:?}"
    );
    assert_eq!(site.follower_differences(&user).await, (0, 0));
    let both = format!("('{user}', '{}')", site.user(0));
    site.execute(&format!(
        "update users set username = 'before' where user_id in {both}"
    ))
    .await;
    site.run(&["jobs", "requeue", "--state", "done", "--subject", "before"])
        .await
        .with(0);
    site.crawl().await.with(0);
    let job = site.job("search_users", "before").await;
    assert_eq!(
        job.reason, "gone",
        "two users of one name are not resolved silently"
    );
}

#[tokio::test]
async fn a_name_that_nobody_has_is_gone_and_the_run_says_so() {
    let (site, ..) = named().await;
    site.run(&["seed", "users", "@nobody-has-this"])
        .await
        .with(0);
    site.crawl().await.with(0);
    let job = site.job("search_users", "nobody-has-this").await;
    assert_eq!(job.reason, "gone");
    assert!(job.note.contains("exactly the name"), "{job:?}");
}

#[tokio::test]
async fn a_search_is_archived_as_the_remote_ranks_it() {
    let site = site().await;
    let world = site.sim.world();
    let text: String = world.people[0].username.chars().take(2).collect();
    site.run(&["seed", "searches", &text]).await.with(0);
    site.crawl().await.with(0);
    let found: BTreeSet<String> = site
        .texts("select user_id from search_hits")
        .await
        .into_iter()
        .collect();
    let truth: BTreeSet<String> = world
        .search(&text)
        .into_iter()
        .map(|at| world.people[at].id.clone())
        .collect();
    assert_eq!(found, truth);
    assert_eq!(site.bill(), 50_000);
}

#[tokio::test]
async fn a_post_seeded_by_url_is_fetched_with_its_comments() {
    let site = site().await;
    let world = site.sim.world();
    let post = world
        .posts
        .iter()
        .find(|post| !post.comments.is_empty())
        .expect("a post with comments");
    let address = format!("https://sora.chatgpt.com/p/{}?from=somewhere", post.id);
    site.run(&["seed", "posts", &address]).await.with(0);
    site.crawl().await.with(0);
    assert_eq!(site.calls_of("get_post_detail"), 1);
    let comments = site
        .number(&format!(
            "select count(*) from comment_tree where post_id = '{}'",
            post.id
        ))
        .await;
    assert_eq!(comments, i64::try_from(post.thread_size).expect("a count"));
    let text = site
        .texts(&format!(
            "select coalesce(text, '') from posts where post_id = '{}'",
            post.id
        ))
        .await;
    assert_eq!(text, [post.text.clone().unwrap_or_default()]);
}

#[tokio::test]
async fn the_feed_and_the_leaderboard_are_walked_to_their_ends() {
    let site = site().await;
    site.run(&["seed", "feed"]).await.with(0);
    site.run(&["seed", "leaderboard"]).await.with(0);
    site.crawl().await.with(0);
    let world = site.sim.world();
    for (endpoint, view, column) in [
        (Endpoint::Feed, "feed_history", "post_id"),
        (Endpoint::Leaderboard, "leaderboard_history", "user_id"),
    ] {
        let ranked = site
            .texts(&format!("select {column} from {view} order by rank"))
            .await;
        assert_eq!(ranked, world.ids(endpoint, "").expect("a list"), "{view}");
    }
}

#[tokio::test]
async fn an_input_with_an_invalid_line_is_added_as_a_whole_or_not_at_all() {
    let site = site().await;
    let (first, second) = (site.user(0), site.user(1));
    let text = format!(
        "# people\n{first}\nnobody\n\nhttps://sora.chatgpt.com/profile/{second}\n'; drop table jobs\n"
    );
    let ended = site.run_with(&["seed", "users"], &[], &text).await.with(2);
    assert!(
        ended.err.contains("line 3: `nobody`") && ended.err.contains("line 6"),
        "{}",
        ended.err
    );
    assert!(ended.err.contains("--keep-good"), "{}", ended.err);
    assert!(!site.archive().exists(), "no archive is created");
    let keep = ["seed", "users", "--keep-good"];
    let ended = site.run_with(&keep, &[], &text).await.with(3);
    assert!(ended.out.starts_with("2 new seeds"), "{}", ended.out);
    let again = site.run_with(&keep, &[], &text).await.with(3);
    assert!(
        again.out.starts_with("0 new seeds, 2 known"),
        "{}",
        again.out
    );
    assert!(again.out.contains("0 new jobs"), "{}", again.out);
    let ended = site
        .run(&["seed", "users", "--keep-good", "nobody"])
        .await
        .with(2);
    assert!(ended.err.contains("nothing is added"), "{}", ended.err);
    let seeds = site.texts("select subject from seeds order by id").await;
    assert_eq!(seeds, [first, second]);
}

#[tokio::test]
async fn the_id_column_of_a_csv_file_with_a_header_is_used() {
    let site = site().await;
    let text = format!(
        "name,user_id\n\"Doe, Jo\",{}\nX,{}\n",
        site.user(0),
        site.user(1)
    );
    std::fs::write(site.file("people.csv"), text).expect("a file");
    let ended = site
        .run(&["seed", "users", "--file", "people.csv"])
        .await
        .with(0);
    assert!(ended.out.starts_with("2 new seeds"), "{}", ended.out);
    let ended = site
        .run(&["seed", "users", "--file", "none.csv"])
        .await
        .with(1);
    assert!(ended.err.contains("none.csv"), "{}", ended.err);
}
