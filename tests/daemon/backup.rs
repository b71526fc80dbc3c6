//! `soracrawl backup`: a whole copy beside a running crawl, or nothing.

use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use soracrawl::sim::{Options, Shape};

use crate::support::{Daemon, Ended, Place, Site, small, soon};

const NO_REMOTE: &str = "http://127.0.0.1:1";
const PROGRAM: &str = env!("CARGO_BIN_EXE_soracrawl");

/// Returns what follows a word at the beginning of a line.
fn told(ended: &Ended, word: &str) -> String {
    let line = ended.out.lines().find_map(|line| line.strip_prefix(word));
    let line = line.unwrap_or_else(|| panic!("no {word}: {}", ended.out));
    line.trim().to_owned()
}

/// Returns the names in the folder of a place that do not belong to an archive and its configuration.
fn others(place: &Place) -> Vec<String> {
    let names = std::fs::read_dir(place.file("")).expect("a folder");
    let names = names.map(|entry| entry.expect("an entry").file_name());
    let names = names.map(|name| name.into_string().expect("a name"));
    let mut names: Vec<String> = names
        .filter(|name| !name.starts_with("a.db") && name != "crawler.toml")
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_backup_beside_a_running_crawl_is_whole_and_sound() {
    let site = Site::whole(Options {
        latency_ms: 10,
        ..small(Shape::Wrapped)
    })
    .await;
    site.run(&["seed", "feed"]).await.with(0);
    let mut daemon = site.start(&["run", "--until-idle"]);
    let mut copies = Vec::new();
    while !daemon.has_exited() {
        let name = format!("{}.db", copies.len());
        let ended = site.run(&["backup", &name]).await.with(0);
        copies.push((name, told(&ended, "contents")));
    }
    daemon.end().await.with(0);
    let mut different = copies.clone();
    different.dedup_by_key(|(_, contents)| contents.clone());
    assert!(different.len() > 3, "{copies:?}");
    for (name, contents) in &copies {
        let verified = site.run(&["verify", "--archive", name]).await.with(0);
        assert_eq!(told(&verified, "contents"), *contents);
    }
    let ended = site.run(&["backup", "end.db"]).await.with(0);
    let verified = site.run(&["verify"]).await.with(0);
    assert_eq!(told(&ended, "contents"), told(&verified, "contents"));
    let bytes = site.file("end.db").metadata().expect("a file").len();
    assert_eq!(told(&ended, "bytes").replace(',', ""), bytes.to_string());
    site.assert_whole().await;
    assert_eq!(site.sim.account().total.repeats, 0);
    // The copy is an archive with which a crawl goes on.
    let going_on = ["run", "--until-idle", "--archive", "0.db"];
    site.run(&going_on).await.with(0);
    let verified = site.run(&["verify", "--archive", "0.db"]).await.with(0);
    assert_eq!(told(&verified, "contents"), told(&ended, "contents"));
}

#[tokio::test]
async fn only_its_owner_can_read_a_backup_whatever_the_umask() {
    let place = Place::new(NO_REMOTE);
    place.run(&["seed", "feed"]).await.with(0);
    let starter = ["/bin/sh", "-c", "umask 0; exec \"$0\" \"$@\"", PROGRAM];
    let ended = Daemon::of(place.command_under(&starter, &["backup", "b.db"])).end();
    ended.await.with(0);
    let mode = place.file("b.db").metadata().expect("a file").permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_backup_replaces_nothing_and_says_what_is_wrong_with_its_place() {
    let place = Place::new(NO_REMOTE);
    place.run(&["seed", "feed"]).await.with(0);
    std::fs::write(place.file("old.db"), "an older backup").expect("a file");
    std::fs::create_dir(place.file("folder")).expect("a folder");
    symlink("nothing.db", place.file("link.db")).expect("a link");
    symlink("a.db", place.file("archive.db")).expect("a link");
    std::fs::create_dir_all(place.file("media/ab")).expect("a folder");
    symlink("media", place.file("other")).expect("a link");
    for (file, why) in [
        ("old.db", "exists already"),
        ("folder", "is a folder"),
        ("link.db", "is a symbolic link"),
        ("archive.db", "is the archive itself"),
        ("./a.db", "is the archive itself"),
        ("missing/b.db", "there is no such folder"),
        ("..", "no name of a file"),
        ("media/b.db", "which has the stored files of videos"),
        ("media/ab/b.db", "which has the stored files of videos"),
        (
            "folder/../media/b.db",
            "which has the stored files of videos",
        ),
        ("other/b.db", "which has the stored files of videos"),
    ] {
        let ended = place.run(&["backup", file]).await.with(2);
        assert!(ended.err.contains(why), "{file}: {}", ended.err);
        assert_eq!(ended.err.lines().count(), 1, "{}", ended.err);
    }
    let kept = std::fs::read_to_string(place.file("old.db")).expect("a text");
    assert_eq!(kept, "an older backup");
    assert_eq!(
        others(&place),
        [
            "archive.db",
            "folder",
            "link.db",
            "media",
            "old.db",
            "other"
        ]
    );
    let missing = ["backup", "b.db", "--archive", "no.db"];
    let ended = place.run(&missing).await.with(1);
    assert!(ended.err.contains("does not exist"), "{}", ended.err);
    let foreign = ["backup", "b.db", "--archive", "old.db"];
    place.run(&foreign).await.with(1);
    assert!(!place.file("b.db").exists());
}

#[tokio::test]
async fn a_full_disk_is_one_sentence_and_leaves_nothing_behind() {
    let site = Site::walk("").await;
    site.crawl().await.with(0);
    let script = "ulimit -f 200; exec \"$0\" \"$@\"";
    let starter = ["/bin/sh", "-c", script, PROGRAM];
    let ended = Daemon::of(site.command_under(&starter, &["backup", "b.db"])).end();
    let ended = ended.await.with(1);
    assert_eq!(ended.err.lines().count(), 1, "{}", ended.err);
    for part in ["the copy b.db cannot be written", "Nothing was left behind"] {
        assert!(ended.err.contains(part), "{}", ended.err);
    }
    assert_eq!(others(&site), [""; 0]);
}

/// Starts a backup and waits until its unfinished file is there. It may be finished before.
async fn begun(place: &Place, file: &str) -> Daemon {
    let partial = place.file(&format!("{file}.soracrawl-partial"));
    let mut backup = place.start(&["backup", file]);
    let seen = async {
        while !partial.exists() && !backup.has_exited() {
            tokio::task::yield_now().await;
        }
    };
    soon("an unfinished backup", seen).await;
    backup
}

#[tokio::test]
async fn a_backup_that_is_stopped_leaves_nothing_and_one_that_is_killed_is_cleaned_up_by_the_next()
{
    let site = Site::whole(small(Shape::Wrapped)).await;
    site.crawl().await.with(0);
    let (mut stopped, mut killed) = (0, 0);
    for round in 0..20 {
        let file = format!("{round}.db");
        let backup = begun(&site, &file).await;
        backup.signal("SIGINT");
        let ended = backup.end().await;
        // A backup that was finished before the signal is whole.
        let is_stopped = ended.code == 1 && ended.err.contains("Nothing was left behind");
        assert!(is_stopped || ended.code == 0, "{ended:?}");
        assert_eq!(site.file(&file).exists(), !is_stopped);
        stopped += u32::from(is_stopped);
        let _ = std::fs::remove_file(site.file(&file));
        assert_eq!(others(&site), [""; 0]);

        let mut backup = begun(&site, "k.db").await;
        killed += u32::from(backup.kill() && !site.file("k.db").exists());
        if !site.file("k.db").exists() {
            site.run(&["backup", "k.db"]).await.with(0);
        }
        assert_eq!(others(&site), ["k.db"], "round {round}");
        std::fs::remove_file(site.file("k.db")).expect("a backup");
    }
    assert!(
        stopped > 2 && killed > 2,
        "{stopped} stopped and {killed} killed"
    );
}

#[tokio::test]
async fn a_file_of_somebody_else_with_the_name_of_an_unfinished_backup_stays() {
    let place = Place::new(NO_REMOTE);
    place.run(&["seed", "feed"]).await.with(0);
    let partial = place.file("b.db.soracrawl-partial");
    std::fs::create_dir(&partial).expect("a folder");
    let ended = place.run(&["backup", "b.db"]).await.with(2);
    assert!(ended.err.contains("is in the way"), "{}", ended.err);
    assert!(partial.is_dir());
}

#[tokio::test]
async fn no_call_is_made_while_less_space_is_free_than_wanted_and_status_says_so() {
    let mut site = Site::walk("").await;
    site.set("upkeep.min_free_bytes", &i64::MAX.to_string());
    let mut daemon = site.start(&["run", "--until-idle"]);
    daemon.until_logged("disk nearly full").await;
    let status = site.run(&["status"]).await.with(0);
    assert!(
        status
            .out
            .contains("waiting  all endpoints: disk nearly full"),
        "{}",
        status.out
    );
    let status = site.run(&["status", "--json"]).await.with(0).json();
    assert_eq!(status["disk_full"], true);
    assert!(status["free_bytes"].as_u64().is_some_and(|free| free > 0));
    assert!(status["log_bytes"].as_u64().is_some_and(|log| log > 0));
    daemon.signal("SIGTERM");
    daemon.end().await.with(0);
    assert_eq!(site.bill(), 0);
    assert_eq!(site.calls().await, [], "the ledger grows on a full disk");
    site.assert_settled().await;
    let status = site.run(&["status", "--json"]).await.with(0).json();
    assert_eq!(status["disk_full"], false, "no daemon waits");
    site.set("upkeep.min_free_bytes", "0");
    site.crawl().await.with(0);
    assert_eq!(site.bill(), 3 * crate::support::PAGE);
}

/// A folder, and the size of a file that is far larger than what other programs write beside it during the test. A file
/// system in memory is quiet, but containers often have a small one.
fn quiet_folder() -> (tempfile::TempDir, u64) {
    let in_memory = tempfile::tempdir_in("/dev/shm").ok().filter(|folder| {
        let free = soracrawl::store::read::free_bytes(&folder.path().join("a.db"));
        free.is_some_and(|free| free > IN_MEMORY + (64 << 20))
    });
    match in_memory {
        Some(folder) => (folder, IN_MEMORY),
        None => (tempfile::tempdir().expect("a folder"), 4 * IN_MEMORY),
    }
}

const IN_MEMORY: u64 = 160 << 20;

#[tokio::test]
async fn a_walk_stops_between_two_pages_on_a_full_disk_and_continues_when_there_is_space() {
    let (folder, size) = quiet_folder();
    let blob = folder.path().join("blob");
    let mut site = Site::walk_in(
        Options {
            latency_ms: 20,
            followers: 24,
            page_size_follows: 1,
            ..crate::support::walk()
        },
        "",
    )
    .await;
    let archive = folder.path().join("a.db");
    let free = soracrawl::store::read::free_bytes(&archive).expect("a size");
    site.set("archive.path", &format!("{archive:?}"))
        .set("upkeep.min_free_bytes", &(free - size / 2).to_string())
        .set("limits.max_in_flight", "1");
    let mut daemon = site.start(&["run", "--until-idle"]);
    soon("some pages", site.sim.answered(3)).await;
    fill(&blob, size);
    daemon.until_logged("disk nearly full").await;
    // The call that was in flight may still be answered.
    let asked = site.sim.log().len();
    let status = site.run(&["status", "--json"]).await.with(0).json();
    assert_eq!(status["disk_full"], true);
    assert!(
        site.sim.log().len() <= asked + 1,
        "calls go on with a full disk"
    );
    std::fs::remove_file(&blob).expect("the blob");
    daemon.until_logged("calls continue").await;
    daemon.end().await.with(0);
    assert_eq!(site.sim.account().total.repeats, 0);
    assert_eq!(site.bill(), 24 * crate::support::PAGE);
}

fn fill(blob: &Path, size: u64) {
    let zeros = vec![0; 1 << 20];
    let mut file = std::fs::File::create(blob).expect("a file");
    for _ in 0..size >> 20 {
        file.write_all(&zeros).expect("a large file");
    }
}
