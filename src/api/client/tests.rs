//! Tests of the client against a server that sends scripted bytes.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::{Client, Settings};
use crate::api::{Body, Method, Reply, Request, Secret};

const KEY: &str = "sk-secret0123456789abcdef";

/// Action of the server on a connection after it has read a request.
#[derive(Clone)]
enum Act {
    /// Sends these bytes and closes the connection.
    Say(Vec<u8>),
    /// Sends these bytes, then keeps the connection open without sending more.
    Stall(Vec<u8>),
    /// Sends the first bytes, then repeats the second ones until the client closes.
    Endless(Vec<u8>, Vec<u8>),
    /// Resets the connection without sending a byte.
    Reset,
}

/// Starts a server on loopback. The channel receives the requests that it reads.
async fn server(act: Act) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (tell, told) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, act.clone(), tell.clone()));
        }
    });
    (base, told)
}

async fn serve(mut stream: TcpStream, act: Act, tell: mpsc::UnboundedSender<String>) {
    let request = read_request(&mut stream).await;
    let _ = tell.send(request);
    match act {
        Act::Say(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Act::Stall(bytes) => {
            let _ = stream.write_all(&bytes).await;
            // Returns when the client times out and closes.
            let _ = stream.read(&mut [0; 1]).await;
        }
        Act::Endless(head, again) => {
            let mut sent = stream.write_all(&head).await;
            while sent.is_ok() {
                sent = stream.write_all(&again).await;
            }
        }
        Act::Reset => {
            // With zero linger, close sends a reset instead of an end of stream.
            stream.set_zero_linger().unwrap();
        }
    }
}

/// Reads the head of a request and the body of the stated length.
async fn read_request(stream: &mut TcpStream) -> String {
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                line.to_ascii_lowercase()
                    .strip_prefix("content-length: ")?
                    .parse()
                    .ok()
            });
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return text,
            Ok(read) => bytes.extend_from_slice(&piece[..read]),
        }
    }
}

fn settings(base: &str) -> Settings {
    Settings {
        proxy: None,
        is_proxied: false,
        base_url: base.to_owned(),
        user_agent: "Mozilla/5.0 soracrawl".to_owned(),
        timeout: Duration::from_secs(20),
        connect_timeout: Duration::from_secs(20),
        max_body_bytes: 1000,
    }
}

fn client(settings: &Settings) -> Client {
    Client::new(settings, &Secret::new(KEY).unwrap()).unwrap()
}

async fn get(settings: &Settings) -> Reply {
    client(settings)
        .call(&Request::get("/api/x", Vec::new()))
        .await
}

fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 {head}\r\n\r\n").as_bytes(), body].concat()
}

#[tokio::test]
async fn a_request_has_only_the_expected_headers_and_encoded_parameters() {
    let (base, mut told) = server(Act::Say(answer(
        "200 OK\r\ncontent-length: 2\r\nx-request-id: r-1",
        b"{}",
    )))
    .await;
    let query = vec![
        ("user_id", "user-1".to_owned()),
        ("cursor", "eyJ+/a b=&".to_owned()),
    ];
    let reply = client(&settings(&format!("{base}/sub/")))
        .call(&Request::get("/api/x", query))
        .await;
    let Reply::Answered(answered) = reply else {
        panic!("{reply:?}")
    };
    assert_eq!((answered.status, answered.body), (200, Ok(b"{}".to_vec())));
    assert_eq!(answered.facts.request_id.as_deref(), Some("r-1"));
    let request = told.recv().await.unwrap();
    let mut lines: Vec<&str> = request.trim_end().lines().collect();
    lines.sort_unstable();
    let host = base.trim_start_matches("http://");
    assert_eq!(
        lines,
        [
            "GET /sub/api/x?user_id=user-1&cursor=eyJ%2B%2Fa+b%3D%26 HTTP/1.1",
            "accept-encoding: gzip",
            "accept: application/json",
            &format!("authorization: Bearer {KEY}"),
            &format!("host: {host}"),
            "user-agent: Mozilla/5.0 soracrawl",
        ]
    );
}

#[tokio::test]
async fn json_and_multipart_bodies_have_their_content_types() {
    let (base, mut told) = server(Act::Say(answer("200 OK\r\ncontent-length: 0", b""))).await;
    let client = client(&settings(&base));
    let mut request = Request::get("/p", Vec::new());
    request.method = Method::Post;
    request.body = Body::Json(serde_json::json!({"prompt": "é"}));
    assert!(matches!(client.call(&request).await, Reply::Answered(_)));
    let sent = told.recv().await.unwrap();
    assert!(
        sent.starts_with("POST /p HTTP/1.1\r\n") && sent.ends_with("\r\n\r\n{\"prompt\":\"é\"}"),
        "{sent}"
    );
    assert!(
        sent.contains("content-type: application/json\r\n"),
        "{sent}"
    );
    request.body = Body::Multipart {
        field: "file".to_owned(),
        file_name: "a.png".to_owned(),
        mime: "image/png".to_owned(),
        bytes: b"PNG".to_vec(),
    };
    assert!(matches!(client.call(&request).await, Reply::Answered(_)));
    let sent = told.recv().await.unwrap();
    for part in [
        "multipart/form-data; boundary=",
        "name=\"file\"; filename=\"a.png\"",
        "image/png\r\n\r\nPNG\r\n",
    ] {
        assert!(sent.contains(part), "{sent}");
    }
    request.body = Body::Multipart {
        field: "f".into(),
        file_name: "f".into(),
        mime: "no mime".into(),
        bytes: Vec::new(),
    };
    assert!(matches!(
        client.call(&request).await,
        Reply::NeverSent { .. }
    ));
}

