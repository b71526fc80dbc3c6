//! P11: if the archive is locked, read-only or on a full disk, the run reports it and loses no paid reply.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use soracrawl::sim::{Options, Shape};

use crate::every_step::hold_write_lock;
use crate::support::{Daemon, Ended, Site, small, soon};

const PROGRAM: &str = env!("CARGO_BIN_EXE_soracrawl");
const RUN: [&str; 2] = ["run", "--until-idle"];
const IN_FLIGHT: u64 = 4;
const TROUBLE: &str = "the archive cannot be written";

async fn new_site() -> Site {
    let options = Options {
        latency_ms: 2,
        ..small(Shape::Wrapped)
    };
    let mut site = Site::whole(options).await;
    site.set("limits.max_in_flight", &IN_FLIGHT.to_string())
        .set("limits.grace_seconds", "1");
    site
}

/// Starts a crawl whose disk is full once the write-ahead log has this size.
fn start_on_a_small_disk(site: &Site, bytes: u64) -> Daemon {
    // The soft limit can be raised later.
    let script = format!("ulimit -S -f {}; exec \"$0\" \"$@\"", bytes / 512);
    Daemon::of(site.command_under(&["/bin/sh", "-c", &script, PROGRAM], &RUN))
}

/// Returns a crawl that waits because its disk is full.
async fn stuck_on_a_full_disk() -> (Site, Daemon) {
    let site = new_site().await;
    // This command writes the database file. During the crawl, only the write-ahead log grows.
    site.run(&["seed", "feed"]).await.with(0);
    let mut daemon = start_on_a_small_disk(&site, 600 << 10);
    daemon.until_logged(TROUBLE).await;
    (site, daemon)
}

/// Sends SIGTERM to a run that waits for the archive, and checks that it reports what it could not write.
async fn stop_while_it_waits(daemon: Daemon) {
    daemon.signal("SIGTERM");
    let ended = daemon.end().await.with(1);
    assert!(
        ended.err.contains("the next run marks their calls"),
        "{}",
        ended.err
    );
}

/// Finishes the crawl without disturbance. Fails if a row is missing or a repeated call is not in the ledger.
async fn assert_recovers(site: &Site, kills: u64, when: &str) {
    site.assert_sound(when).await;
    site.crawl().await.with(0);
    let whole = new_site().await.undisturbed().await;
    site.assert_survived(kills, IN_FLIGHT, &whole, when).await;
}

#[tokio::test]
async fn the_run_waits_for_a_lock_that_outlasts_a_lease_and_loses_no_reply() {
    let mut site = new_site().await;
    site.set("api.timeout_seconds", "2")
        .set("api.connect_timeout_seconds", "2")
        .set("limits.lease_seconds", "3");
    let mut daemon = site.start(&RUN);
    soon("some calls", site.sim.received(20)).await;
    let held = hold_write_lock(&site).await;
    daemon.until_logged("nothing is lost").await;
    assert!(
        site.sim.log().len() < 110,
        "the crawl continues without an archive"
    );
    drop(held);
    daemon
        .until_logged("the archive can be written again")
        .await;
    let ended = daemon.end().await.with(0);
    assert!(!ended.err.contains("lease"), "{}", ended.err);
    assert_eq!(site.sim.account().total.repeats, 0);
    assert_recovers(&site, 0, "after a lock").await;
}

#[tokio::test]
async fn a_call_by_hand_waits_for_a_lock_and_keeps_its_reply() {
    let options = Options {
        latency_ms: 300,
        ..small(Shape::Flat)
    };
    let site = Site::new(options).await;
    let mut call = site.start(&["call", "get_feed"]);
    soon("the call", site.sim.received(1)).await;
    let held = hold_write_lock(&site).await;
    call.until_logged(TROUBLE).await;
    drop(held);
    let ended = call.end().await.with(0);
    assert!(ended.out.contains("items"), "{}", ended.out);
    let kept = "select count(*) from calls where kept = 1";
    assert_eq!(site.number(kept).await, 1);
    site.assert_settled().await;
}

