//! The HTTP response inside of a WARC record: status, and the body without its transfer and content encodings.

use std::io::Read;

use flate2::read::{MultiGzDecoder, ZlibDecoder};

/// A response.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) is_json: bool,
    pub(super) body: Result<Vec<u8>, String>,
}

/// Reads a response. Of its headers only those are looked at that tell how to read the body.
///
/// # Errors
/// Returns why the bytes are no HTTP response.
pub(super) fn response(bytes: &[u8], most: usize) -> Result<Response, String> {
    let end = memchr::memmem::find(bytes, b"\r\n\r\n").map(|at| (at, at + 4));
    let end = end.or_else(|| memchr::memmem::find(bytes, b"\n\n").map(|at| (at, at + 2)));
    let (head, body) = end.ok_or("the response has no end of its headers")?;
    let head = String::from_utf8_lossy(&bytes[..head]);
    let mut lines = head.lines();
    let first = lines.next().unwrap_or_default();
    let status = first
        .strip_prefix("HTTP/")
        .and_then(|rest| rest.split_whitespace().nth(1)?.parse().ok())
        .ok_or("the response has no HTTP status")?;
    let (mut transfer, mut content, mut kind) = (String::new(), String::new(), String::new());
    for line in lines {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.trim().to_lowercase();
        match name.trim().to_lowercase().as_str() {
            "transfer-encoding" => transfer = value,
            "content-encoding" => content = value,
            "content-type" => kind = value,
            _ => {}
        }
    }
    let mut body = bytes[body..].to_vec();
    if transfer.contains("chunked")
        && let Some(whole) = without_chunks(&body)
    {
        body = whole;
    }
    Ok(Response {
        status,
        is_json: kind.contains("json"),
        body: decoded(body, &content, most),
    })
}

/// Returns a chunked body in one piece; `None` if it is not chunked: some tools store it whole and keep the header.
fn without_chunks(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let end = memchr::memmem::find(bytes, b"\r\n")?;
        let size = std::str::from_utf8(&bytes[..end]).ok()?;
        let size = size.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        bytes = &bytes[end + 2..];
        if size == 0 {
            return Some(whole);
        }
        whole.extend_from_slice(bytes.get(..size)?);
        bytes = bytes.get(size + 2..)?;
    }
}

fn decoded(body: Vec<u8>, encodings: &str, most: usize) -> Result<Vec<u8>, String> {
    let mut body = body;
    for encoding in encodings.rsplit(',').map(str::trim) {
        body = match encoding {
            "" | "identity" => body,
            // Some tools store the decoded body and keep the header.
            _ if body.trim_ascii_start().starts_with(b"{")
                || body.trim_ascii_start().starts_with(b"[") =>
            {
                body
            }
            "gzip" | "x-gzip" => read(MultiGzDecoder::new(&body[..]), most)?,
            "deflate" => read(ZlibDecoder::new(&body[..]), most)?,
            "zstd" => match zstd::stream::read::Decoder::new(&body[..]) {
                Ok(decoder) => read(decoder, most)?,
                Err(error) => return Err(format!("the body cannot be decompressed: {error}")),
            },
            other => {
                return Err(format!(
                    "the body is compressed with `{other}`, which cannot be read: store the capture uncompressed or with gzip"
                ));
            }
        };
    }
    Ok(body)
}

fn read(decoder: impl Read, most: usize) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    let read = decoder.take(most as u64 + 1).read_to_end(&mut body);
    match read {
        Ok(_) => Ok(body),
        Err(error) => Err(format!("the body is cut or damaged: {error}")),
    }
}
