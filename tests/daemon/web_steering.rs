//! What operators find on the pages of a daemon, and what their buttons do.

use std::collections::BTreeMap;

use soracrawl::sim::Shape;

use crate::pages::Pages;
use crate::support::{Site, small, soon};

/// Returns every counter of the metrics.
async fn counters(pages: &Pages) -> BTreeMap<String, f64> {
    let text = pages.get("/metrics").await.body;
    let samples = text.lines().filter_map(|line| line.rsplit_once(' '));
    samples
        .filter(|(name, _)| name.contains("_total"))
        .map(|(name, value)| (name.to_owned(), value.parse().expect("a number")))
        .collect()
}

#[tokio::test]
async fn no_counter_falls_when_a_stored_reply_is_kept_later() {
    let site = Site::whole(small(Shape::Wrapped)).await;
    site.crawl().await.with(0);
    // As the daemon leaves a reply whose rows the archive refuses: settled, and not kept.
    site.execute(
        "update call_totals set kept = kept - 1 where (day, endpoint) =
         (select day, endpoint from calls where kept = 1 order by id limit 1)",
    )
    .await;
    let pages = Pages::start(site, false).await;
    let before = counters(&pages).await;
    let kept = |counters: &BTreeMap<String, f64>| -> f64 {
        let pages = counters
            .iter()
            .filter(|(name, _)| name.starts_with("soracrawl_pages_total"));
        pages.map(|(_, value)| value).sum()
    };
    // What the trigger call_totals_keep does later.
    pages
        .site
        .execute(
            "update call_totals set kept = kept + 1 where (day, endpoint) =
             (select day, endpoint from calls where kept = 1 order by id limit 1)",
        )
        .await;
    let after = soon("the page is counted", async {
        loop {
            let after = counters(&pages).await;
            if after != before {
                return after;
            }
        }
    })
    .await;
    for (name, value) in &before {
        assert!(after.get(name) >= Some(value), "{name} fell from {value}");
    }
    assert_eq!(kept(&after), kept(&before) + 1.0);
    pages.end().await;
}

#[tokio::test]
async fn a_failed_job_is_found_behind_many_newer_jobs_and_by_its_reason() {
    let site = Site::whole(small(Shape::Wrapped)).await;
    site.crawl().await.with(0);
    site.execute(
        "update jobs set state = 'failed', stop_reason = 'failed' where id = 1;
         insert into jobs (endpoint, subject, depth, seed_id, state, stop_reason, created_at, ended_at)
         with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 20010)
         select endpoint, 'user-' || n, 9, seed_id, 'done', 'complete', 1.0, 1.0 from jobs, numbers where jobs.id = 1",
    )
    .await;
    let pages = Pages::start(site, false).await;
    let newest = pages.get("/jobs?state=failed").await.body;
    assert!(!newest.contains("href=\"/jobs/1\""), "{newest}");
    assert!(newest.contains("were not searched"), "{newest}");
    let (_, rest) = newest.split_once("searched. <a href=\"").expect("a link");
    let (older, _) = rest.split_once('"').expect("its end");
    let older = older.replace("&amp;", "&");
    let found = pages.get(&older).await.body;
    assert!(found.contains("href=\"/jobs/1\""), "{older}: {found}");
    assert!(!found.contains("were not searched"), "{found}");
    // Below the jobs that were added.
    let oldest = |reason: &str| format!("/jobs?reason={reason}&before=100");
    let failed = pages.get(&oldest("failed")).await.body;
    assert!(failed.contains("href=\"/jobs/1\""), "{failed}");
    assert!(failed.contains("<option selected>failed</option>"));
    let complete = pages.get(&oldest("complete")).await.body;
    assert!(!complete.contains("href=\"/jobs/1\"") && complete.contains("href=\"/jobs/2\""));
    let none = pages.get(&oldest("denied")).await.body;
    assert!(none.contains("No such job."), "{none}");
    pages.end().await;
}