#[tokio::test]
async fn a_truncated_body_keeps_its_status_and_partial_bytes() {
    for head in [
        "200 OK\r\ncontent-length: 50",
        "200 OK\r\ntransfer-encoding: chunked",
    ] {
        let body: &[u8] = if head.contains("chunked") {
            b"5\r\n{\"da"
        } else {
            b"{\"dat"
        };
        let (base, _told) = server(Act::Say(answer(head, body))).await;
        let reply = get(&settings(&base)).await;
        let Reply::Answered(answered) = reply else {
            panic!("{reply:?}")
        };
        let cut = answered.body.clone().unwrap_err();
        assert!(
            (answered.status, cut.too_large) == (200, false) && answered.is_billed(),
            "{cut:?}"
        );
        assert!(
            cut.partial.starts_with(b"{\"da") && answered.bytes() == cut.partial,
            "{cut:?}"
        );
        assert!(cut.why.starts_with("truncated at byte "), "{}", cut.why);
    }
}

#[tokio::test]
async fn reading_stops_at_the_body_limit() {
    let endless = Act::Endless(answer("200 OK\r\nconnection: close", b""), vec![b'x'; 100]);
    let (base, _told) = server(endless).await;
    let Reply::Answered(answered) = get(&settings(&base)).await else {
        panic!("no answer")
    };
    let cut = answered.body.unwrap_err();
    assert_eq!((cut.too_large, cut.partial.len()), (true, 1000));
    let (base, _told) = server(Act::Say(answer(
        "200 OK\r\ncontent-length: 1000",
        &[b'x'; 1000],
    )))
    .await;
    let Reply::Answered(answered) = get(&settings(&base)).await else {
        panic!("no answer")
    };
    assert_eq!(answered.body.map(|bytes| bytes.len()), Ok(1000));
}

/// Builds a gzip member that decompresses to over a hundred times its size, because no compressor is a dependency.
/// It is one block of fixed Huffman codes: a literal, then matches of 258 bytes at distance 1.
fn gzip_bomb(matches: usize) -> Vec<u8> {
    let (mut bits, mut at) = (vec![0_u8; matches * 2 + 16], 0);
    let mut push = |value: u32, count: u32| {
        for bit in 0..count {
            bits[at / 8] |= u8::try_from((value >> bit) & 1).unwrap() << (at % 8);
            at += 1;
        }
    };
    push(0b1, 1);
    push(0b01, 2);
    push(0b0001_1110, 8); // Literal 0x48: code 0x78, most significant bit first.
    for _ in 0..matches {
        push(0b1010_0011, 8); // Length 258: code 285, which is 0b11000101.
        push(0, 5); // Distance 1.
    }
    push(0, 7);
    [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255][..], &bits].concat()
}

#[tokio::test]
async fn a_gzip_bomb_stops_at_the_limit_after_decompression() {
    let bomb = gzip_bomb(100_000);
    let head = format!(
        "200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}",
        bomb.len()
    );
    let (base, _told) = server(Act::Say(answer(&head, &bomb))).await;
    let Reply::Answered(answered) = get(&settings(&base)).await else {
        panic!("no answer")
    };
    let cut = answered.body.unwrap_err();
    assert!(cut.too_large, "{cut:?}");
    assert_eq!(cut.partial, [b'H'; 1000]);
}

#[tokio::test]
async fn a_timeout_is_unknown_before_the_head_and_a_cut_body_after_it() {
    let mut quick = settings("");
    quick.timeout = Duration::from_millis(100);
    (quick.base_url, _) = server(Act::Stall(Vec::new())).await;
    let reply = get(&quick).await;
    assert!(
        matches!(&reply, Reply::Unknown { why } if why.contains("timed out")),
        "{reply:?}"
    );
    let stall = Act::Stall(answer("200 OK\r\ncontent-length: 50", b"{"));
    (quick.base_url, _) = server(stall).await;
    let Reply::Answered(answered) = get(&quick).await else {
        panic!("no answer")
    };
    let cut = answered.body.unwrap_err();
    assert!(
        cut.partial == b"{" && cut.why.contains("timed out"),
        "{cut:?}"
    );
}

