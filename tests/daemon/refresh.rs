//! What is archived is bought again where most is expected per dollar, and never for more than its own budget.

use serde_json::Value;
use soracrawl::sim::Shape;

use crate::listed::{LISTED, listed};
use crate::support::{Place, Site, small};

const SENT: &str = "select count(*) from calls where endpoint = 'get_user_posts'";
const REFRESHED: &str = "select coalesce(sum(micro_usd), 0) from spend where scope = 'refresh'";

/// Lets everything in the archive be as old as if it had been bought days ago.
async fn age(place: &Place, days: u32) {
    let seconds = f64::from(days) * 86_400.0;
    let sql = format!(
        "update calls set settled_at = settled_at - {seconds}, opened_at = opened_at - {seconds};
         update jobs set ended_at = ended_at - {seconds};
         update users set counted_at = counted_at - {seconds};
         update posts set counted_at = counted_at - {seconds}, posted_at = posted_at - {seconds};
         update user_stats set observed_at = observed_at - {seconds};
         update post_stats set observed_at = observed_at - {seconds};"
    );
    place.execute(&sql).await;
}

#[tokio::test]
async fn a_plan_says_what_it_would_buy_and_why_and_buys_nothing() {
    let site = Site::whole(small(Shape::Wrapped)).await;
    site.crawl().await.with(0);
    age(&site, 10).await;
    let none = site.run(&["refresh", "--plan"]).await.with(2).err;
    assert!(
        none.contains("--usd") && none.contains("refresh.usd_per_day"),
        "{none}"
    );
    let none = site.run(&["refresh"]).await.with(2).err;
    assert!(none.contains("refresh.usd_per_day"), "{none}");
    let (calls, bill) = (site.number("select count(*) from calls").await, site.bill());
    let plan = ["refresh", "--plan", "--usd", "0.20"];
    let told = site.run(&plan).await.with(0).out;
    assert!(told.contains("posts are expected, waiting 5"), "{told}");
    assert!(told.contains("would halve them"), "{told}");
    let plan = ["refresh", "--plan", "--usd", "0.20", "--json"];
    let json = site.run(&plan).await.with(0).json();
    let calls_planned = json["calls"].as_array().expect("calls");
    assert!(!calls_planned.is_empty());
    let cost: i64 = calls_planned
        .iter()
        .map(|call| call["micro_usd"].as_i64().expect("a cost"))
        .sum();
    assert!(
        cost == json["micro_usd"].as_i64().expect("a sum") && cost <= 200_000,
        "{json}"
    );
    let per_dollar = |call: &Value| {
        call["expected_item_hours"].as_f64().expect("hours")
            / call["micro_usd"].as_f64().expect("a cost")
    };
    let first = per_dollar(&calls_planned[0]);
    assert!(
        calls_planned
            .iter()
            .all(|call| per_dollar(call) <= first * 1.5),
        "{json}"
    );
    assert_eq!(site.number("select count(*) from calls").await, calls);
    assert_eq!(
        (
            site.bill(),
            site.number("select count(*) from refreshes").await
        ),
        (bill, 0)
    );
}

#[tokio::test]
async fn refreshes_stay_within_the_money_of_a_day_and_the_rest_waits_for_the_next() {
    let (mut place, list) = listed().await;
    place.crawl().await.with(0);
    age(&place, 40).await;
    place.set("refresh.usd_per_day", "0.15");
    // Far more posts than were expected: 4 pages.
    list.lock().expect("a list").newest += 30;
    let told = place.run(&["refresh"]).await.with(0).out;
    assert!(told.contains("began 1 refresh"), "{told}");
    let before = place.number(SENT).await;
    place.crawl().await.with(4);
    assert_eq!(place.number(SENT).await - before, 3);
    assert_eq!(place.number(REFRESHED).await, 150_000);
    let stops = "select note from jobs where stop_reason = 'budget' and refreshes = 1";
    let note = place.texts(stops).await.remove(0);
    assert!(
        note.contains("refresh budget is spent") && note.contains("00:00 UTC"),
        "{note}"
    );
    let status = place.run(&["status"]).await.with(0).out;
    assert!(status.contains("$0.15 today"), "{status}");
    // Nothing more today, neither by the command nor by a run.
    place.run(&["refresh"]).await.with(1);
    place.crawl().await.with(4);
    assert_eq!(place.number(REFRESHED).await, 150_000);
    // On the next day it goes on where it stopped, and meets what is archived.
    place.execute("update calls set day = '2020-01-01'; update spend set name = '2020-01-01' where scope in ('day', 'refresh')").await;
    place.crawl().await.with(0);
    // The fifth page has the last five items that are archived.
    assert_eq!(place.number(SENT).await - before, 5);
    let posts = i64::from(LISTED) + 30;
    assert_eq!(place.number("select count(*) from posts").await, posts);
    let ended = "select stop_reason from jobs where endpoint = 'get_user_posts'";
    assert_eq!(place.texts(ended).await, ["complete"]);
}