#[tokio::test]
async fn a_signalled_run_does_not_wait_for_a_lock_and_reports_what_it_could_not_keep() {
    let site = new_site().await;
    let mut daemon = site.start(&RUN);
    soon("some calls", site.sim.received(20)).await;
    let held = hold_write_lock(&site).await;
    daemon.until_logged(TROUBLE).await;
    stop_while_it_waits(daemon).await;
    drop(held);
    assert_recovers(&site, 1, "stopped under a lock").await;
}

#[tokio::test]
async fn the_run_waits_for_a_full_disk_and_keeps_pending_replies_once_there_is_space() {
    let (site, mut daemon) = stuck_on_a_full_disk().await;
    let asked = site.sim.log().len();
    let raised = Command::new("prlimit")
        .args(["--fsize=unlimited", "--pid", &daemon.id().to_string()])
        .status();
    assert!(raised.expect("prlimit from util-linux").success());
    daemon
        .until_logged("the archive can be written again")
        .await;
    daemon.end().await.with(0);
    assert!(
        site.sim.log().len() > asked,
        "the disk was full before the end"
    );
    assert_eq!(site.sim.account().total.repeats, 0);
    assert_recovers(&site, 0, "after a full disk").await;
}

#[tokio::test]
async fn a_crawl_killed_or_stopped_on_a_full_disk_repeats_only_calls_in_flight() {
    let (site, mut daemon) = stuck_on_a_full_disk().await;
    assert!(daemon.kill());
    assert_recovers(&site, 1, "killed on a full disk").await;

    let (site, daemon) = stuck_on_a_full_disk().await;
    stop_while_it_waits(daemon).await;
    assert_recovers(&site, 1, "stopped on a full disk").await;
}

#[tokio::test]
async fn a_crawl_that_starts_on_a_full_disk_reports_it_and_buys_nothing() {
    let site = new_site().await;
    for _ in 0..2 {
        let daemon = start_on_a_small_disk(&site, 0);
        let ended = daemon.end().await.with(1);
        assert!(ended.err.contains("error: "), "{}", ended.err);
        assert_eq!(site.bill(), 0);
        site.run(&["seed", "feed"]).await.with(0);
    }
    assert_recovers(&site, 0, "after a start on a full disk").await;
}

/// Runs the crawl without permission to write. Root may write everywhere, so under root another user runs it.
async fn crawl_without_write_permission(site: &Site) -> Ended {
    let folder = site.file("");
    let probe = folder.join("probe");
    set_mode(&folder, 0o555);
    if std::fs::write(&probe, "").is_err() {
        return site.crawl().await;
    }
    std::fs::remove_file(&probe).expect("the probe is removed");
    let starter = [
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
    ];
    let program = folder.join("soracrawl");
    std::fs::copy(PROGRAM, &program).expect("a copy of the program");
    let starter: Vec<&str> = starter.into_iter().chain(program.to_str()).collect();
    Daemon::of(site.command_under(&starter, &RUN)).end().await
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("a mode");
}

#[tokio::test]
async fn a_read_only_archive_is_an_error_that_names_it_and_nothing_is_bought() {
    let site = new_site().await;
    site.run(&["seed", "feed"]).await.with(0);
    set_mode(&site.archive(), 0o444);
    let ended = crawl_without_write_permission(&site).await.with(1);
    assert!(ended.err.contains("a.db"), "{}", ended.err);
    assert!(
        ["readonly", "ermission denied", "unable to open"]
            .iter()
            .any(|word| ended.err.contains(word)),
        "{}",
        ended.err
    );
    assert_eq!(site.bill(), 0);
    set_mode(&site.file(""), 0o700);
    set_mode(&site.archive(), 0o600);
    assert_recovers(&site, 0, "after a read-only archive").await;
}
