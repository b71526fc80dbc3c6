//! What a replay says about what it cannot serve.

use soracrawl::sim::Shape;
use sqlx::Row;

use crate::import::crawled;
use crate::replays::{API, Replay};
use crate::support::Site;

const FOLLOWERS: &str = "get_user_followers";

async fn walked() -> Site {
    let site = Site::walk("").await;
    site.crawl().await.with(0);
    site
}

#[tokio::test]
async fn a_page_whose_raw_reply_was_removed_is_told_as_bought_and_is_not_named() {
    let site = walked().await;
    let user = site.user(0);
    let day = "select strftime('%Y-%m-%d', max(settled_at), 'unixepoch') from calls";
    let day = site.texts(day).await.remove(0);
    site.execute("update calls set body = null, redacted_at = 1 where cursor is null")
        .await;
    let replay = Replay::start(&site, &[]).await;
    let head = replay.ask(FOLLOWERS, &[("user_id", &user)]).await;
    assert_eq!(head.status, 501);
    let message = head.message();
    assert!(
        message.contains(&format!("was bought at {day} ")),
        "{message}"
    );
    assert!(message.contains("its raw reply was removed"), "{message}");
    assert!(
        message.contains("has 2 pages, with the cursors: "),
        "{message}"
    );
    assert!(!message.contains("first page"), "{message}");
    let cursors = site
        .texts("select cursor from calls where cursor is not null")
        .await;
    assert_eq!(cursors.len(), 2);
    for cursor in &cursors {
        assert!(message.contains(cursor.as_str()), "{message}");
        let asked = [("user_id", user.as_str()), ("cursor", cursor)];
        assert_eq!(replay.ask(FOLLOWERS, &asked).await.status, 200);
    }
    replay.stop().await.with(0);

    let command = ["erase", "--raw-before", "2100-01-01", "--yes"];
    site.run(&command).await.with(0);
    let replay = Replay::start(&site, &[]).await;
    let head = replay.ask(FOLLOWERS, &[("user_id", &user)]).await;
    let message = head.message();
    assert!(message.contains("was bought at"), "{message}");
    assert!(!message.contains("cursors"), "{message}");
    assert!(message.contains("the pages of 0 subjects"), "{message}");
    let unknown = replay.ask(FOLLOWERS, &[("user_id", "user-nobody")]).await;
    assert!(
        !unknown.message().contains("bought"),
        "{}",
        unknown.message()
    );
}

#[tokio::test]
async fn an_imported_or_called_reply_that_was_removed_is_told_as_what_it_was() {
    let site = walked().await;
    let user = site.user(1);
    let parameter = format!("user_id={user}");
    site.run(&["call", FOLLOWERS, &parameter]).await.with(0);
    let replay = Replay::start(&site, &[]).await;
    let asked = [("user_id", user.as_str())];
    assert_eq!(replay.ask(FOLLOWERS, &asked).await.status, 200);
    site.execute("update calls set body = null, redacted_at = 1 where job_id is null")
        .await;
    let message = replay.ask(FOLLOWERS, &asked).await.message();
    assert!(message.contains("This page was bought at"), "{message}");
    let imported = format!(
        "update calls set outcome = 'imported', subject = '{user}', settled_at = 86400 where job_id is null"
    );
    site.execute(&imported).await;
    let message = replay.ask(FOLLOWERS, &asked).await.message();
    assert!(
        message.contains("was imported") && message.contains("1970-01-02"),
        "{message}"
    );
}

#[tokio::test]
async fn a_list_that_began_inside_another_reply_says_where() {
    let site = crawled(Shape::Wrapped).await;
    let nested = "select j.endpoint, j.subject, c.cursor, p.endpoint, p.subject from jobs j
         join calls c on c.id = (select min(id) from calls where job_id = j.id and kept = 1) join jobs p on p.id = j.parent_job_id
         where c.cursor is not null limit 1";
    let row = site.rows(nested).await.remove(0);
    let text = |at: usize| -> String { row.get(at) };
    let entry = soracrawl::api::endpoints::find(&text(0)).expect("an endpoint");
    let name = entry.subject.expect("a subject");
    let replay = Replay::start(&site, &[]).await;
    let head = replay.ask(&text(0), &[(name, &text(1))]).await;
    assert_eq!(head.status, 501);
    let message = head.message();
    let inside = format!("came inside the reply of {} about {}", text(3), text(4));
    assert!(message.contains(&inside), "{message}");
    assert!(
        message.contains(&format!("began at the cursor {}", text(2))),
        "{message}"
    );
    assert!(!message.contains("bought"), "{message}");
    let asked = [(name, text(1)), ("cursor", text(2))];
    let asked: Vec<(&str, &str)> = asked
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    assert_eq!(replay.ask(&text(0), &asked).await.status, 200);
}

#[tokio::test]
async fn what_would_make_something_is_refused_and_says_what_the_archive_has_of_it() {
    let site = walked().await;
    let replay = Replay::start(&site, &[]).await;
    let path = format!("{API}create_video");
    let headers = [("Content-Length", "0")];
    let none = replay.send("POST", &path, &headers).await;
    assert_eq!(none.status, 501);
    assert!(
        none.message().contains("0 calls by hand"),
        "{}",
        none.message()
    );
    let call = ["call", "create_video", "prompt=a cat", "--yes"];
    site.run(&call).await.with(0);
    let one = replay.send("POST", &path, &headers).await.message();
    assert!(
        one.contains("1 calls by hand") && one.contains("export replies"),
        "{one}"
    );
}
