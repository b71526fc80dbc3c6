//! A minimal HTTP/1.1 client: tests see the raw bytes, and no client library corrects or hides them.

use std::collections::HashMap;
use std::io;

use serde_json::Value;
use soracrawl::sim::{DEFAULT_KEY, Endpoint, Options, Shape, Sim};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::form_urlencoded::Serializer;

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn data(&self) -> Value {
        self.json()["data"].clone()
    }

    pub fn is_whole(&self) -> bool {
        let length: usize = self.headers["content-length"].parse().expect("a length");
        length == self.body.len()
    }
}

/// Sends bytes and reads until the simulator closes the connection or `most_bytes` bytes have arrived.
pub async fn raw(sim: &Sim, request: &[u8], most_bytes: usize) -> io::Result<Answer> {
    let address = sim.base_url().replace("http://", "");
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request).await?;
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; 65_536]);
    loop {
        let count = stream.read(&mut buffer).await?;
        bytes.extend_from_slice(&buffer[..count]);
        if count == 0 || bytes.len() >= most_bytes {
            break;
        }
    }
    let end = bytes.windows(4).position(|it| it == b"\r\n\r\n");
    let end = end.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines
        .next()
        .and_then(|it| it.split(' ').nth(1))
        .expect("a status line");
    let status = status.parse().expect("a status");
    let headers = lines.filter_map(|it| it.split_once(": "));
    let headers = headers
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    Ok(Answer {
        status,
        headers,
        body: bytes[end + 4..].to_vec(),
    })
}

pub async fn send(
    sim: &Sim,
    method: &str,
    path: &str,
    key: &str,
    content_type: &str,
    body: &[u8],
) -> io::Result<Answer> {
    let length = body.len();
    let mut request = format!(
        "{method} {path} HTTP/1.1\r\nHost: sim\r\nUser-Agent: test/1\r\nAuthorization: Bearer {key}\r\n\
         Connection: close\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n"
    )
    .into_bytes();
    request.extend_from_slice(body);
    raw(sim, &request, usize::MAX).await
}

pub async fn get(sim: &Sim, path: &str) -> io::Result<Answer> {
    send(sim, "GET", path, DEFAULT_KEY, "text/plain", b"").await
}

pub fn path(endpoint: Endpoint, subject: &str, cursor: &str) -> String {
    let mut query = Serializer::new(String::new());
    if let Some(name) = endpoint.parameter() {
        query.append_pair(name, subject);
    }
    if !cursor.is_empty() {
        query.append_pair("cursor", cursor);
    }
    format!("{}?{}", endpoint.path(), query.finish())
}

pub async fn call(sim: &Sim, endpoint: Endpoint, subject: &str, cursor: &str) -> Answer {
    get(sim, &path(endpoint, subject, cursor))
        .await
        .expect("an answer")
}

/// Returns the part of a page that contains the items and the cursor.
pub fn list(data: &Value) -> &Value {
    data.get("children").unwrap_or(data)
}

pub fn cursor(data: &Value) -> String {
    list(data)["cursor"].as_str().unwrap_or("").to_owned()
}

pub fn items(data: &Value) -> Vec<Value> {
    list(data)["items"].as_array().expect("items").clone()
}

/// Returns the id of an item in either shape; `None` if the value is not an item.
pub fn id(item: &Value) -> Option<String> {
    let places = ["/post/id", "/profile/user_id", "/id", "/user_id"];
    let found = places
        .iter()
        .find_map(|place| item.pointer(place)?.as_str());
    found.map(str::to_owned)
}

pub fn ids(data: &Value) -> Vec<String> {
    items(data).iter().filter_map(id).collect()
}

/// Returns all pages of a walk.
pub async fn walk(sim: &Sim, endpoint: Endpoint, subject: &str) -> Vec<Value> {
    let (mut pages, mut at) = (Vec::new(), String::new());
    loop {
        let answer = call(sim, endpoint, subject, &at).await;
        assert_eq!(answer.status, 200, "{}: {}", endpoint.name(), answer.text());
        pages.push(answer.data());
        at = cursor(&pages[pages.len() - 1]);
        if at.is_empty() {
            return pages;
        }
    }
}

/// Returns all pages of a walk; none if the remote refuses its subject.
pub async fn shown_walk(sim: &Sim, endpoint: Endpoint, subject: &str) -> Vec<Value> {
    match call(sim, endpoint, subject, "").await.status {
        403 | 404 => Vec::new(),
        _ => walk(sim, endpoint, subject).await,
    }
}

pub async fn start(shape: Shape) -> Sim {
    Sim::start(Options {
        shape,
        ..Options::default()
    })
    .await
    .expect("a simulator")
}

/// Returns options for a world whose main lists have three pages, so that faults can hit a middle page.
pub fn exact() -> Options {
    Options {
        shape: Shape::Flat,
        exact: true,
        users: 3,
        audience: 25,
        characters: 0,
        posts: 5,
        remixes: 0,
        followers: 25,
        comments: 25,
        replies: 0,
        appearances: 0,
        page_size_posts: 2,
        page_size_follows: 10,
        ..Options::default()
    }
}
