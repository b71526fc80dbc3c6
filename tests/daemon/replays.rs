//! A replay that runs, and requests to it as raw bytes.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::form_urlencoded::Serializer;

use crate::support::{Daemon, Ended, Place, soon};

pub const API: &str = "/api/v1/sora2/";

pub struct Replay {
    daemon: Daemon,
    pub address: String,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    pub fn message(&self) -> String {
        let message = self.json()["detail"]["message"].clone();
        message.as_str().expect("a message").to_owned()
    }
}

impl Replay {
    pub async fn start(place: &Place, more: &[&str]) -> Self {
        Self::start_at(place, "127.0.0.1", more).await
    }

    pub async fn start_at(place: &Place, host: &str, more: &[&str]) -> Self {
        let archive = place.archive();
        let archive = archive.to_str().expect("a path");
        let free = TcpListener::bind((host, 0)).await.expect("a port");
        let address = free.local_addr().expect("an address").to_string();
        drop(free);
        let mut arguments = vec!["replay", archive, "--listen", &address];
        arguments.extend(more);
        let mut daemon = place.start(&arguments);
        daemon.until_logged("replay served").await;
        Self { daemon, address }
    }

    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Asks an endpoint with parameters, as the crawler does.
    pub async fn ask(&self, endpoint: &str, parameters: &[(&str, &str)]) -> Answer {
        let query = Serializer::new(String::new())
            .extend_pairs(parameters)
            .finish();
        let path = format!("{API}{endpoint}?{query}");
        self.get(&path, &[("Authorization", "Bearer any")]).await
    }

    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", path, headers).await
    }

    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if headers.iter().all(|(name, _)| *name != "Host") {
            request.push_str(&format!("Host: {}\r\n", self.address));
        }
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("\r\n");
        let mut stream = TcpStream::connect(&self.address)
            .await
            .expect("a connection");
        stream
            .write_all(request.as_bytes())
            .await
            .expect("it is sent");
        let mut bytes = Vec::new();
        let read = soon("an answer", stream.read_to_end(&mut bytes)).await;
        read.expect("an answer");
        let end = bytes.windows(4).position(|it| it == b"\r\n\r\n");
        let end = end.expect("a head");
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|it| it.parse().ok());
        Answer {
            status: status.expect("a status"),
            head,
            body: bytes[end + 4..].to_vec(),
        }
    }

    /// Ends it as Ctrl-C does.
    pub async fn stop(self) -> Ended {
        self.daemon.signal("SIGINT");
        self.daemon.end().await
    }
}
