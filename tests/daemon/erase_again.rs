//! Erasure around its edges: files with mistakes, a missing key, restored backups, old replies.

use crate::lakes::{self, crawled};
use crate::support::Site;

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_mistakes_erases_nobody_and_names_the_lines() {
    let site = crawled().await;
    let name = site.person(&site.user(0)).await.name;
    site.execute(&format!(
        "update users set username = '{name}' where user_id = '{}'",
        site.user(1)
    ))
    .await;
    let text = format!(
        "\u{feff}# people\r\n\r\n{}\r\nuser-nobody\r\n@{name}\r\n@never.seen\r\nno id\r\n",
        site.user(2)
    );
    std::fs::write(site.file("people"), text).expect("it works");
    let refused = site
        .run(&["erase", "--users", "people", "--yes"])
        .await
        .with(2);
    for line in [
        "line 4: the archive has no user user-nobody",
        "line 5: 2 users had the name",
        "line 6: no user of the archive had",
        "line 7: ",
    ] {
        assert!(refused.err.contains(line), "{line}: {}", refused.err);
    }
    assert!(refused.err.contains("nobody is erased"), "{}", refused.err);
    std::fs::write(site.file("people"), b"user-a\n@caf\xe9\n").expect("it works");
    let refused = site
        .run(&["erase", "--users", "people", "--yes"])
        .await
        .with(2);
    assert!(
        refused.err.contains("line 2: it is not UTF-8"),
        "{}",
        refused.err
    );
    assert!(!site.file("a.db.erase-key").exists());
    assert_eq!(site.number("select count(*) from erasures").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_counts_and_a_missing_answer_erases_nobody() {
    let site = crawled().await;
    let person = site.person(&site.user(0)).await;
    std::fs::write(
        site.file("people"),
        format!("user_id,why\n{},x\n", person.id),
    )
    .expect("it works");
    let counted = site
        .run(&["erase", "--users", "people", "--dry-run"])
        .await
        .with(0);
    let comments = site.number(&format!("select count(*) from comments where author_id = (select id from users where user_id = '{}')", person.id)).await;
    for line in [
        "people   1".to_owned(),
        "rows     1 of users".to_owned(),
        format!("rows     {comments} of comments"),
    ] {
        assert!(counted.out.contains(&line), "{line}: {}", counted.out);
    }
    let refused = site.run(&["erase", "--users", "people"]).await.with(2);
    assert!(refused.err.contains("--yes"), "{}", refused.err);
    assert_eq!(site.number("select count(*) from erasures").await, 0);
    let found = site.run(&["verify", "--absent", "people"]).await.with(1);
    for place in [
        "users.user_id",
        "jobs.subject",
        "raw reply of call",
        "bytes of the file",
        "item hashes of call",
    ] {
        assert!(found.out.contains(place), "{place}: {}", found.out);
    }
    site.erase(&person).await;
    std::fs::write(
        site.file("people"),
        format!("{}\n@{}\n", person.id, person.name),
    )
    .expect("it works");
    site.run(&["verify", "--absent", "people"]).await.with(0);
    let again = site
        .run(&["erase", "--users", "people", "--yes"])
        .await
        .with(0);
    assert!(
        again.out.contains("2 users erased before") && again.out.contains("nobody is to be erased"),
        "{}",
        again.out
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crawl_without_the_key_is_refused() {
    let site = crawled().await;
    let person = site.person(&site.user(0)).await;
    site.erase(&person).await;
    let key = site.file("a.db.erase-key");
    std::fs::rename(&key, site.file("elsewhere")).expect("it works");
    for command in [
        &["run", "--until-idle"][..],
        &["call", "get_feed"],
        &["seed", "users", "user-x"],
    ] {
        let refused = site.run(command).await;
        assert_ne!(refused.code, 0, "{command:?}");
        assert!(
            refused.err.contains("a.db.erase-key is missing"),
            "{command:?}: {}",
            refused.err
        );
    }
    site.run(&["verify"]).await.with(0);
    std::fs::rename(site.file("elsewhere"), &key).expect("it works");
    site.crawl().await.with(0);
    let seeded = site.run(&["seed", "users", &person.id]).await;
    assert_eq!(
        site.number("select count(*) from jobs where subject like 'user-%' and state = 'ready'")
            .await,
        0,
        "{}",
        seeded.err
    );
    let called = site
        .run(&[
            "call",
            "get_user_profile",
            &format!("user_id={}", person.id),
        ])
        .await;
    assert!(
        called.code != 0 && called.err.contains("was erased"),
        "{}{}",
        called.out,
        called.err
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_backup_is_refused_until_its_people_are_erased_again() {
    let site = crawled().await;
    let person = site.person(&site.user(0)).await;
    site.run(&["backup", "backup.db"]).await.with(0);
    std::fs::write(site.file("people"), format!("{}\n", person.id)).expect("it works");
    let erased = site
        .run(&["erase", "--users", "people", "--yes"])
        .await
        .with(0);
    assert!(
        erased.out.contains("backup.db may still have"),
        "{}",
        erased.out
    );
    std::fs::remove_file(site.archive()).expect("it works");
    let _ = std::fs::remove_file(site.file("a.db-wal"));
    std::fs::rename(site.file("backup.db"), site.archive()).expect("it works");
    let refused = site.crawl().await;
    assert!(
        refused.code != 0 && refused.err.contains("erase --again"),
        "{}",
        refused.err
    );
    site.run(&["erase", "--again", "--yes"]).await.with(0);
    site.assert_erased(&person).await;
    site.crawl().await.with(0);
    site.assert_erased(&person).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_raw_replies_are_removed_and_the_rows_stay() {
    let site = crawled().await;
    let rows = "select (select count(*) from users) + (select count(*) from posts) + (select count(*) from follows)";
    let (all, replies) = (
        site.number(rows).await,
        "select count(*) from calls where body is not null",
    );
    let kept = site.number(replies).await;
    let middle = "select strftime('%Y-%m-%dT%H:%M:%fZ', settled_at, 'unixepoch') from calls where body is not null
        order by settled_at limit 1 offset 20";
    let middle = site.texts(middle).await.remove(0);
    for (before, least, most) in [
        ("2000-01-01", kept, kept),
        (&*middle, 1, kept - 10),
        ("2999-01-01", 0, 0),
    ] {
        site.run(&["erase", "--raw-before", before, "--yes"])
            .await
            .with(0);
        let left = site.number(replies).await;
        assert!((least..=most).contains(&left), "{before}: {left} of {kept}");
        assert_eq!(site.number(rows).await, all);
        let verified = site.run(&["verify"]).await;
        assert_eq!(verified.code, 0, "{before}: {}", verified.out);
    }
    let mut changed = site;
    changed.set("crawl.max_depth", "1");
    changed.crawl().await.with(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_removes_raw_replies_that_are_older_than_configured() {
    let mut site = crawled().await;
    site.execute("update calls set settled_at = settled_at - 400 * 86400, opened_at = opened_at - 400 * 86400 where id <= 20").await;
    site.set("retention.raw_days", "365");
    site.crawl().await.with(0);
    let bodies =
        |ids: &str| format!("select count(*) from calls where id {ids} 20 and body is not null");
    assert_eq!(site.number(&bodies("<=")).await, 0);
    assert!(site.number(&bodies(">")).await > 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lake_that_is_exported_again_has_nothing_of_an_erased_person() {
    let site = crawled().await;
    let person = site.person(&site.user(0)).await;
    let named = |site: &Site| {
        let files = lakes::files(&site.file("lake"));
        let parquet = files.iter().filter(|(name, _)| name.ends_with(".parquet"));
        let named = parquet.filter(|(_, bytes)| {
            let rows = serde_json::to_string(&lakes::rows(bytes)).expect("JSON");
            rows.contains(&person.id) || rows.contains(&format!("\"{}\"", person.name))
        });
        named.count()
    };
    lakes::lake(&site, &[]).await.with(0);
    assert!(named(&site) > 3);
    site.erase(&person).await;
    lakes::lake(&site, &[]).await.with(0);
    assert_eq!(named(&site), 0);
}
