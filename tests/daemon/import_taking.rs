//! What operators ask while jobs take imported pages, without the remote.

use soracrawl::model::{OpenJobs, PauseScope, Request};
use soracrawl::sim::Shape;

use crate::erased::Person;
use crate::import::{NO_REMOTE, contents, crawled, exported, import};
use crate::import_requests::{ask, erase};
use crate::support::{Place, Site};

/// Returns a site whose archive has only jobs, the file with all replies of their crawl, its last entry, and a person.
async fn jobs_and_replies() -> (Site, String, String, Person) {
    let mut site = crawled(Shape::Wrapped).await;
    let user = site.user(0);
    let person = site.person(&user).await;
    let file = exported(&site, "replies").await + "/replies.jsonl";
    let lines = std::fs::read_to_string(&file)
        .expect("lines")
        .lines()
        .count();
    std::fs::rename(site.archive(), site.file("old.db")).expect("another name");
    site.set("api.base_url", &format!("\"{NO_REMOTE}\""));
    site.run(&["seed", "users", &user]).await.with(0);
    (site, file, format!("line {lines}"), person)
}

const OPEN: &str =
    "select endpoint || ' ' || subject || ' ' || state from jobs where state <> 'done' order by 1";

#[tokio::test(flavor = "multi_thread")]
async fn jobs_take_all_pages_although_requests_hold_or_pause_them() {
    let (site, file, last, _) = jobs_and_replies().await;
    import(&site, "b.db", &[&file]).await.with(0);
    let expected = contents(&site, "b.db").await;
    let cancel = ask(&Request::Cancel(OpenJobs {
        endpoint: Some("search_users".to_owned()),
        ..OpenJobs::default()
    }));
    let pause = ask(&Request::Pause(PauseScope::All));
    site.at_entry(&last, &[&*cancel, &pause, &cancel].concat())
        .await;
    let report = import(&site, "a.db", &[&file, "--json"])
        .await
        .with(0)
        .json();
    let answers = site.answers().await;
    let words: Vec<&str> = answers.iter().map(|(words, _)| &**words).collect();
    let nothing = "refused: no open job matches";
    let paused = "all calls are paused; calls in flight end";
    assert_eq!(words, [nothing, paused, nothing]);
    assert_eq!(site.texts(OPEN).await, [""; 0]);
    assert!(report["taken"].as_u64() > Some(10), "{report}");
    site.drop_triggers().await;
    assert_eq!(contents(&site, "a.db").await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_a_job_takes_after_an_erasure_does_not_show_the_person() {
    let (site, file, last, person) = jobs_and_replies().await;
    site.at_entry(&last, &erase(&site, &person)).await;
    let report = import(&site, "a.db", &[&file, "--json"])
        .await
        .with(0)
        .json();
    let answers = site.answers().await;
    assert_eq!(answers[0].0, "erased people are known");
    assert_eq!(site.texts(OPEN).await, [""; 0]);
    let taken = format!(
        "select count(*) from calls where job_id is not null and redacted_at is not null and id > {}",
        answers[0].1
    );
    assert!(site.number(&taken).await > 3, "{report}");
    assert_eq!(site.traces_after(&person, answers[0].1).await, [""; 0]);
    site.drop_triggers().await;
    site.run(&["erase", "--finish"]).await.with(0);
    site.assert_erased(&person).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_imported_reply_that_is_damaged_keeps_no_other_job_from_its_pages() {
    let (site, file, last, _) = jobs_and_replies().await;
    let damage =
        "update calls set body = zeroblob(9) where endpoint = 'get_feed' and job_id is null;";
    site.at_entry(&last, damage).await;
    let imported = import(&site, "a.db", &[&file]).await.with(0);
    let unreadable = imported.err.contains("imported reply unreadable");
    assert!(unreadable, "{}", imported.err);
    let open = site.texts(OPEN).await;
    assert_eq!(open, ["get_feed  ready"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_behind_many_damaged_replies_take_their_pages() {
    let mut place = Place::new(NO_REMOTE);
    place.only(&["posts"]);
    let user = |number: usize| format!("user-{number:04}");
    let users: Vec<String> = (1..=25).map(user).collect();
    // Two pages of each list.
    let pages = |user: &String| {
        let page = |params: &str, id: &str, next: &str| {
            format!(
                r#"{{"endpoint":"get_user_posts","params":{{"user_id":"{user}"{params}}},"time":1760341362,"body":{{"items":[{{"post":{{"id":"s_{id}{user}","text":"{id}"}},"profile":{{"user_id":"{user}"}}}}],"cursor":{next}}}}}"#
            )
        };
        page("", "a", r#""c2""#) + "\n" + &page(r#","cursor":"c2""#, "b", "null") + "\n"
    };
    let lines: String = users.iter().map(pages).collect();
    std::fs::write(place.file("x.jsonl"), lines).expect("a file");
    let mut seed = vec!["seed", "users"];
    seed.extend(users.iter().map(|user| &**user));
    place.run(&seed).await.with(0);
    // The first pages of the first twenty, and the second page of another one.
    let damage = "update calls set body = zeroblob(9) where job_id is null and endpoint = 'get_user_posts'
        and (cursor is null and subject <= 'user-0020' or cursor is not null and subject = 'user-0022');";
    place.at_entry("line 50", damage).await;
    let imported = import(&place, "a.db", &["x.jsonl", "--json"]).await.with(0);
    assert_eq!(imported.json()["taken"], 9);
    let warnings = imported.err.matches("imported reply unreadable").count();
    assert_eq!(warnings, 21, "{}", imported.err);
    assert!(!imported.err.contains("is bought"), "{}", imported.err);
    let done =
        "select subject from jobs where endpoint = 'get_user_posts' and state = 'done' order by 1";
    assert_eq!(
        place.texts(done).await,
        [21, 23, 24, 25].map(user),
        "{}",
        imported.err
    );
    let ready =
        "select subject from jobs where endpoint = 'get_user_posts' and state <> 'done' order by 1";
    let damaged = (1..=20).chain([22]).map(user);
    assert_eq!(place.texts(ready).await, damaged.collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_an_operator_ends_in_the_middle_of_a_page_ends_no_import() {
    let (site, file, _, _) = jobs_and_replies().await;
    let ended = "create trigger ended after update of state on jobs
        when new.state = 'leased' and new.endpoint = 'get_feed' begin
            update jobs set state = 'ready', lease_until = null, fence = fence + 1, depth = 1000000 where id = new.id; end";
    site.execute(ended).await;
    import(&site, "a.db", &[&file]).await.with(0);
    assert_eq!(site.texts(OPEN).await, ["get_feed  ready"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_the_taking_of_pages_and_the_same_command_goes_on() {
    let (site, file, _, _) = jobs_and_replies().await;
    import(&site, "b.db", &[&file]).await.with(0);
    let expected = contents(&site, "b.db").await;
    // Each page takes long, so that the signal comes before the last one.
    let slow = "create trigger slow after insert on calls when new.job_id is not null begin
        select count(*) from (with recursive many (n) as (select 1 union all select n + 1 from many where n < 200000)
            select n from many); end";
    site.execute(slow).await;
    let running = site.start(&["import", "--archive", "a.db", &file]);
    site.until("select count(*) > 0 from calls where job_id is not null")
        .await;
    running.signal("SIGTERM");
    let ended = running.end().await.with(3);
    assert!(ended.err.contains("interrupted"), "{}", ended.err);
    assert!(!site.texts(OPEN).await.is_empty());
    site.execute("drop trigger slow").await;
    import(&site, "a.db", &[&file]).await.with(0);
    assert_eq!(site.texts(OPEN).await, [""; 0]);
    assert_eq!(contents(&site, "a.db").await, expected);
}
