//! A receiver of alerts.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::soon;

/// A receiver of alerts that answers each request with a status, and what it received.
pub struct Receiver {
    pub port: u16,
    received: tokio::sync::mpsc::UnboundedReceiver<String>,
}

impl Receiver {
    pub async fn start(status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (send, received) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut bytes = Vec::new();
                let mut some = [0; 4096];
                loop {
                    let read = stream.read(&mut some).await.unwrap_or(0);
                    bytes.extend(&some[..read]);
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    let length = text
                        .lines()
                        .find_map(|line| {
                            line.to_ascii_lowercase()
                                .strip_prefix("content-length: ")?
                                .parse()
                                .ok()
                        })
                        .unwrap_or(0);
                    let is_whole = text
                        .split_once("\r\n\r\n")
                        .is_some_and(|(_, body)| body.len() >= length);
                    if read == 0 || is_whole {
                        break;
                    }
                }
                let answer =
                    format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = send.send(String::from_utf8_lossy(&bytes).into_owned());
            }
        });
        Self { port, received }
    }

    /// Asserts that nothing more was received.
    pub fn is_silent(&mut self) {
        if let Ok(message) = self.received.try_recv() {
            panic!("not expected: {message}");
        }
    }

    pub async fn next(&mut self, what: &str) -> String {
        soon(what, self.received.recv()).await.expect("a message")
    }
}

/// Returns the JSON of a message.
pub fn body(message: &str) -> Value {
    let (_, body) = message.split_once("\r\n\r\n").expect("a body");
    serde_json::from_str(body).expect("JSON")
}

/// Returns the condition of a message, and whether it begins or is over.
pub fn seen(told: &Value) -> (&str, &str) {
    let field = |name: &str| told[name].as_str().unwrap_or_default();
    (field("alert"), field("state"))
}
