//! Answers a request for a file as the vendor's storage does, or with a fault.

use std::ops::Range;

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, Method};

use super::file::{Blob, find};
use super::range::{Asked, asked};
use crate::sim::faults::{Hold, MediaFault, Wire};
use crate::sim::links::check;
use crate::sim::media::PLACEHOLDER;
use crate::sim::reply::Reply;
use crate::sim::state::Shared;

/// The parameter of a URL to which a redirect led.
const REDIRECTED: &str = "redirected=1";

/// Answers a request for a file, and records it. Faults that no HTTP server commits take the connection.
pub(in crate::sim) fn answer(shared: &Shared, hold: &Hold, request: &Request) -> Reply {
    let (method, uri) = (request.method(), request.uri());
    if *method != Method::GET && *method != Method::HEAD {
        return error(
            405,
            "UnsupportedHttpVerb",
            "The resource doesn't support the method.",
        );
    }
    let (path, query) = (uri.path(), uri.query().unwrap_or(""));
    let has_range = request.headers().contains_key("range");
    let mut served = shared.served();
    let fault = served.fault(path, has_range);
    let fault =
        fault.filter(|it| *it != MediaFault::RedirectAllowed || !query.contains(REDIRECTED));
    let now = i64::try_from(shared.clock.unix().as_secs()).unwrap_or(0);
    let reply = match refusal(path, query, now, fault) {
        Some(refusal) => refusal,
        None => match find(&shared.now(), path) {
            Some(blob) => file(&blob, request.headers(), fault),
            None => error(404, "BlobNotFound", "The specified blob does not exist."),
        },
    };
    let is_file = matches!(reply.status, 200 | 206) && fault != Some(MediaFault::Html200);
    let is_sent = is_file && *method == Method::GET;
    let (reply, wire) = spoil(reply, fault.filter(|_| is_sent));
    let bytes = match &wire {
        Some(Wire::Raw { body, .. }) => body.len(),
        _ => reply.body.len(),
    };
    let bytes = is_sent.then(|| u64::try_from(bytes).unwrap_or(0));
    served.record(path, reply.status, bytes);
    drop(served);
    if let Some(wire) = wire {
        hold.arm(wire);
    }
    reply
}

/// Returns the answer to a request that gets no file.
fn refusal(path: &str, query: &str, now: i64, fault: Option<MediaFault>) -> Option<Reply> {
    let to = |place: &str| Reply::html(302, "302 Found").with("location", place);
    match fault {
        Some(MediaFault::Html200) => return Some(Reply::html(200, "Please wait")),
        Some(MediaFault::RedirectPrivate) => return Some(to("http://10.0.0.1/file.mp4")),
        Some(MediaFault::RedirectMetadata) => {
            return Some(to("http://169.254.169.254/latest/meta-data/"));
        }
        Some(MediaFault::RedirectAllowed) => {
            return Some(to(&format!("{path}?{query}&{REDIRECTED}")));
        }
        Some(MediaFault::Unavailable) => {
            let busy = error(
                503,
                "ServerBusy",
                "The server is currently unable to receive requests.",
            );
            return Some(busy.with("retry-after", 1));
        }
        _ => {}
    }
    let checked = match fault {
        Some(MediaFault::Expired) => check(path, query, i64::from(u32::MAX)),
        _ if path == PLACEHOLDER => Ok(()),
        _ => check(path, query, now),
    };
    let why = checked.err()?;
    Some(error(403, "AuthenticationFailed", &why))
}

/// Returns the file or the part that is asked for.
fn file(blob: &Blob, headers: &HeaderMap, fault: Option<MediaFault>) -> Reply {
    let header = |name: &str| headers.get(name).and_then(|it| it.to_str().ok());
    let version = u32::from(fault == Some(MediaFault::NewVersion));
    let content = u32::from(matches!(
        fault,
        Some(MediaFault::NewVersion | MediaFault::ChangedContent)
    ));
    let (etag, modified) = (blob.etag(version), blob.last_modified(version));
    let is_same = header("if-range").is_none_or(|it| it == etag || it == modified);
    let is_heard = is_same && fault != Some(MediaFault::RangeIgnored);
    let asked = match asked(header("range").filter(|_| is_heard), blob.bytes) {
        Asked::Part(_) if fault == Some(MediaFault::RangeRefused) => Asked::Nothing,
        Asked::Part(it) if fault == Some(MediaFault::WrongStart) => {
            Asked::Part(it.start / 2..it.end)
        }
        asked => asked,
    };
    let part = |range: Range<u64>| Bytes::from(blob.part(range, content));
    let reply = match asked {
        Asked::Whole => Reply {
            content_type: blob.content_type,
            ..Reply::ok(part(0..blob.bytes))
        },
        Asked::Part(it) => Reply {
            status: 206,
            content_type: blob.content_type,
            ..Reply::ok(part(it.clone()))
        }
        .with(
            "content-range",
            format!("bytes {}-{}/{}", it.start, it.end - 1, blob.bytes),
        ),
        Asked::Nothing => {
            let text = "The range specified is invalid for the current size of the resource.";
            return error(416, "InvalidRange", text)
                .with("content-range", format!("bytes */{}", blob.bytes));
        }
    };
    reply
        .with("etag", etag)
        .with("last-modified", modified)
        .with("accept-ranges", "bytes")
}

/// Applies a fault of the transport to an answer with a file.
fn spoil(reply: Reply, fault: Option<MediaFault>) -> (Reply, Option<Wire>) {
    let (whole, half) = (reply.body.len(), reply.body.len() / 2);
    let (length, sent, is_slow) = match fault {
        Some(MediaFault::CutBody) => (whole, half, false),
        Some(MediaFault::LyingLength) => (half, half, false),
        Some(MediaFault::SlowDrip) => (whole, whole, true),
        _ => return (reply, None),
    };
    let mut head = format!(
        "HTTP/1.1 {} OK\r\ncontent-type: {}\r\ncontent-length: {length}\r\nconnection: close\r\n",
        reply.status, reply.content_type
    );
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let body = reply.body.slice(..sent);
    let wire = Wire::Raw {
        head,
        body,
        is_slow,
    };
    (reply, Some(wire))
}

/// Returns an error in the storage's form.
fn error(status: u16, code: &str, message: &str) -> Reply {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    Reply {
        status,
        content_type: "application/xml",
        headers: vec![("x-ms-error-code", code.to_owned())],
        body: Bytes::from(body),
    }
}