#[tokio::test]
async fn seeds_are_paused_resumed_and_removed_by_buttons() {
    let site = Site::whole(small(Shape::Wrapped)).await;
    site.run(&["seed", "searches", "<b>bold</b>"]).await.with(0);
    site.crawl().await.with(0);
    let pages = Pages::start(site, true).await;
    let id = pages
        .site
        .number("select id from seeds where kind = 'search'")
        .await;
    let row = async || {
        let page = pages.get("/seeds").await.body;
        let (_, row) = page.split_once(&format!("<tr id=\"seed-{id}\">"))?;
        Some(row.split_once("</tr>").expect("its end").0.to_owned())
    };
    let shown = row().await.expect("the seed");
    assert!(shown.contains("&lt;b&gt;bold"), "{shown}");
    assert!(
        shown.contains("active") && shown.contains("Pause"),
        "{shown}"
    );
    let form = |command: &str| format!("command={command}&scope=seed&name={id}&after=0");
    let paused = pages.press(&form("pause")).await;
    assert_eq!(paused.status, 303);
    assert!(paused.head.contains("\r\nlocation: /seeds\r\n"));
    let shown = row().await.expect("the seed");
    assert!(
        shown.contains("paused since") && shown.contains("Resume"),
        "{shown}"
    );
    assert_eq!(pages.press(&form("resume")).await.status, 303);
    assert!(row().await.expect("the seed").contains("active"));
    assert_eq!(pages.press(&form("remove")).await.status, 303);
    assert_eq!(row().await, None);
    let asked = "select command || ' ' || asked_by || ' ' || succeeded from controls order by id";
    let expected = ["pause web 1", "resume web 1", "remove_seed web 1"];
    assert_eq!(pages.site.texts(asked).await, expected);
    pages.end().await;
}

#[tokio::test]
async fn a_refused_press_says_why_and_leads_back() {
    let site = Site::whole(small(Shape::Wrapped)).await;
    site.crawl().await.with(0);
    let pages = Pages::start(site, true).await;
    let configured = pages.press("command=remove&scope=seed&name=1").await;
    assert_eq!(configured.status, 409);
    let why = "seed 1 is in the section [seeds] of the configuration: remove it there first";
    assert!(configured.body.contains(why), "{}", configured.body);
    assert!(configured.body.contains("<a href=\"/seeds\">"));
    let unknown = pages
        .press("command=pause&scope=endpoint&name=%3Cb%3E")
        .await;
    assert_eq!(unknown.status, 409);
    assert!(unknown.body.contains("unknown endpoint &lt;b&gt;"));
    assert!(unknown.body.contains("<a href=\"/\">"));
    assert_eq!(
        pages
            .site
            .number("select count(*) from seeds where removed_at is not null")
            .await,
        0
    );
    pages.end().await;
}

#[tokio::test]
async fn all_calls_can_be_paused_while_an_endpoint_is_paused() {
    let site = Site::whole(small(Shape::Wrapped)).await;
    site.crawl().await.with(0);
    let pages = Pages::start(site, true).await;
    let (pause, resume) = ("Pause all calls", "Resume everything");
    let has = async |text: &str| pages.get("/").await.body.contains(text);
    assert_eq!((has(pause).await, has(resume).await), (true, false));
    let one = "command=pause&scope=endpoint&name=get_user_followers";
    assert_eq!(pages.press(one).await.status, 303);
    assert_eq!((has(pause).await, has(resume).await), (true, true));
    assert_eq!(pages.press("command=pause&scope=all").await.status, 303);
    assert_eq!((has(pause).await, has(resume).await), (false, true));
    pages.end().await;
}

#[tokio::test]
async fn a_long_list_of_seeds_has_pages() {
    let site = Site::new(small(Shape::Wrapped)).await;
    let users: Vec<String> = (1..=101).map(|number| format!("user-{number}")).collect();
    let mut arguments = vec!["seed", "users"];
    arguments.extend(users.iter().map(String::as_str));
    site.run(&arguments).await.with(0);
    site.run(&["pause"]).await.with(0);
    let pages = Pages::start(site, false).await;
    let first = pages.get("/seeds").await.body;
    assert!(first.contains(">user-100<") && !first.contains(">user-101<"));
    assert!(first.contains("<a href=\"/seeds?after=100\">Later seeds</a>"));
    let second = pages.get("/seeds?after=100").await.body;
    assert!(second.contains(">user-101<") && !second.contains(">user-100<"));
    assert!(!second.contains("Later seeds") && second.contains("First seeds"));
    pages.end().await;
}
