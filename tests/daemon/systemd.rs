//! What systemd is told: readiness, the condition, signs of life and the end.

use soracrawl::sim::Shape;
use tokio::net::UnixDatagram;

use crate::support::{Daemon, Site, small, soon};

/// Returns what was told until something is.
async fn until(socket: &UnixDatagram, wanted: &str) -> String {
    let mut told = String::new();
    let mut bytes = [0; 4096];
    let wait = async {
        while !told.contains(wanted) {
            let length = socket.recv(&mut bytes).await.expect("a message");
            told.push_str(&String::from_utf8_lossy(&bytes[..length]));
            told.push(' ');
        }
    };
    soon(wanted, wait).await;
    told
}

#[tokio::test]
async fn systemd_is_told_readiness_condition_life_and_end() {
    let mut site = Site::whole(small(Shape::Flat)).await;
    site.set("limits.requests_per_second", "1000");
    let path = site.file("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    let mut command = site.command_under(&[env!("CARGO_BIN_EXE_soracrawl")], &["run", "--yes"]);
    command.env("NOTIFY_SOCKET", &path);
    let daemon = Daemon::of(command);
    let first = until(&socket, "READY=1").await;
    assert!(!first.contains("STATUS="), "before it is ready: {first}");
    let told = until(&socket, "STATUS=").await;
    assert!(told.contains("WATCHDOG=1"), "{told}");
    site.until("select count(*) = 0 from jobs where state in ('ready', 'leased', 'waiting')")
        .await;
    until(&socket, "STATUS=idle: no job is left").await;
    daemon.signal("SIGTERM");
    until(&socket, "STOPPING=1").await;
    daemon.end().await.with(0);
}
