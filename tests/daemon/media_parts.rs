//! Files that are not whole: what continues them, and what starts over.

use std::fs;

use crate::media::{assert_whole, files, place, until_half};
use crate::media_host::{Act, Host, LARGE, contents};
use crate::support::{Daemon, Place};

const PROGRAM: &str = env!("CARGO_BIN_EXE_soracrawl");

/// Returns a host whose first answer never ends.
pub async fn hanging() -> Host {
    Host::start("", |_, request| match request {
        0 => Act::Hang,
        _ => Act::Serve,
    })
    .await
}

/// Starts a fetch and ends it when half of the first file has arrived.
pub async fn half_fetched(host: &mut Host, place: &Place) {
    let fetch = place.start(&["media", "fetch"]);
    host.until_asked(1).await;
    until_half(place).await;
    fetch.signal("SIGINT");
    fetch.end().await.with(0);
}

#[tokio::test]
async fn a_rest_that_may_be_of_another_version_or_is_too_long_starts_over() {
    let faults = [Act::Untagged, Act::OtherVersion, Act::Surplus];
    let host = Host::start("", move |file, request| match request {
        0 => Act::Cut,
        // Each answer to a range, for ever.
        _ => faults[file],
    })
    .await;
    let place = place(&host, faults.len()).await;
    place.run(&["media", "fetch"]).await.with(0);
    assert_whole(&place, 0..faults.len());
    for (file, fault) in faults.iter().enumerate() {
        let half = contents(file).len() as u64 / 2;
        let asked = host.asked().into_iter().filter(|it| it.0 == file);
        let from: Vec<Option<u64>> = asked.map(|it| it.1).collect();
        assert_eq!(from, [None, Some(half), None], "{fault:?}");
    }
    place.run(&["media", "verify"]).await.with(0);
}

#[tokio::test]
async fn a_part_is_continued_after_the_death_of_the_process_and_not_after_that_of_the_system() {
    let half = contents(0).len() as u64 / 2;
    for (dies_with, second) in [("the process", Some(half)), ("the system", None)] {
        let mut host = hanging().await;
        let place = place(&host, 1).await;
        let mut fetch = place.start(&["media", "fetch"]);
        host.until_asked(1).await;
        until_half(&place).await;
        assert!(fetch.kill());
        if dies_with == "the system" {
            fs::write(place.file("media/part/boot"), "an earlier start").expect("a mark");
            // As a file system shows bytes that never reached the disk.
            let part = files(place.file("media/part")).remove(0);
            let length = fs::metadata(&part).expect("a part").len();
            fs::write(&part, vec![0; usize::try_from(length).expect("small")]).expect("zeros");
        }
        place.run(&["media", "fetch"]).await.with(0);
        assert_eq!(host.asked(), [(0, None), (0, second)], "{dies_with}");
        assert_whole(&place, 0..1);
        assert!(!place.file("media/part/boot").exists());
    }
}

#[tokio::test]
async fn a_file_above_the_limit_of_the_system_is_an_error_in_words() {
    let host = Host::start("", |_, _| Act::Serve).await;
    let place = place(&host, 1).await;
    place
        .execute(&format!(
            "update attachments set source_url = 'http://127.0.0.1:{}/{LARGE}'",
            host.port
        ))
        .await;
    // Blocks of 512 bytes.
    let limited = |blocks: u32, arguments: &[&str]| {
        let script = format!("ulimit -f {blocks}; exec \"$0\" \"$@\"");
        Daemon::of(place.command_under(&["/bin/sh", "-c", &script, PROGRAM], arguments)).end()
    };
    let ended = limited(4_096, &["media", "fetch"]).await.with(1);
    assert!(ended.err.contains("it cannot be written"), "{}", ended.err);
    place.run(&["media", "fetch"]).await.with(0);
    assert_eq!(files(place.file("media")).len(), 1);
    // All commands write below no limit at all, or say why not.
    for arguments in [
        &["reparse"][..],
        &["seed", "feed"],
        &["backup", "b.db"],
        &["index"],
        &["import", "crawler.toml"],
        &["export", "csv", "--into", "out", "--licence", "none"],
        &["new-key", "project.key"],
    ] {
        let ended = limited(0, arguments).await;
        assert!((1..=6).contains(&ended.code), "{arguments:?}: {ended:?}");
        assert!(!ended.err.is_empty(), "{arguments:?}");
    }
}

#[tokio::test]
async fn a_fetch_leaves_no_log_beside_the_archive() {
    let host = Host::start("", |file, _| match file {
        0 => Act::Serve,
        _ => Act::Status(404),
    })
    .await;
    for (number, code) in [(1, 0), (2, 3)] {
        let place = place(&host, number).await;
        place.run(&["media", "fetch"]).await.with(code);
        for log in ["a.db-wal", "a.db-shm"] {
            assert!(!place.file(log).exists(), "{log} after exit {code}");
        }
    }
}