#[tokio::test]
async fn the_total_timeout_ends_a_slow_body() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut slow = settings(&format!("http://{}", listener.local_addr().unwrap()));
    slow.timeout = Duration::from_millis(200);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await;
        let mut sent = stream
            .write_all(&answer("200 OK\r\ncontent-length: 900", b""))
            .await;
        let mut tick = tokio::time::interval(Duration::from_millis(5));
        while sent.is_ok() {
            tick.tick().await;
            sent = stream.write_all(b"x").await;
        }
    });
    let Reply::Answered(answered) = get(&slow).await else {
        panic!("no answer")
    };
    let cut = answered.body.unwrap_err();
    assert!(
        !cut.partial.is_empty() && cut.why.contains("timed out"),
        "{cut:?}"
    );
}

#[tokio::test]
async fn a_connection_lost_before_the_answer_is_unknown_and_not_retried() {
    for act in [
        Act::Reset,
        Act::Say(Vec::new()),
        Act::Say(b"HTTP/1.1 20".to_vec()),
        Act::Say(b"nonsense\r\n\r\n".to_vec()),
    ] {
        let (base, mut told) = server(act).await;
        let reply = get(&settings(&base)).await;
        assert!(matches!(reply, Reply::Unknown { .. }), "{reply:?}");
        assert!(told.recv().await.is_some());
        assert!(
            told.try_recv().is_err(),
            "the client sent the request again"
        );
    }
}

#[tokio::test]
async fn a_request_on_a_refused_connection_was_never_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let reply = get(&settings(&base)).await;
    assert!(
        matches!(&reply, Reply::NeverSent { why } if !why.contains(KEY)),
        "{reply:?}"
    );
}

#[tokio::test]
async fn a_request_without_a_finished_handshake_was_never_sent() {
    for says in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b""] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut tls = settings(&format!("https://{}", listener.local_addr().unwrap()));
        tls.timeout = Duration::from_millis(500);
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.write_all(says).await;
            while stream.read(&mut [0; 1024]).await.is_ok_and(|read| read > 0) {}
        });
        let reply = get(&tls).await;
        assert!(matches!(reply, Reply::NeverSent { .. }), "{reply:?}");
        server.abort();
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_the_key_stays_with_the_host() {
    let (other, mut told_other) =
        server(Act::Say(answer("200 OK\r\ncontent-length: 2", b"{}"))).await;
    for status in ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"] {
        let head = format!("{status}\r\nlocation: {other}/stolen\r\ncontent-length: 0");
        let (base, _told) = server(Act::Say(answer(&head, b""))).await;
        let Reply::Answered(answered) = get(&settings(&base)).await else {
            panic!("no answer")
        };
        assert!((300..400).contains(&answered.status));
        assert_eq!(answered.facts.location, Some(format!("{other}/stolen")));
    }
    assert!(
        told_other.try_recv().is_err(),
        "the client followed the redirect"
    );
}

#[tokio::test]
async fn a_reply_is_scrubbed_of_the_key_and_keeps_its_original_size() {
    let body = format!(r#"{{"detail":"no credit on {KEY}"}}"#);
    let head = format!(
        "200 OK\r\nx-request-id: {KEY}-1\r\ncontent-length: {}",
        body.len()
    );
    let (base, _told) = server(Act::Say(answer(&head, body.as_bytes()))).await;
    let Reply::Answered(answered) = get(&settings(&base)).await else {
        panic!("no answer")
    };
    assert_eq!(answered.bytes(), br#"{"detail":"no credit on [key]"}"#);
    assert_eq!(answered.body_bytes, body.len());
    assert_eq!(answered.facts.request_id.as_deref(), Some("[key]-1"));
}

#[tokio::test]
async fn an_error_answer_keeps_status_headers_and_body() {
    let head = "429 Too Many\r\nretry-after: 7\r\nx-ratelimit-reset: 1700000000\r\ncontent-type: text/html\r\ncontent-length: 1";
    let (base, _told) = server(Act::Say(answer(head, b"x"))).await;
    let Reply::Answered(answered) = get(&settings(&base)).await else {
        panic!("no answer")
    };
    assert_eq!(
        (answered.status, answered.bytes(), answered.is_billed()),
        (429, &b"x"[..], false)
    );
    let facts = answered.facts;
    assert_eq!(facts.retry_after.as_deref(), Some("7"));
    assert_eq!(facts.rate_limit_reset.as_deref(), Some("1700000000"));
    assert_eq!(facts.content_type.as_deref(), Some("text/html"));
}

#[test]
fn debug_output_of_the_client_hides_its_key() {
    let shown = format!("{:?}", client(&settings("https://api.example.org")));
    assert!(
        shown.contains("api.example.org") && !shown.contains("secret"),
        "{shown}"
    );
    assert!(Client::new(&settings("no url"), &Secret::new(KEY).unwrap()).is_err());
    assert!(Client::new(&settings("data:x"), &Secret::new(KEY).unwrap()).is_err());
}
