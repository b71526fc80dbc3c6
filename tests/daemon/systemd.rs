//! What systemd is told: readiness, the condition, signs of life and the end.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use soracrawl::sim::Shape;

use crate::support::{Daemon, Site, small};

#[tokio::test]
async fn systemd_is_told_readiness_condition_life_and_end() {
    let mut site = Site::whole(small(Shape::Flat)).await;
    site.set("limits.requests_per_second", "1000");
    let path = site.file("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket
        .set_read_timeout(Some(Duration::from_secs(60)))
        .expect("a timeout");
    let mut command = site.command_under(&[env!("CARGO_BIN_EXE_soracrawl")], &["run", "--yes"]);
    command.env("NOTIFY_SOCKET", &path);
    let daemon = Daemon::of(command);
    let until = |wanted: &str| {
        let mut told = Vec::new();
        let mut bytes = [0; 4096];
        while !told.iter().any(|text: &String| text.contains(wanted)) {
            let length = socket.recv(&mut bytes);
            let length = length.unwrap_or_else(|why| panic!("{wanted}: {why}, after {told:?}"));
            told.push(String::from_utf8_lossy(&bytes[..length]).into_owned());
        }
        told.join(" ")
    };
    let first = until("READY=1");
    assert!(!first.contains("STATUS="), "before it is ready: {first}");
    let told = until("STATUS=");
    assert!(told.contains("WATCHDOG=1"), "{told}");
    site.until("select count(*) = 0 from jobs where state in ('ready', 'leased', 'waiting')")
        .await;
    until("STATUS=idle: no job is left");
    daemon.signal("SIGTERM");
    until("STOPPING=1");
    daemon.end().await.with(0);
}
