//! Replies without a job are replayed too: imported ones, and those of calls by hand.

use soracrawl::model::MicroUsd;
use soracrawl::sim::Shape;
use sqlx::Row;

use crate::import::{NO_REMOTE, contents, crawled, import};
use crate::replay::beside;
use crate::replays::Replay;
use crate::support::{Place, Site};

const FOLLOWERS: &str = "get_user_followers";

/// Returns an archive with the replies of another one, and without jobs.
async fn imported_from(site: &Site) -> Place {
    let mut other = Place::new(NO_REMOTE);
    other.unset("api.key");
    let source = site.archive();
    let source = source.to_str().expect("a path");
    import(&other, "a.db", &[source]).await.with(0);
    assert_eq!(other.number("select count(*) from jobs").await, 0);
    other
}

/// Returns the parameters of a request as the endpoint names them.
fn parameters<'c>(
    endpoint: &str,
    subject: &'c str,
    cursor: Option<&'c str>,
) -> Vec<(&'static str, &'c str)> {
    let entry = soracrawl::api::endpoints::find(endpoint).expect("an endpoint");
    let named = entry.subject.map(|name| (name, subject));
    named
        .into_iter()
        .chain(cursor.map(|it| ("cursor", it)))
        .collect()
}

#[tokio::test]
async fn every_imported_page_is_served_and_a_crawl_of_them_has_the_same_contents() {
    for shape in [Shape::Wrapped, Shape::Flat] {
        let site = crawled(shape).await;
        let other = imported_from(&site).await;
        let replay = Replay::start(&other, &["--bill"]).await;
        let calls = other
            .rows("select endpoint, subject, cursor from calls where kept = 1 order by id")
            .await;
        assert!(calls.len() > 20);
        for call in &calls {
            let (endpoint, subject): (String, String) = (call.get(0), call.get(1));
            let cursor: Option<String> = call.get(2);
            let asked = parameters(&endpoint, &subject, cursor.as_deref());
            let answer = replay.ask(&endpoint, &asked).await;
            assert_eq!(answer.status, 200, "{endpoint} {asked:?}");
        }
        let copy = beside(&site, &replay);
        copy.crawl().await.with(0);
        assert_eq!(contents(&copy, "a.db").await, contents(&site, "a.db").await);
        let refused = "select count(*) from calls where http_status = 501";
        assert_eq!(copy.number(refused).await, 0);
        let spent = copy.number("select sum(cost_micro_usd) from calls").await;
        assert_eq!(
            spent,
            i64::try_from(site.bill()).expect("a bill"),
            "the listed prices"
        );
        replay.stop().await.with(0);
        site.sim.stop().await;
    }
}

#[tokio::test]
async fn the_bill_of_a_whole_crawl_is_what_the_archive_had_cost() {
    let site = crawled(Shape::Wrapped).await;
    let replay = Replay::start(&site, &["--bill"]).await;
    beside(&site, &replay).crawl().await.with(0);
    let paid = site.number("select sum(cost_micro_usd) from calls").await;
    let ended = replay.stop().await.with(0);
    let line = format!("listed price of all answers: {}\n", MicroUsd(paid));
    assert!(ended.out.ends_with(&line), "{} {}", ended.out, line);
}

/// One imported page of a list of followers.
fn page(time: i64, cursor: Option<&str>, next: Option<&str>, follower: &str) -> String {
    let params = match cursor {
        Some(cursor) => serde_json::json!({"user_id": "user-1", "cursor": cursor}),
        None => serde_json::json!({"user_id": "user-1"}),
    };
    let data = serde_json::json!({
        "items": [{"profile": {"user_id": follower, "username": "someone"}}], "cursor": next,
    });
    let line = serde_json::json!({
        "endpoint": FOLLOWERS, "params": params, "time": time, "body": {"code": 200, "data": data},
    });
    format!("{line}\n")
}

async fn with_pages(pages: &[String]) -> Place {
    let mut place = Place::new(NO_REMOTE);
    place.unset("api.key");
    std::fs::write(place.file("pages.jsonl"), pages.concat()).expect("a file");
    import(&place, "a.db", &["pages.jsonl"]).await.with(0);
    place
}

#[tokio::test]
async fn of_imported_lists_the_newest_one_with_its_end_is_served() {
    let whole = [
        page(1_760_001_000, None, Some("c1"), "user-a"),
        page(1_760_001_001, Some("c1"), Some("c2"), "user-b"),
        page(1_760_001_002, Some("c2"), None, "user-c"),
    ];
    let cut = page(1_760_002_000, None, Some("d1"), "user-d");
    let newer = [
        page(1_760_003_000, None, Some("e1"), "user-e"),
        page(1_760_003_001, Some("e1"), None, "user-f"),
    ];
    let place = with_pages(&[whole.as_slice(), &[cut], &newer].concat()).await;
    for (at, expected) in [
        (None, ["user-e", "user-f"].as_slice()),
        (
            Some("2025-10-09T09:26:40Z"),
            &["user-a", "user-b", "user-c"],
        ),
        (Some("2025-10-09T09:10:01Z"), &["user-a", "user-b"]),
        (Some("2025-10-09T09:09:59Z"), &[]),
    ] {
        let more: Vec<&str> = at.map_or(vec![], |at| vec!["--at", at]);
        let replay = Replay::start(&place, &more).await;
        let (mut cursor, mut found, mut last) = (String::new(), Vec::new(), 200);
        while last == 200 {
            let asked = [("user_id", "user-1"), ("cursor", &cursor)];
            let answer = replay.ask(FOLLOWERS, &asked).await;
            last = answer.status;
            if last != 200 {
                break;
            }
            let data = answer.json()["data"].clone();
            let id = data["items"][0]["profile"]["user_id"].as_str();
            found.push(id.expect("an id").to_owned());
            match data["cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        assert_eq!(found, expected, "{at:?}");
        let is_whole =
            !["2025-10-09T09:10:01Z", "2025-10-09T09:09:59Z"].contains(&at.unwrap_or(""));
        assert_eq!(last, if is_whole { 200 } else { 501 }, "{at:?}");
        replay.stop().await.with(0);
    }
}

#[tokio::test]
async fn an_imported_subject_that_looks_like_parameters_is_served() {
    let name = r#"{"x"#;
    let line = serde_json::json!({
        "endpoint": "search_users", "params": {"username": name},
        "body": {"code": 200, "data": {"items": [], "cursor": null}},
    });
    let place = with_pages(&[format!("{line}\n")]).await;
    let stored = place.texts("select subject from calls").await;
    assert_eq!(stored, [format!(" {name}")]);
    let replay = Replay::start(&place, &[]).await;
    let asked = parameters("search_users", name, None);
    let answer = replay.ask("search_users", &asked).await;
    assert_eq!(
        answer.status,
        200,
        "{}",
        String::from_utf8_lossy(&answer.body)
    );
    let other = replay
        .ask("search_users", &parameters("search_users", "y", None))
        .await;
    assert!(
        other.message().contains("the pages of 1 subjects"),
        "{}",
        other.message()
    );
}
