//! A host of files with faults.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::support::soon;

/// What the host does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Serve,
    /// Ends the connection after half of the bytes.
    Cut,
    Status(u16),
    /// 206 with the right range and another total.
    WrongTotal,
    /// 206 with the right range and other bytes, of no version or of another one.
    Untagged,
    OtherVersion,
    /// 206 with more bytes than its range.
    Surplus,
    /// Redirects to this host's target.
    Redirect,
    /// No length, and no chunks.
    NoSize,
    /// Keeps the rest back until the client is gone.
    Hang,
}

type Script = Box<dyn Fn(usize, usize) -> Act + Send + Sync>;

#[derive(Default)]
struct Counts {
    requests: HashMap<usize, usize>,
    ranges: Vec<(usize, Option<u64>)>,
}

/// A host of files.
pub struct Host {
    pub port: u16,
    counts: Arc<Mutex<Counts>>,
    requests: watch::Receiver<usize>,
}

/// A file above the limit of a test.
pub const LARGE: usize = 1_000;

/// Returns the contents of a file: an MP4 file, as far as its first bytes tell.
pub fn contents(file: usize) -> Vec<u8> {
    let size = match file {
        LARGE => 3 << 20,
        file => 2_000 + file * 7_919 % 30_000,
    };
    let mut bytes = b"\0\0\0\x20ftypisom".to_vec();
    let mut state = 0x9e37_79b9_7f4a_7c15 ^ file as u64;
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes
}

impl Host {
    /// Starts a host. The script says what happens with each file's requests, counted from 0.
    pub async fn start(
        target: &'static str,
        script: impl Fn(usize, usize) -> Act + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let counts: Arc<Mutex<Counts>> = Arc::default();
        let (told, requests) = watch::channel(0);
        let (script, served): (Arc<Script>, _) = (Arc::new(Box::new(script)), counts.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (script, counts, told) = (script.clone(), served.clone(), told.clone());
                tokio::spawn(async move {
                    let _ = serve(stream, &script, &counts, &told, target).await;
                });
            }
        });
        Self {
            port,
            counts,
            requests,
        }
    }

    /// Returns each request: its file, and from which byte on it asked.
    pub fn asked(&self) -> Vec<(usize, Option<u64>)> {
        self.counts.lock().expect("counts").ranges.clone()
    }

    /// Waits until so many requests came.
    pub async fn until_asked(&mut self, times: usize) {
        let asked = self.requests.wait_for(|requests| *requests >= times);
        soon("requests", asked).await.expect("a host");
    }
}

async fn serve(
    mut stream: TcpStream,
    script: &Script,
    counts: &Mutex<Counts>,
    told: &watch::Sender<usize>,
    target: &str,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    loop {
        let mut some = [0; 2_048];
        let read = stream.read(&mut some).await?;
        head.extend_from_slice(&some[..read]);
        if read == 0 {
            return Ok(());
        }
        let Some(end) = head.windows(4).position(|it| it == b"\r\n\r\n") else {
            continue;
        };
        let text = String::from_utf8_lossy(&head[..end]).into_owned();
        head.drain(..end + 4);
        let (answer, body, then) = answer(&text, script, counts, target);
        told.send_modify(|requests| *requests += 1);
        stream.write_all(answer.as_bytes()).await?;
        for part in body.chunks(4_096) {
            stream.write_all(part).await?;
        }
        match then {
            Then::GoOn => {}
            Then::Close => return Ok(()),
            Then::Wait => {
                let mut some = [0; 1];
                let _ = stream.read(&mut some).await;
                return Ok(());
            }
        }
    }
}

enum Then {
    GoOn,
    Close,
    Wait,
}

fn answer(
    text: &str,
    script: &Script,
    counts: &Mutex<Counts>,
    target: &str,
) -> (String, Vec<u8>, Then) {
    let header = |name: &str| {
        let mut lines = text.lines();
        lines.find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then(|| value.to_owned())
        })
    };
    let path = text.split(' ').nth(1).unwrap_or("");
    let (path, _) = path.split_once('?').unwrap_or((path, ""));
    let file: usize = path
        .rsplit('/')
        .next()
        .and_then(|it| it.parse().ok())
        .unwrap_or(0);
    let from: Option<u64> =
        header("range").and_then(|it| it.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    let mut counts = counts.lock().expect("counts");
    counts.ranges.push((file, from));
    let number = counts.requests.entry(file).or_default();
    let act = script(file, *number);
    *number += 1;
    let whole = contents(file);
    let total = whole.len() as u64;
    let etag = format!("\"{file}\"");
    let from = from.filter(|_| header("if-range").as_ref() == Some(&etag));
    let tag = match (act, from) {
        (Act::Untagged, Some(_)) => String::new(),
        (Act::OtherVersion, Some(_)) => "ETag: \"other\"\r\n".to_owned(),
        _ => format!("ETag: {etag}\r\n"),
    };
    let head = |status: &str, more: &str, length: usize| {
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: video/mp4\r\n{tag}{more}Content-Length: {length}\r\n\r\n"
        )
    };
    let ranged = |from: u64, total: u64| {
        let range = format!(
            "Content-Range: bytes {from}-{}/{total}\r\n",
            whole.len() - 1
        );
        let body = whole[usize::try_from(from).expect("a size")..].to_vec();
        (
            head("206 Partial Content", &range, body.len()),
            body,
            Then::GoOn,
        )
    };
    let normal = match from {
        Some(from) if from < total => ranged(from, total),
        _ => (head("200 OK", "", whole.len()), whole.clone(), Then::GoOn),
    };
    match act {
        Act::Serve => normal,
        Act::Cut => {
            let half = normal.1.len() / 2;
            (normal.0, normal.1[..half].to_vec(), Then::Close)
        }
        Act::Hang => {
            let half = normal.1.len() / 2;
            (normal.0, normal.1[..half].to_vec(), Then::Wait)
        }
        Act::Status(status) => (
            head(&format!("{status} Status"), "", 0),
            Vec::new(),
            Then::GoOn,
        ),
        Act::WrongTotal if from.is_some() => ranged(from.unwrap_or(0), total + 1),
        Act::WrongTotal => normal,
        Act::Untagged | Act::OtherVersion => match from {
            Some(_) => (normal.0, vec![b'x'; normal.1.len()], Then::GoOn),
            None => normal,
        },
        Act::Surplus => match from {
            Some(_) => {
                let length = format!("Content-Length: {}", normal.1.len());
                let head = normal.0.replace(&length, "Transfer-Encoding: chunked");
                let body = [&*normal.1, b"surplus"].concat();
                let size = format!("{:x}\r\n", body.len());
                let body = [size.as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
                (head, body, Then::GoOn)
            }
            None => normal,
        },
        Act::Redirect => (
            head("302 Found", &format!("Location: {target}\r\n"), 0),
            Vec::new(),
            Then::GoOn,
        ),
        Act::NoSize => (
            format!("HTTP/1.1 200 OK\r\nETag: {etag}\r\n\r\n"),
            whole.clone(),
            Then::Close,
        ),
    }
}
