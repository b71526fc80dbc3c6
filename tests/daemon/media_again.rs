//! Stored files that are missing or damaged are fetched again.

use std::fs;
use std::path::PathBuf;

use crate::media::{assert_whole, files, place};
use crate::media_host::{Act, Host, contents};
use crate::media_people::with_authors;
use crate::support::Place;

/// Returns a host whose second answer for each file is an error.
async fn failing_once() -> Host {
    Host::start("", |_, request| match request {
        1 => Act::Status(500),
        _ => Act::Serve,
    })
    .await
}

async fn states(place: &Place) -> Vec<String> {
    place
        .texts("select state || ' ' || coalesce(reason, '') from media order by state, reason")
        .await
}

fn damage(path: &PathBuf) {
    fs::write(path, "damaged").expect("written");
}

#[tokio::test]
async fn a_missing_and_a_damaged_file_are_fetched_again_and_nothing_is_deleted_before() {
    let host = failing_once().await;
    let mut place = place(&host, 3).await;
    place.run(&["media", "fetch"]).await.with(0);
    let stored = files(place.file("media"));
    damage(&stored[0]);
    fs::remove_file(&stored[1]).expect("removed");
    let ended = place.run(&["media", "verify"]).await.with(1);
    assert!(ended.err.contains("--requeue"), "{}", ended.err);
    place.run(&["media", "fetch"]).await.with(0);
    assert_eq!(host.asked().len(), 3, "verify alone changes nothing");

    let again = place.run(&["media", "verify", "--requeue"]).await.with(1);
    assert!(again.out.contains("2 files wanted again"), "{}", again.out);
    assert_eq!(
        states(&place).await,
        [
            "stored ",
            "wanted its file was damaged",
            "wanted its file was missing"
        ]
    );
    let status = place.run(&["media", "status"]).await.with(0);
    assert!(status.out.contains("was damaged"), "{}", status.out);
    // The damaged file is no unknown one, and nothing is wanted twice.
    let again = ["media", "verify", "--requeue", "--json"];
    let report = place.run(&again).await.with(0).json();
    assert_eq!(report["requeued"], 0);
    // A fetch that fails leaves the bytes, and one that succeeds replaces them.
    place.set("limits.max_attempts", "1");
    place.run(&["media", "fetch"]).await.with(3);
    assert_eq!(fs::read(&stored[0]).expect("a file"), b"damaged");
    place.run(&["media", "verify"]).await.with(0);
    place.run(&["media", "fetch"]).await.with(0);
    assert_whole(&place, 0..3);
    assert_eq!(host.asked().len(), 7);
    place.run(&["media", "verify"]).await.with(0);
}

#[tokio::test]
async fn a_damaged_file_goes_when_another_one_has_taken_its_place() {
    let host = failing_once().await;
    let mut place = place(&host, 1).await;
    place.run(&["media", "fetch"]).await.with(0);
    let old = files(place.file("media")).remove(0);
    damage(&old);
    place.run(&["media", "verify", "--requeue"]).await.with(1);
    // The video has another address now, with other bytes.
    let moved = format!(
        "update attachments set source_url = 'http://127.0.0.1:{}/new/1'",
        host.port
    );
    place.execute(&moved).await;
    place.run(&["media", "fetch"]).await.with(0);
    let new = files(place.file("media"));
    assert_eq!(new.len(), 1);
    assert_eq!(fs::read(&new[0]).expect("a file"), contents(1));
    place.run(&["media", "verify"]).await.with(0);
    // The same, and the new bytes do not come: the first answer for this file is its own.
    damage(&new[0]);
    place.run(&["media", "verify", "--requeue"]).await.with(1);
    place.execute(&moved.replace("/new/1", "/newer/1")).await;
    place.set("limits.max_attempts", "1");
    place.run(&["media", "fetch"]).await.with(3);
    assert_eq!(fs::read(&new[0]).expect("a file"), b"damaged");
    assert_eq!(place.number("select count(*) from media").await, 1);
    place.run(&["media", "fetch"]).await.with(0);
    assert_eq!(fs::read(&new[0]).expect("a file"), contents(1));
}

#[tokio::test]
async fn two_videos_keep_their_damaged_file_until_each_has_a_new_one() {
    let host = Host::start("", |_, _| Act::Serve).await;
    let place = place(&host, 2).await;
    place
        .execute(&format!(
            "update attachments set source_url = 'http://127.0.0.1:{}/other/0' where id = 2",
            host.port
        ))
        .await;
    place.run(&["media", "fetch"]).await.with(0);
    let file = files(place.file("media")).remove(0);
    damage(&file);
    let again = place.run(&["media", "verify", "--requeue"]).await.with(1);
    assert!(again.out.contains("2 files wanted again"), "{}", again.out);
    place
        .execute(&format!(
            "update attachments set source_url = 'http://127.0.0.1:{}/other/1' where id = 2",
            host.port
        ))
        .await;
    place.run(&["media", "fetch"]).await.with(0);
    assert_whole(&place, 0..2);
    place.run(&["media", "verify"]).await.with(0);
}

#[tokio::test]
async fn nothing_is_requeued_for_a_folder_that_is_not_there() {
    let host = Host::start("", |_, _| Act::Serve).await;
    let place = place(&host, 1).await;
    place.run(&["media", "fetch"]).await.with(0);
    fs::rename(place.file("media"), place.file("elsewhere")).expect("moved");
    // As where a disk is not mounted.
    fs::create_dir(place.file("media")).expect("a folder");
    let ended = place.run(&["media", "verify", "--requeue"]).await.with(2);
    assert!(ended.err.contains("is its disk mounted"), "{}", ended.err);
    assert_eq!(states(&place).await, ["stored "]);
    // If it is lost indeed, a fetch makes a folder, and then all is fetched again.
    place.run(&["media", "fetch"]).await.with(0);
    place.run(&["media", "verify", "--requeue"]).await.with(1);
    place.run(&["media", "fetch"]).await.with(0);
    assert_whole(&place, 0..1);
}

#[tokio::test]
async fn a_damaged_file_is_removed_by_age_and_with_its_person() {
    for way in ["age", "person"] {
        let host = failing_once().await;
        let mut place = place(&host, 1).await;
        with_authors(&place, 1).await;
        place.run(&["media", "fetch"]).await.with(0);
        damage(&files(place.file("media"))[0]);
        place.run(&["media", "verify", "--requeue"]).await.with(1);
        if way == "age" {
            place.set("retention.media_days", "1");
            place
                .execute("update media set stored_at = stored_at - 86401")
                .await;
            place.run(&["media", "fetch"]).await.with(0);
            let removed = "removed older than retention.media_days";
            assert_eq!(states(&place).await, [removed]);
        } else {
            let people = place.file("people.txt");
            fs::write(&people, "user-a\n").expect("written");
            let users = people.to_str().expect("a name");
            place
                .run(&["erase", "--users", users, "--yes"])
                .await
                .with(0);
            assert_eq!(states(&place).await, [""; 0]);
        }
        assert_eq!(files(place.file("media")), Vec::<PathBuf>::new(), "{way}");
    }
}
