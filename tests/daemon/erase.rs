//! `soracrawl erase`: a person is found nowhere afterwards, and everybody else's rows stay.

use soracrawl::sim::Shape;
use sqlx::Connection;

use crate::erased::Person;
use crate::support::{Place, Site, small};

impl Place {
    pub async fn erase(&self, person: &Person) {
        std::fs::write(self.file("people"), format!("{}\n", person.id)).expect("it works");
        let erased = self.run(&["erase", "--users", "people", "--yes"]).await;
        assert_eq!(erased.code, 0, "{}{}", erased.out, erased.err);
    }
}

impl Site {
    /// Compares the rows of others with those of a copy that was made before.
    async fn assert_others_unchanged(&self, person: &Person) {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.archive());
        let mut connection = sqlx::SqliteConnection::connect_with(&options)
            .await
            .expect("it works");
        let before = self.file("before.db");
        sqlx::query("attach ? as before")
            .bind(before.to_str())
            .execute(&mut connection)
            .await
            .expect("it works");
        let id = format!(
            "(select id from before.users where user_id = '{}')",
            person.id
        );
        let written = format!("(select id from before.posts where author_id = {id})");
        let commented = format!("(select id from before.comments where author_id = {id})");
        for (table, columns, whose) in [
            (
                "users",
                "id, user_id, username, display_name, follower_count, first_call_id, last_call_id",
                format!("id <> {id}"),
            ),
            (
                "posts",
                "id, post_id, author_id, caption, permalink, like_count, parent_id",
                format!("author_id is not {id}"),
            ),
            (
                "posts",
                "id, post_id, parent_id, root_id, first_call_id, last_call_id",
                "true".to_owned(),
            ),
            (
                "comments",
                "id, comment_id, post_id, parent_comment_id, first_call_id",
                "true".to_owned(),
            ),
            (
                "comments",
                "id, author_id, posted_at, like_count, counted_at",
                format!("author_id is not {id}"),
            ),
            (
                "follows",
                "*",
                format!("follower_id <> {id} and followed_id <> {id}"),
            ),
            ("appearances", "*", format!("user_id <> {id}")),
            ("remixes", "*", "true".to_owned()),
            (
                "attachments",
                "*",
                format!(
                    "coalesce(post_id not in {written}, true) and coalesce(comment_id not in {commented}, true)"
                ),
            ),
            ("reposts", "*", format!("user_id <> {id}")),
            ("feed_entries", "*", "true".to_owned()),
            ("leaderboard_entries", "*", format!("user_id <> {id}")),
            ("user_stats", "*", format!("user_id <> {id}")),
            ("post_stats", "*", format!("post_id not in {written}")),
            ("spend", "*", "true".to_owned()),
            (
                "posts",
                "id, text",
                format!(
                    "author_id is not {id} and coalesce(text not like '%' || '{}' || '%', true) and coalesce(text not like '%{}%', true)",
                    person.name, person.id
                ),
            ),
        ] {
            for (one, other) in [("before", "main"), ("main", "before")] {
                let of = |file: &str| format!("select {columns} from {file}.{table} where {whose}");
                let whose_now = if one == "main" && columns != "*" {
                    "main"
                } else {
                    one
                };
                let sql = format!(
                    "select count(*) from ({} except select {columns} from {other}.{table})",
                    of(whose_now)
                );
                // A placeholder has no author any more, so only what was there before is compared the other way.
                if one == "main" && whose.contains("author_id") {
                    continue;
                }
                let differ: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
                    .fetch_one(&mut connection)
                    .await
                    .expect("it works");
                assert_eq!(differ, 0, "{table} {columns}: {one} and not {other}");
            }
        }
        let said: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
            "select count(*) from before.posts b join main.posts a on a.id = b.id
             where b.text like '%@' || '{0}' || '%' and b.author_id is not {id} and a.text = replace(b.text, '@{0}', '[erased]')",
            person.name
        )))
        .fetch_one(&mut connection).await.expect("it works");
        let all: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
            "select count(*) from before.posts where text like '%@{}%' and author_id is not {id}",
            person.name
        )))
        .fetch_one(&mut connection)
        .await
        .expect("it works");
        assert_eq!(said, all, "mentions in posts");
        connection.close().await.expect("it works");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_person_is_found_nowhere_and_the_archive_is_sound() {
    for shape in [Shape::Wrapped, Shape::Flat] {
        let site = Site::whole(small(shape)).await;
        let crawled = site.crawl().await;
        assert_eq!(crawled.code, 0, "{}", crawled.err);
        assert_eq!(site.run(&["index"]).await.code, 0);
        let person = site.person(&site.user(0)).await;
        let named = site
            .number(&format!(
                "select count(*) from mentions where username = '{}'",
                person.name
            ))
            .await;
        assert!(named > 0 && !site.traces(&person).await.is_empty());
        std::fs::copy(site.archive(), site.file("before.db")).expect("it works");
        site.erase(&person).await;
        site.assert_erased(&person).await;
        site.assert_others_unchanged(&person).await;
        assert_eq!(site.number("select count(*) from erasing").await, 0);
        assert_eq!(
            site.number("select count(*) from erasures where completed_at is not null")
                .await,
            1
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_crawl_does_not_bring_an_erased_person_back_and_buys_no_page_again() {
    for shape in [Shape::Wrapped, Shape::Flat] {
        let mut site = Site::whole(small(shape)).await;
        site.set("budget.total_usd", "1.2");
        assert_eq!(site.crawl().await.code, 4);
        let person = site.person(&site.user(0)).await;
        site.erase(&person).await;
        site.assert_erased(&person).await;
        site.unset("budget.total_usd");
        let crawled = site.crawl().await;
        assert_eq!(crawled.code, 0, "{}", crawled.err);
        assert!(
            crawled.err.contains("these people were erased"),
            "{}",
            crawled.err
        );
        site.assert_erased(&person).await;
        let twice =
            "select count(*) from (select 1 from calls where kept = 1 and job_id is not null
            group by endpoint, subject, cursor having count(*) > 1)";
        assert_eq!(site.number(twice).await, 0);
        let later = "select count(*) from calls where redacted_at is not null and id > (select max(id) from calls
            where settled_at < (select requested_at from erasures))";
        assert!(
            site.number(later).await > 3,
            "no later reply showed the person"
        );
        let sealed = "select count(*) from calls where cursor like 'erased:%'
            and opened_at > (select requested_at from erasures)";
        assert_eq!(
            site.number(sealed).await,
            0,
            "the lists of the person are not walked"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_crawls_on_while_a_person_is_erased() {
    let mut options = small(Shape::Wrapped);
    options.latency_ms = 15;
    let site = Site::whole(options).await;
    let mut daemon = site.start(&["run"]);
    daemon.until_logged("crawl started").await;
    site.until("select count(*) > 12 from calls where kept = 1")
        .await;
    let person = site.person(&site.user(0)).await;
    std::fs::write(site.file("people"), format!("{}\n", person.id)).expect("it works");
    let erased = site.run(&["erase", "--users", "people", "--yes"]).await;
    assert_eq!(erased.code, 3, "{}{}", erased.out, erased.err);
    assert!(erased.err.contains("--finish"), "{}", erased.err);
    site.until("select count(*) = 0 from jobs where state in ('ready', 'leased', 'waiting')")
        .await;
    daemon.signal("TERM");
    let ended = daemon.end().await;
    assert_eq!(ended.code, 0, "{}", ended.err);
    let finished = site.run(&["erase", "--finish"]).await;
    assert_eq!(finished.code, 0, "{}{}", finished.out, finished.err);
    site.assert_erased(&person).await;
}

#[tokio::test]
async fn a_name_of_former_times_is_found_without_raw_replies() {
    let site = Site::whole(small(Shape::Wrapped)).await;
    site.crawl().await.with(0);
    let person = site.user(0);
    let renamed = format!(
        "insert into user_names select id, 'former-name', (select min(id) from calls) from users where user_id = '{person}';
         update comments set text = 'see @former-name there' where id = (select max(id) from comments
             where author_id <> (select id from users where user_id = '{person}'))"
    );
    site.execute(&renamed).await;
    site.run(&["erase", "--raw-before", "2100-01-01", "--yes"])
        .await
        .with(0);
    std::fs::write(site.file("people"), "@Former-Name\n").expect("it works");
    site.run(&["erase", "--users", "people", "--yes"])
        .await
        .with(0);
    let users = format!("select count(*) from users where user_id = '{person}'");
    assert_eq!(site.number(&users).await, 0);
    let left = "select count(*) from comments where text like '%former-name%'";
    assert_eq!(site.number(left).await, 0);
    assert_eq!(site.number("select count(*) from user_names").await, 0);
}

#[tokio::test]
async fn nothing_more_is_walked_for_what_an_erased_person_wrote() {
    let site = Site::whole(small(Shape::Wrapped)).await;
    site.crawl().await.with(0);
    let person = site.person(&site.user(0)).await;
    let jobs = "select count(*) from jobs";
    let before = site.number(jobs).await;
    site.erase(&person).await;
    let again = ["jobs", "requeue", "--state", "done", "--from-head", "--yes"];
    site.run(&again).await.with(0);
    site.crawl().await.with(0);
    assert_eq!(site.number(jobs).await, before);
    site.assert_erased(&person).await;
    site.run(&["verify"]).await.with(0);
}
