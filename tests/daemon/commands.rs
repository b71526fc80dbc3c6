//! Commands that cost money or take names: what they refuse and what they ask.

use crate::support::Site;

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
