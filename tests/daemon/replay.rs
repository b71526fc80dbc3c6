//! A crawl of a replayed archive makes the same archive.

use soracrawl::sim::{Change, Options, Shape};
use sqlx::Row;
use zstd::zstd_safe::get_dict_id_from_frame;

use crate::listed::again;
use crate::replays::Replay;
use crate::support::{Place, Site, small, walk};

pub async fn contents(place: &Place) -> String {
    let report = place.run(&["verify", "--json"]).await.with(0).json();
    report["contents"].as_str().expect("a hash").to_owned()
}

/// Returns a place with the same seeds and settings, whose remote is the replay.
pub fn beside(site: &Place, replay: &Replay) -> Place {
    let mut place = Place::new(&replay.base_url());
    for (key, value) in site.settings() {
        if key.starts_with("seeds.") || key.starts_with("crawl.") {
            place.set(key, value);
        }
    }
    place
}

#[tokio::test]
async fn a_crawl_of_a_replay_has_the_same_contents_in_both_shapes_and_after_faults() {
    for (shape, faults) in [
        (Shape::Wrapped, 0.0),
        (Shape::Flat, 0.0),
        (Shape::Wrapped, 0.15),
        (Shape::Flat, 0.15),
    ] {
        let site = Site::whole(Options {
            faults,
            ..small(shape)
        })
        .await;
        site.crawl().await.with(0);
        let nested = "select count(*) from jobs j where (select c.cursor from calls c where c.job_id = j.id and c.kept = 1
             order by c.id limit 1) is not null";
        let has_nested = site.number(nested).await > 0;
        assert_eq!(
            has_nested,
            shape == Shape::Wrapped,
            "walks that began inside another reply"
        );
        let before = std::fs::read(site.archive()).expect("the archive");
        let replay = Replay::start(&site, &[]).await;
        let other = beside(&site, &replay);
        other.crawl().await.with(0);
        assert_eq!(
            contents(&other).await,
            contents(&site).await,
            "{shape:?} {faults}"
        );
        let (kept, bought) = (
            "select count(*) from calls where kept = 1",
            "select count(*) from calls where http_status = 501",
        );
        assert_eq!(other.number(bought).await, 0, "{shape:?} {faults}");
        assert!(other.number(kept).await > 20);
        let line = format!("api.base_url = \"{}\"", replay.base_url());
        let ended = replay.stop().await.with(0);
        assert!(ended.out.contains(&line), "{}", ended.out);
        assert!(ended.err.contains("get_user_followers"), "{}", ended.err);
        assert_eq!(std::fs::read(site.archive()).expect("the archive"), before);
        site.sim.stop().await;
    }
}

#[tokio::test]
async fn a_walk_that_met_an_older_pass_is_replayed_through_it_to_its_end() {
    for stopped_at in [1, 3, 5] {
        let mut site = Site::new(Options {
            users: 1,
            posts: 36,
            page_size_posts: 6,
            comments: 0,
            followers: 0,
            ..walk()
        })
        .await;
        let users = format!("{:?}", &site.sim.world().seed_users()[..1]);
        site.only(&["posts"]).set("seeds.users", &users);
        site.set("crawl.max_pages.posts", &stopped_at.to_string());
        site.crawl().await.with(0);
        again(&site).await;
        site.unset("crawl.max_pages.posts");
        site.crawl().await.with(0);
        again(&site).await;
        site.crawl().await.with(0);
        let met = "select count(*) from spans where state = 'met'";
        assert!(site.number(met).await >= 1, "{stopped_at}");
        let replay = Replay::start(&site, &[]).await;
        let other = beside(&site, &replay);
        other.crawl().await.with(0);
        let ends = "select count(*) from jobs where stop_reason <> 'complete'";
        assert_eq!(other.number(ends).await, 0, "{stopped_at}");
        assert_eq!(
            other.number("select count(*) from posts").await,
            36,
            "{stopped_at}"
        );
        assert_eq!(
            contents(&other).await,
            contents(&site).await,
            "{stopped_at}"
        );
    }
}

