//! Each stop reason of a walk: how it is reached, its record in the job, and its exit code.

use crate::archive::Job;
use crate::support::{PAGE, Site};

const WALK: &str = "get_user_followers";

/// Crawls one walk of three pages, checks the exit code, and returns the job.
async fn walked(site: &Site, code: i32) -> Job {
    let ended = site.crawl().await;
    assert_eq!(ended.code, code, "{}", ended.err);
    site.assert_settled().await;
    site.job(WALK, &site.user(0)).await
}

#[tokio::test]
async fn a_walk_without_a_next_cursor_is_complete() {
    let site = Site::walk("").await;
    let job = walked(&site, 0).await;
    assert_eq!(
        (job.state.as_str(), job.reason.as_str(), job.pages),
        ("done", "complete", 3)
    );
    assert_eq!(site.follower_differences(&site.user(0)).await, (0, 0));
    assert_eq!(site.bill(), 3 * PAGE);
}

async fn stalls(script: &str, pages: i64, why: &str) {
    let site = Site::walk(script).await;
    let job = walked(&site, 3).await;
    assert_eq!(
        (job.state.as_str(), job.reason.as_str(), job.pages),
        ("stopped", "stalled", pages),
        "{job:?}"
    );
    assert!(job.note.contains(why), "{job:?}");
    assert_eq!(site.bill(), u64::try_from(pages).expect("pages") * PAGE);
    let shown = site.run(&["jobs", "--state", "stopped"]).await.with(0).out;
    assert!(
        shown.contains(&site.user(0)) && shown.contains("stalled"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_cursor_loop_stalls_the_walk_before_a_page_is_bought_again() {
    stalls("get_user_followers:3=cursor-loop", 3, "returned before").await;
}

#[tokio::test]
async fn a_page_that_returns_its_own_cursor_stalls_the_walk() {
    stalls("get_user_followers:2=own-cursor", 2, "returned before").await;
}

#[tokio::test]
async fn two_pages_without_a_new_id_stall_the_walk_even_with_new_cursors() {
    stalls("get_user_followers:2=endless-new-cursors", 4, "no new id").await;
}

#[tokio::test]
async fn has_more_without_a_cursor_is_truncated() {
    let site = Site::walk("get_user_followers:2=has-more-no-cursor").await;
    let job = walked(&site, 3).await;
    assert_eq!(
        (job.state.as_str(), job.reason.as_str(), job.pages),
        ("stopped", "truncated", 2)
    );
}

#[tokio::test]
async fn a_requeued_truncated_walk_restarts_at_its_head_and_completes() {
    let site = Site::walk("get_user_followers:2=has-more-no-cursor").await;
    let job = walked(&site, 3).await;
    assert_eq!((job.reason.as_str(), job.pages), ("truncated", 2));
    site.run(&["jobs", "requeue", "--state", "stopped"])
        .await
        .with(0);
    let job = walked(&site, 0).await;
    assert_eq!((job.reason.as_str(), job.pages), ("complete", 3));
    assert_eq!(site.follower_differences(&site.user(0)).await, (0, 0));
}

#[tokio::test]
async fn a_page_cap_ends_the_walk_and_a_higher_cap_continues_it() {
    let mut site = Site::walk("").await;
    site.set("crawl.max_pages.followers", "2");
    let job = walked(&site, 0).await;
    assert_eq!(
        (job.state.as_str(), job.reason.as_str(), job.pages),
        ("stopped", "capped", 2)
    );
    site.unset("crawl.max_pages.followers");
    let job = walked(&site, 0).await;
    assert_eq!((job.reason.as_str(), job.pages), ("complete", 3));
    assert_eq!(
        site.bill(),
        3 * PAGE,
        "the two pages before the cap are not bought again"
    );
    assert_eq!(site.follower_differences(&site.user(0)).await, (0, 0));
}

#[tokio::test]
async fn an_exhausted_budget_stops_the_walk_and_a_higher_budget_continues_it() {
    let mut site = Site::walk("").await;
    site.set("budget.run_usd", "0.14");
    let job = walked(&site, 4).await;
    assert_eq!(
        (job.state.as_str(), job.reason.as_str(), job.pages),
        ("stopped", "budget", 2)
    );
    assert_eq!(site.bill(), 2 * PAGE);
    site.unset("budget.run_usd");
    let job = walked(&site, 0).await;
    assert_eq!((job.reason.as_str(), job.pages), ("complete", 3));
    assert_eq!(site.bill(), 3 * PAGE);
}

#[tokio::test]
async fn a_gone_subject_ends_its_job_and_no_other() {
    let mut site = Site::walk("").await;
    let (gone, other) = (site.user(0), site.user(1));
    site.sim
        .script(&format!("get_user_followers@{gone}:2=gone"))
        .expect("a script");
    site.set("seeds.users", &format!("{:?}", [&gone, &other]));
    let job = walked(&site, 0).await;
    assert_eq!(
        (job.state.as_str(), job.reason.as_str(), job.pages),
        ("done", "gone", 1)
    );
    assert_eq!(site.job(WALK, &other).await.reason, "complete");
    assert_eq!(site.bill(), 4 * PAGE, "a 404 costs nothing");
}

#[tokio::test]
async fn a_failed_job_names_its_last_call_and_continues_after_a_requeue() {
    let mut site = Site::walk("get_user_followers:2+=server-error").await;
    site.set("limits.max_attempts", "3");
    let job = walked(&site, 3).await;
    assert_eq!(
        (
            job.state.as_str(),
            job.reason.as_str(),
            job.pages,
            job.attempts
        ),
        ("failed", "failed", 1, 3)
    );
    assert!(
        job.note.contains("3 attempts") && job.note.contains("500"),
        "{job:?}"
    );
    let last = site.calls().await.last().expect("a call").id;
    let jobs = site
        .run(&["jobs", "--state", "failed", "--json"])
        .await
        .with(0)
        .json();
    assert_eq!(jobs[0]["subject"], site.user(0));
    assert_eq!(jobs[0]["last_call_id"], last);
    let shown = site.run(&["jobs", "--state", "failed"]).await.with(0).out;
    assert!(
        shown.contains(&site.user(0)) && shown.contains("given up after 3 attempts"),
        "{shown}"
    );
    // A further run retries nothing by itself and still reports the failure.
    walked(&site, 3).await;
    site.sim.heal();
    let requeued = site.run(&["jobs", "requeue"]).await.with(0).out;
    assert!(requeued.starts_with("1 job: 0 pages"), "{requeued}");
    let job = walked(&site, 0).await;
    assert_eq!((job.reason.as_str(), job.pages), ("complete", 3));
    assert_eq!(site.bill(), 3 * PAGE);
    assert_eq!(site.follower_differences(&site.user(0)).await, (0, 0));
}

#[tokio::test]
async fn an_empty_page_with_a_new_cursor_continues_the_walk() {
    let site = Site::walk("get_user_followers:2=empty-page").await;
    let job = walked(&site, 0).await;
    assert_eq!((job.reason.as_str(), job.pages), ("complete", 4));
    assert_eq!(site.follower_differences(&site.user(0)).await, (0, 0));
}

#[tokio::test]
async fn a_cursor_with_has_more_false_is_not_followed_and_the_job_notes_it() {
    let site = Site::walk("get_user_followers:3=has-more-false-with-cursor").await;
    let job = walked(&site, 0).await;
    assert_eq!((job.reason.as_str(), job.pages), ("complete", 3));
    assert!(job.note.contains("not followed"), "{job:?}");
    assert_eq!(site.bill(), 3 * PAGE);
    assert_eq!(site.follower_differences(&site.user(0)).await, (0, 0));
}

#[tokio::test]
async fn an_expired_cursor_restarts_the_walk_once_and_loses_nothing() {
    let site = Site::walk("get_user_followers:3=expired-cursor").await;
    let log = site.crawl().await.with(0).err;
    let told = log.lines().find(|line| line.contains("refuses the cursor"));
    let told = told.unwrap_or_else(|| panic!("no warning: {log}"));
    assert!(
        told.contains("bought again") && told.contains("$0.10"),
        "{told}"
    );
    let job = walked(&site, 0).await;
    assert_eq!(
        (job.reason.as_str(), job.restarts),
        ("complete", 1),
        "{job:?}"
    );
    assert_eq!(site.follower_differences(&site.user(0)).await, (0, 0));
    // Two pages before the restart, three after it.
    assert_eq!(site.bill(), 5 * PAGE);
}

#[tokio::test]
async fn a_cursor_that_expires_again_fails_the_walk() {
    let script = "get_user_followers:3=expired-cursor\nget_user_followers:7=expired-cursor";
    let site = Site::walk(script).await;
    let job = walked(&site, 3).await;
    assert_eq!((job.state.as_str(), job.restarts), ("failed", 1), "{job:?}");
    assert!(job.note.contains("refused again"), "{job:?}");
}
