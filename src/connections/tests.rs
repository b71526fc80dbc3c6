//! Slow and many clients.

use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use axum::serve::Listener;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::patience::Patience;
use super::{Connections, serve};

const MOST: usize = 3;

fn after(seconds: u64) -> Instant {
    Instant::now() + Duration::from_secs(seconds)
}

#[test]
fn bytes_of_a_request_gain_no_time_and_work_is_not_waited_for() {
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    let slow = Patience::new(start);
    for second in 1..15 {
        slow.read(at(second));
        assert!(!slow.is_over(at(second)));
    }
    assert!(slow.is_over(at(15)), "a request byte by byte");
    slow.begin_work();
    assert!(!slow.is_over(at(900)));
    assert_eq!(slow.rank(), None);
    slow.end_work(at(900));
    assert!(!slow.is_over(at(1_019)) && slow.is_over(at(1_020)), "idle");
    slow.wrote(at(1_019));
    assert!(!slow.is_over(at(1_138)), "a part of an answer was taken");
    slow.read(at(1_100));
    assert!(
        slow.is_over(at(1_115)),
        "the next request begins its own time"
    );
}

#[test]
fn unfinished_requests_make_room_before_idle_connections() {
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    let (idle, old, new) = (
        Patience::new(at(0)),
        Patience::new(at(1)),
        Patience::new(at(2)),
    );
    idle.wrote(at(0));
    assert!(old.rank() < new.rank() && new.rank() < idle.rank());
    old.close();
    assert_eq!(old.rank(), None);
}

#[tokio::test]
async fn a_connection_too_many_takes_the_place_of_the_one_that_waited_longest() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut connections = Connections::new(listener, MOST);
    let mut clients = Vec::new();
    let mut served = Vec::new();
    for _ in 0..MOST {
        clients.push(TcpStream::connect(address).await.unwrap());
        served.push(connections.accept().await.0);
    }
    served[0].patience.begin_work();
    clients.push(TcpStream::connect(address).await.unwrap());
    connections.make_room();
    let is_open = |at: usize| served[at].patience.rank().is_some();
    assert_eq!([is_open(1), is_open(2)], [false, true]);
    let mut second = served.remove(1);
    let end = tokio::spawn(async move { second.read_u8().await.is_err() });
    connections.accept().await;
    assert!(end.await.unwrap(), "the first one is at work");
}

#[tokio::test]
async fn a_slow_client_is_sent_away() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut connections = Connections::new(listener, MOST);
    let mut client = TcpStream::connect(address).await.unwrap();
    let (mut connection, _) = connections.accept().await;
    client.write_all(b"G").await.unwrap();
    assert_eq!(connection.read_u8().await.unwrap(), b'G');
    connections.close_slow(after(0));
    assert!(!connection.patience.is_over(after(0)));
    let waits = tokio::spawn(async move { connection.read_u8().await.is_err() });
    tokio::task::yield_now().await;
    connections.close_slow(after(15));
    assert!(waits.await.unwrap());
    assert_eq!(client.read(&mut [0]).await.unwrap(), 0, "closed");
    connections.close_slow(after(0));
    assert!(connections.open.is_empty(), "it is forgotten");
}

#[tokio::test]
async fn a_server_answers_beside_many_clients_that_say_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/", get(|| async { "yes" }));
    let server = tokio::spawn(serve(listener, MOST, router, std::future::pending()));
    let mut silent = Vec::new();
    for _ in 0..MOST * 20 {
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nHost").await.unwrap();
        silent.push(client);
    }
    let mut client = TcpStream::connect(address).await.unwrap();
    let request = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    client.write_all(request).await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("yes"),
        "{answer}"
    );
    server.abort();
}