#[tokio::test]
async fn a_redacted_archive_is_replayed_without_the_erased_person() {
    let site = Site::whole(small(Shape::Wrapped)).await;
    site.crawl().await.with(0);
    let user = site.user(1);
    std::fs::write(site.file("people.txt"), format!("{user}\n")).expect("a file");
    site.run(&["erase", "--users", "people.txt", "--yes"])
        .await
        .with(0);
    let replay = Replay::start(&site, &[]).await;
    for (endpoint, parameter) in [
        ("get_user_posts", "user_id"),
        ("get_user_profile", "user_id"),
    ] {
        let answer = replay.ask(endpoint, &[(parameter, &user)]).await;
        assert_eq!(answer.status, 501, "{endpoint}");
    }
    let mut cursor = String::new();
    loop {
        let page = replay.ask("get_feed", &[("cursor", &cursor)]).await;
        assert_eq!(page.status, 200);
        assert!(!String::from_utf8_lossy(&page.body).contains(&user));
        match page.json()["data"]["cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
}

#[tokio::test]
async fn replies_that_are_packed_with_a_later_dictionary_are_replayed() {
    let mut site = Site::new(Options {
        page_size_follows: 1,
        ..walk()
    })
    .await;
    let users = site.sim.world().seed_users().to_vec();
    site.only(&["followers"])
        .set("seeds.users", &format!("{:?}", &users[..2]));
    site.crawl().await.with(0);
    assert_eq!(site.number("select count(*) from dictionaries").await, 0);
    let replay = Replay::start(&site, &[]).await;
    let parameters = [("user_id", users[0].as_str())];
    let before = replay.ask("get_user_followers", &parameters).await;
    site.run(&["seed", "users", &users[2]]).await.with(0);
    site.crawl().await.with(0);
    assert_eq!(site.number("select count(*) from dictionaries").await, 1);
    again(&site).await;
    site.crawl().await.with(0);
    let frame = "select body from calls where job_id = 1 and kept = 1 and cursor is null order by id desc limit 1";
    let frame: Vec<u8> = site.rows(frame).await[0].get(0);
    assert!(get_dict_id_from_frame(&frame).is_some());
    let after = replay.ask("get_user_followers", &parameters).await;
    assert_eq!((before.status, after.status), (200, 200));
    assert_eq!(after.json()["data"], before.json()["data"]);
}

#[tokio::test]
async fn the_pages_of_an_older_pass_follow_although_their_cursors_were_never_on_the_page_that_met_it()
 {
    let mut site = Site::new(Options {
        users: 1,
        posts: 36,
        page_size_posts: 6,
        comments: 0,
        followers: 0,
        growth: 2.0,
        growth_kinds: vec![Change::Posts],
        ..walk()
    })
    .await;
    site.sim.steer("hold").expect("a command");
    let users = format!("{:?}", &site.sim.world().seed_users()[..1]);
    site.only(&["posts"]).set("seeds.users", &users);
    site.crawl().await.with(0);
    site.sim.steer("advance 172800").expect("a command");
    again(&site).await;
    site.crawl().await.with(0);
    let unsent = "select count(*) from calls c join spans s on s.joined_by_call_id = c.id and s.state = 'met'
         where c.next_cursor not in (select cursor from calls where cursor is not null)";
    assert_eq!(
        site.number(unsent).await,
        1,
        "its own next cursor was never sent"
    );
    let replay = Replay::start(&site, &[]).await;
    let other = beside(&site, &replay);
    other.crawl().await.with(0);
    let posts = "select post_id from posts order by post_id";
    let archived = site.texts(posts).await;
    assert!(archived.len() > 36, "{}", archived.len());
    assert_eq!(other.texts(posts).await, archived);
    let unsent = "select c.next_cursor from calls c join spans s on s.joined_by_call_id = c.id and s.state = 'met'";
    let unsent = site.texts(unsent).await.remove(0);
    site.execute(
        "update calls set body = null, redacted_at = 1 where id <= (select max(last_call_id) from spans where state = 'met')",
    )
    .await;
    let user = site.user(0);
    let asked = [("user_id", user.as_str()), ("cursor", &unsent)];
    let message = replay.ask("get_user_posts", &asked).await.message();
    assert!(message.contains("was bought at"), "{message}");
}
