//! Files of videos from a host with faults.

use std::path::PathBuf;

use crate::media_archive::archive;
use crate::media_host::{Act, Host, contents};
use crate::support::{Place, soon};

/// A place with an archive whose videos are on a host.
pub async fn place(host: &Host, files: usize) -> Place {
    let mut place = Place::new("http://127.0.0.1:9");
    place.set("media.hosts", &format!("[\"127.0.0.1:{}\"]", host.port));
    let urls: Vec<String> = (0..files)
        .map(|file| format!("http://127.0.0.1:{}/f%2F../{file}?sig=secret", host.port))
        .collect();
    archive(&place.archive(), &urls).await;
    place
}

/// Returns all files under a folder except the lock and the mark of a fetch that goes on.
pub fn files(folder: PathBuf) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => found.extend(files(path)),
            false if path.ends_with("lock") || path.ends_with("boot") => {}
            false => found.push(path),
        }
    }
    found
}

/// Asserts that exactly these files are stored, whole.
pub fn assert_whole(place: &Place, expected: std::ops::Range<usize>) {
    let mut due: Vec<Vec<u8>> = expected.map(contents).collect();
    let mut found: Vec<Vec<u8>> = files(place.file("media"))
        .into_iter()
        .map(|path| std::fs::read(path).expect("a file"))
        .collect();
    due.sort();
    found.sort();
    assert_eq!(found.len(), due.len());
    assert!(found == due, "other contents");
}

#[tokio::test]
async fn files_are_stored_under_their_hashes_and_verified() {
    let host = Host::start("", |_, _| Act::Serve).await;
    let place = place(&host, 3).await;
    let ended = place.run(&["media", "fetch"]).await.with(0);
    assert!(ended.out.contains("3 files stored"), "{}", ended.out);
    assert_whole(&place, 0..3);
    place.run(&["media", "verify"]).await.with(0);
    // Nothing is fetched twice.
    place.run(&["media", "fetch"]).await.with(0);
    assert_eq!(host.asked().len(), 3);
    let stored = files(place.file("media"));
    let status = place
        .run(&["media", "status", "--json"])
        .await
        .with(0)
        .json();
    assert_eq!(status["files"][0]["state"], "stored");
    assert_eq!(status["files"][0]["files"], 3);

    std::fs::write(&stored[0], "other").expect("written");
    std::fs::remove_file(&stored[1]).expect("removed");
    std::fs::write(place.file("media/unknown"), "x").expect("written");
    let report = place
        .run(&["media", "verify", "--json"])
        .await
        .with(1)
        .json();
    let first = |what: &str| report[what][0].as_str().expect("a name").to_owned();
    assert!(first("changed").contains(stored[0].to_str().expect("a name")));
    assert!(first("missing").contains(stored[1].to_str().expect("a name")));
    assert!(first("unknown").ends_with("media/unknown"));
}

#[tokio::test]
async fn each_fault_leaves_a_whole_file_in_the_end() {
    let faults = [
        vec![Act::Cut],
        vec![Act::Cut, Act::Cut, Act::Cut],
        vec![Act::Cut, Act::WrongTotal],
        vec![Act::Status(500), Act::Status(429)],
        vec![Act::NoSize],
    ];
    let number = faults.len();
    let script = faults.clone();
    let host = Host::start("", move |file, request| {
        script[file].get(request).copied().unwrap_or(Act::Serve)
    })
    .await;
    let place = place(&host, number).await;
    let ended = place.run(&["media", "fetch"]).await.with(3);
    assert!(
        ended.err.contains("/4: the remote does not state its size"),
        "{}",
        ended.err
    );
    assert!(!ended.err.contains("secret"), "{}", ended.err);
    assert_whole(&place, 0..number - 1);
    // A part is continued where it ended.
    let half = contents(0).len() as u64 / 2;
    assert_eq!(
        host.asked()
            .iter()
            .filter(|it| **it == (0, Some(half)))
            .count(),
        1
    );
    place.run(&["media", "verify"]).await.with(0);
}

#[tokio::test]
async fn what_the_remote_no_longer_has_is_not_asked_for_again() {
    let host = Host::start("", |_, _| Act::Status(404)).await;
    let place = place(&host, 1).await;
    for _ in 0..2 {
        let ended = place.run(&["media", "fetch"]).await.with(3);
        assert!(ended.err.contains("answered 404"), "{}", ended.err);
    }
    assert_eq!(host.asked().len(), 1);
    place.run(&["media", "fetch", "--also-gone"]).await.with(3);
    assert_eq!(host.asked().len(), 2);
}

#[tokio::test]
async fn a_redirect_into_a_private_network_is_not_followed() {
    for target in [
        "http://10.0.0.1/secret",
        "https://169.254.169.254/latest/meta-data",
        "http://[::1]/x",
        "http://localhost/x",
        "file:///etc/passwd",
        "http://127.0.0.1:1/other-port",
    ] {
        let host = Host::start(target, |_, _| Act::Redirect).await;
        let place = place(&host, 1).await;
        let ended = place.run(&["media", "fetch"]).await.with(3);
        assert!(
            ["is not in media.hosts", "cannot be read"]
                .iter()
                .any(|why| ended.err.contains(why)),
            "{target}: {}",
            ended.err
        );
        assert_eq!(files(place.file("media")), Vec::<PathBuf>::new());
    }
}

#[tokio::test]
async fn a_full_disk_stops_all_and_the_next_fetch_goes_on() {
    let host = Host::start("", |_, _| Act::Serve).await;
    let mut place = place(&host, 2).await;
    place.set("media.min_free_bytes", "9000000000000000000");
    let ended = place.run(&["media", "fetch"]).await.with(3);
    assert!(ended.err.contains("media.min_free_bytes"), "{}", ended.err);
    assert_whole(&place, 0..0);
    place.unset("media.min_free_bytes");
    place.run(&["media", "fetch"]).await.with(0);
    assert_whole(&place, 0..2);
}

/// Waits until half of the first file has arrived, and nothing else is in flight.
pub async fn until_half(place: &Place) {
    let half = contents(0).len() as u64 / 2;
    let arrived = || {
        let parts = files(place.file("media/part"));
        parts.first().map_or(0, |part| {
            std::fs::metadata(part).map_or(0, |about| about.len())
        })
    };
    let seen = async {
        while arrived() < half {
            tokio::task::yield_now().await;
        }
    };
    soon("half of a file", seen).await;
}

#[tokio::test]
async fn a_signal_keeps_what_has_arrived() {
    let mut host = Host::start("", |_, request| match request {
        0 => Act::Hang,
        _ => Act::Serve,
    })
    .await;
    let place = place(&host, 1).await;
    let fetch = place.start(&["media", "fetch"]);
    host.until_asked(1).await;
    let half = contents(0).len() as u64 / 2;
    until_half(&place).await;
    fetch.signal("SIGINT");
    fetch.end().await.with(0);
    place.run(&["media", "fetch"]).await.with(0);
    assert_eq!(host.asked(), [(0, None), (0, Some(half))]);
    assert_whole(&place, 0..1);
}
