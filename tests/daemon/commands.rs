//! Commands that cost money or take names: what they refuse and what they ask.

use soracrawl::sim::{Options, Shape};

use crate::support::{Site, small};

#[tokio::test]
async fn filters_before_a_requeue_are_refused_and_unknown_names_are_errors() {
    let site = Site::walk("").await;
    site.crawl().await.with(0);
    let refused = site
        .run(&[
            "jobs",
            "--endpoint",
            "get_user_posts",
            "requeue",
            "--state",
            "done",
        ])
        .await
        .with(2);
    assert!(
        refused.err.contains("cannot be used with"),
        "{}",
        refused.err
    );
    for command in [
        &["jobs", "--endpoint", "typo"][..],
        &["jobs", "requeue", "--endpoint", "typo"],
        &["sim", "--faults", "2"],
        &["sim", "--config", "missing.toml"],
    ] {
        site.run(command).await.with(2);
    }
    for name in ["SORACRAWL_BUDGET_RUN_USD", "SORACRAWL_NO__SUCH"] {
        let ended = site.run_with(&["status"], &[(name, "1")], "").await.with(2);
        assert!(ended.err.contains(name), "{}", ended.err);
    }
    let ended = site
        .run_with(&["run", "--until-idle"], &[("SORACRAWL_BIN", "x")], "")
        .await
        .with(0);
    assert!(ended.err.contains("SORACRAWL_BIN"), "{}", ended.err);
}

#[tokio::test]
async fn a_requeue_says_what_it_buys_again_and_asks_above_the_threshold() {
    let mut site = Site::walk("").await;
    site.crawl().await.with(0);
    site.set("budget.confirm_above_usd", "0.10");
    let requeue = ["jobs", "requeue", "--state", "done"];
    let dry = site
        .run(&[&requeue[..], &["--dry-run"]].concat())
        .await
        .with(0);
    assert!(
        dry.out.contains("1 job: 3 pages") && dry.out.contains("$0.15"),
        "{}",
        dry.out
    );
    let asked = site.run(&requeue).await.with(2);
    assert!(asked.err.contains("--yes"), "{}", asked.err);
    assert_eq!(
        site.job("get_user_followers", &site.user(0)).await.state,
        "done"
    );
    site.run(&[&requeue[..], &["--yes"]].concat()).await.with(0);
    site.run(&["run", "--until-idle", "--yes"]).await.with(0);
    assert_eq!(site.bill(), 6 * crate::support::PAGE);
}

#[tokio::test]
async fn estimate_and_run_give_one_answer_also_after_a_budget_stop_and_before_the_first_run() {
    // Pages as large as the vendor documents them.
    let mut site = Site::whole(Options {
        users: 5,
        audience: 80,
        posts: 8,
        followers: 70,
        comments: 14,
        replies: 3,
        ..Options::default()
    })
    .await;
    site.set("budget.confirm_above_usd", "0.01");
    site.run(&["seed", "feed"]).await.with(0);
    for stop in [false, true] {
        if stop {
            site.set("budget.run_usd", "0.50");
            site.run(&["run", "--until-idle", "--yes"]).await.with(4);
            site.unset("budget.run_usd");
        }
        let told = site.run(&["estimate"]).await.with(0).out;
        let upper = told
            .lines()
            .find_map(|line| line.strip_prefix("total "))
            .expect("a total");
        let upper = upper.rsplit(' ').next().expect("an upper expectation");
        assert_ne!(upper, "$0.00", "{told}");
        let refused = site.run(&["run", "--until-idle"]).await.with(2);
        assert!(
            refused.err.contains(&format!("may cost {upper}, above")),
            "{told}\n{}",
            refused.err
        );
    }
    let told = site.run(&["estimate", "--json"]).await.with(0).json();
    let sum = |list: &str, field: &str| -> i64 {
        let all = told[list].as_array().expect("a list");
        all.iter()
            .map(|line| line[field].as_i64().expect("a number"))
            .sum()
    };
    let before = site.charged().await;
    let upper = sum("lines", "upper_micro_usd") + sum("follow_ups", "upper_micro_usd");
    let least = sum("lines", "least_micro_usd");
    site.run(&["run", "--until-idle", "--yes"]).await.with(0);
    let cost = i64::try_from(site.charged().await - before).expect("a cost");
    assert!(
        (least..=upper).contains(&cost),
        "{least} to {upper}: {cost}\n{told:#}"
    );
    assert!(upper < 4 * cost, "{upper} is no estimate of {cost}");
}

#[tokio::test]
async fn the_version_names_the_commit_and_the_schema() {
    let site = Site::new(small(Shape::Flat)).await;
    let version = site.run(&["--version"]).await.with(0).out;
    let commit = option_env!("SORACRAWL_COMMIT").unwrap_or("unknown");
    let schema = soracrawl::store::newest_schema();
    let number = env!("CARGO_PKG_VERSION");
    assert_eq!(
        version.trim(),
        format!("soracrawl {number} (commit {commit}, schema {schema})")
    );
}

#[tokio::test]
async fn completions_and_manual_pages_know_every_command() {
    let site = Site::new(small(Shape::Flat)).await;
    let bash = site.run(&["completions", "bash"]).await.with(0).out;
    let made = site.run(&["man", "pages"]).await.with(0).out;
    for command in [
        "run", "seed", "pause", "resume", "reload", "web-url", "verify",
    ] {
        assert!(bash.contains(command), "{command}");
        let page = site.file("pages").join(format!("soracrawl-{command}.1"));
        let text = std::fs::read_to_string(&page).expect("a manual page");
        assert!(
            text.contains("Example: soracrawl") || command == "seed",
            "{command}: {text}"
        );
    }
    assert!(made.contains("manual pages in pages"), "{made}");
}

#[tokio::test]
async fn a_dry_run_makes_no_call_and_no_archive() {
    let site = Site::whole(small(Shape::Flat)).await;
    let told = site.run(&["run", "--dry-run"]).await.with(0).out;
    assert!(told.contains("7 seeds"), "{told}");
    assert!(!site.archive().exists());
    site.crawl().await.with(0);
    let (bill, user) = (site.bill(), site.user(0));
    let told = site.run(&["run", "--dry-run"]).await.with(0).out;
    assert!(told.contains("$0.00"), "{told}");
    let user = format!("user_id={user}");
    let told = site
        .run(&["call", "get_user_profile", &user, "--dry-run"])
        .await
        .with(0)
        .out;
    assert_eq!(told.trim(), "one call of get_user_profile would cost $0.05");
    assert_eq!(site.bill(), bill);
}