#[tokio::test]
async fn the_other_budgets_bind_refreshes_too() {
    let (mut place, list) = listed().await;
    place.crawl().await.with(0);
    list.lock().expect("a list").newest += 30;
    age(&place, 40).await;
    place
        .set("refresh.usd_per_day", "5")
        .set("budget.total_usd", "0.30");
    place.run(&["refresh"]).await.with(0);
    let ended = place.crawl().await;
    assert_eq!(ended.code, 4, "{}", ended.err);
    assert_eq!(
        place
            .number("select micro_usd from spend where scope = 'total'")
            .await,
        300_000
    );
}

#[tokio::test]
async fn a_daemon_refreshes_by_itself_and_on_request_and_a_run_until_idle_does_not() {
    let (mut place, list) = listed().await;
    place.crawl().await.with(0);
    age(&place, 40).await;
    list.lock().expect("a list").newest += 2;
    // So much that some is left in the first second of a day.
    place.set("refresh.usd_per_day", "100000");
    let before = place.number(SENT).await;
    place.crawl().await.with(0);
    assert_eq!(place.number(SENT).await, before, "until idle");
    let mut daemon = place.start(&["run"]);
    daemon.until_logged("refreshing what").await;
    place.until("select count(*) = 42 from posts").await;
    let status = place.run(&["status", "--json"]).await.with(0).json();
    assert!(
        status["stale"]["oldest_hours"].as_f64().expect("hours") > 900.0,
        "{status}"
    );
    assert_eq!(status["charged_by_refreshes_today_micro_usd"], 50_000);
    place
        .until("select count(*) = 1 from jobs where endpoint = 'get_user_posts' and state = 'done'")
        .await;
    list.lock().expect("a list").newest += 2;
    let told = place.run(&["refresh"]).await.with(1).err;
    assert!(told.contains("nothing to refresh"), "seen just now: {told}");
    age(&place, 30).await;
    let told = place.run(&["refresh"]).await.with(0).out;
    assert!(told.contains("began 1 refresh"), "{told}");
    place.until("select count(*) = 44 from posts").await;
    daemon.signal("SIGTERM");
    daemon.end().await.with(0);
}

/// A list of which a refresh has bought what the money of the day allowed, and not all.
async fn interrupted() -> Place {
    let (mut place, list) = listed().await;
    place.crawl().await.with(0);
    age(&place, 40).await;
    place.set("refresh.usd_per_day", "0.10");
    list.lock().expect("a list").newest += 30;
    place.run(&["refresh"]).await.with(0);
    place.crawl().await.with(4);
    place
}

#[tokio::test]
async fn more_money_continues_an_interrupted_refresh_at_once_and_none_leaves_it_to_the_other_budgets()
 {
    let posts = "select count(*) from posts";
    let mut place = interrupted().await;
    place.set("refresh.usd_per_day", "5");
    place.crawl().await.with(0);
    assert_eq!(place.number(posts).await, i64::from(LISTED) + 30);
    let mut place = interrupted().await;
    place.unset("refresh.usd_per_day");
    place.crawl().await.with(0);
    assert_eq!(place.number(posts).await, i64::from(LISTED) + 30);
    let marked = "select count(*) from jobs where refreshes = 1";
    assert_eq!(place.number(marked).await, 0, "its refresh is over");
}

#[tokio::test]
async fn what_is_paused_takes_no_money_from_other_refreshes() {
    let (mut place, list) = listed().await;
    place.crawl().await.with(0);
    age(&place, 40).await;
    place.set("refresh.usd_per_day", "0.15");
    list.lock().expect("a list").newest += 3;
    place.run(&["refresh"]).await.with(0);
    let left = |told: String| told.lines().next().map(str::to_owned);
    let told = place.run(&["refresh", "--plan"]).await.with(0).out;
    assert_eq!(left(told).as_deref(), Some("$0.10 left of $0.15 a day"));
    place.run(&["pause", "get_user_posts"]).await.with(0);
    let told = place.run(&["refresh", "--plan"]).await.with(0).out;
    assert_eq!(left(told).as_deref(), Some("$0.15 left of $0.15 a day"));
}

#[tokio::test]
async fn a_failed_look_does_not_end_the_refreshes_of_a_list_and_a_cut_list_is_left_to_a_person() {
    let (place, _list) = listed().await;
    place.crawl().await.with(0);
    age(&place, 40).await;
    let planned = async || {
        let plan = ["refresh", "--plan", "--usd", "1", "--json"];
        let json = place.run(&plan).await.with(0).json();
        json["calls"].as_array().expect("calls").len()
    };
    assert_eq!(planned().await, 1);
    place
        .execute("update jobs set state = 'stopped', stop_reason = 'truncated'")
        .await;
    assert_eq!(planned().await, 0);
    let span = "insert into spans (job_id, first_call_id, last_call_id, pages, reached_end, state)
        select job_id, min(id), max(id), count(*), 1, 'open' from calls where kept = 1 and job_id is not null";
    place
        .execute("update jobs set state = 'failed', stop_reason = 'failed'")
        .await;
    place.execute(span).await;
    assert_eq!(planned().await, 1);
}
