//! `soracrawl reparse`: who may do it when, and what becomes of erased people and of a reader.

use serde_json::Value;
use soracrawl::sim::Shape;
use sqlx::Connection;

use crate::support::{Site, small, soon};

async fn crawled() -> Site {
    let site = Site::whole(small(Shape::Wrapped)).await;
    site.crawl().await.with(0);
    site
}

#[tokio::test]
async fn the_command_says_what_it_read_and_what_changed() {
    let site = crawled().await;
    let check = site.run(&["reparse", "--check"]).await.with(0);
    assert!(check.out.contains("changes  none"), "{}", check.out);
    site.execute("delete from follows; update users set description = null, follower_count = 7")
        .await;
    let bytes = std::fs::read(site.archive()).expect("the file");
    let check = site.run(&["reparse", "--check"]).await.with(1);
    assert_eq!(std::fs::read(site.archive()).expect("the file"), bytes);
    assert!(check.out.contains("\n  follows new: "), "{}", check.out);
    let done = site.run(&["reparse", "--json"]).await.with(0);
    let done: Value = serde_json::from_str(&done.out).expect("JSON");
    let table = |name: &str| {
        let tables = done["tables"].as_array().expect("tables");
        tables
            .iter()
            .find(|table| table["table"] == name)
            .expect("a table")
    };
    assert_eq!(table("follows")["new"], table("follows")["rows"]);
    assert_eq!(
        (&table("users")["new"], &table("users")["gone"]),
        (&0.into(), &0.into())
    );
    assert!(table("users")["changed"].as_u64() > Some(5));
    assert_ne!(done["before"], done["after"]);
    let kept = site.number("select count(*) from calls where kept").await;
    assert_eq!(done["replies"], kept);
    let verified = site.run(&["verify"]).await.with(0);
    let contents = format!("contents {}", done["after"].as_str().expect("a hash"));
    assert!(verified.out.contains(&contents), "{}", verified.out);
    // Nothing is bought again, and the archive is as good as before.
    let bill = site.bill();
    site.crawl().await.with(0);
    assert_eq!(site.bill(), bill);
}

#[tokio::test]
async fn an_archive_that_a_daemon_uses_is_refused() {
    let site = crawled().await;
    let mut daemon = site.start(&["run", "--yes"]);
    soon("the daemon", daemon.until_logged("crawl started")).await;
    for (command, exit) in [(&["reparse"][..], 1), (&["reparse", "--check"], 6)] {
        let refused = site.run(command).await.with(exit);
        assert!(
            refused.err.contains("is in use by soracrawl (process "),
            "{}",
            refused.err
        );
    }
    daemon.signal("SIGTERM");
    daemon.end().await.with(0);
    site.run(&["reparse"]).await.with(0);
}

#[tokio::test]
async fn a_check_that_could_not_be_made_says_that_and_not_that_rows_change() {
    let site = crawled().await;
    std::fs::write(site.file("text.db"), "no archive at all, but long enough").expect("a file");
    let whole = std::fs::read(site.archive()).expect("bytes");
    std::fs::write(site.file("cut.db"), &whole[..whole.len() / 3]).expect("a file");
    for name in ["missing.db", "text.db", "cut.db"] {
        for (more, exit) in [(&[][..], 1), (&["--check"], 6)] {
            let command = [&["--archive", name, "reparse"], more].concat();
            let refused = site.run(&command).await.with(exit);
            assert!(refused.err.contains("error: "), "{name}: {}", refused.err);
        }
    }
}

#[tokio::test]
async fn the_archive_is_replaced_when_no_other_program_reads_it_any_more() {
    let site = crawled().await;
    site.execute("update posts set text = null").await;
    let readers = site.readers().await;
    let reader = readers.acquire().await.expect("a reader");
    let mut reparsing = site.start(&["reparse"]);
    let waits = "wait until no other program has the archive open";
    soon(waits, reparsing.until_logged(waits)).await;
    assert!(
        site.number("select count(*) from posts where text is not null")
            .await
            == 0
    );
    drop(reader);
    readers.close().await;
    reparsing.end().await.with(0);
    assert!(
        site.number("select count(*) from posts where text is not null")
            .await
            > 0
    );
    site.run(&["verify"]).await.with(0);
}

#[tokio::test]
async fn a_signal_and_a_writer_leave_the_archive_unchanged() {
    let site = crawled().await;
    site.execute("update posts set text = null").await;
    let reader = site.readers().await;
    let held = reader.acquire().await.expect("a reader");
    let mut reparsing = site.start(&["reparse"]);
    let waits = "wait until no other program has the archive open";
    soon(waits, reparsing.until_logged(waits)).await;
    reparsing.signal("SIGINT");
    let stopped = reparsing.end().await.with(1);
    assert!(
        stopped
            .err
            .contains("stopped by SIGINT. The archive was not changed"),
        "{}",
        stopped.err
    );
    drop(held);
    reader.close().await;
    assert_eq!(
        site.number("select count(*) from posts where text is not null")
            .await,
        0
    );
    // A process that writes keeps it away too.
    let writer = site.lock().await;
    let refused = site.run(&["reparse"]).await.with(1);
    assert!(refused.err.contains("locked"), "{}", refused.err);
    writer.close().await.expect("a clean close");
    let folder = site.archive();
    let files = std::fs::read_dir(folder.parent().expect("a folder")).expect("a folder");
    let mut names = files.map(|file| file.expect("a file").file_name());
    assert!(!names.any(|name| name.to_string_lossy().contains("partial")));
    site.run(&["reparse"]).await.with(0);
    site.run(&["verify"]).await.with(0);
}

#[tokio::test]
async fn erased_people_stay_erased() {
    let site = crawled().await;
    let person = site.person(&site.user(1)).await;
    std::fs::write(site.file("people"), format!("{}\n", person.id)).expect("a file");
    site.run(&["erase", "--users", "people", "--yes"])
        .await
        .with(0);
    let contents = site.assert_erased(&person).await;
    let before: Vec<String> = site
        .texts("select user_id from users order by user_id")
        .await;
    site.run(&["reparse"]).await.with(0);
    assert_eq!(
        site.texts("select user_id from users order by user_id")
            .await,
        before
    );
    assert_eq!(site.assert_erased(&person).await, contents);
    std::fs::remove_file(site.file("a.db.erase-key")).expect("a key");
    let refused = site.run(&["reparse"]).await.with(1);
    assert!(refused.err.contains("their key"), "{}", refused.err);
}
