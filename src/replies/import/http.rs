//! The HTTP response inside of a WARC record: status, and the body without its transfer and content encodings.

use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

/// A response.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Response<'b> {
    pub(super) status: u16,
    pub(super) is_json: bool,
    /// What stands after the headers.
    pub(super) payload: &'b [u8],
    /// It without its transfer encoding.
    pub(super) without_chunks: Option<Vec<u8>>,
    content_encoding: String,
}

/// Reads a response. Of its headers only those are looked at that tell how to read the body.
///
/// # Errors
/// Returns why the bytes are no HTTP response.
pub(super) fn response(mut bytes: &[u8]) -> Result<Response<'_>, String> {
    loop {
        let (head, body) = head(bytes)?;
        let mut lines = head.lines();
        let first = lines.next().unwrap_or_default();
        let status: u16 = first
            .strip_prefix("HTTP/")
            .and_then(|rest| rest.split_whitespace().nth(1)?.parse().ok())
            .ok_or("the response has no HTTP status")?;
        // "Continue" and the like come before the response.
        if (100..200).contains(&status) && body.starts_with(b"HTTP/") {
            bytes = body;
            continue;
        }
        let (mut transfer, mut content, mut kind) = (String::new(), String::new(), String::new());
        let mut ignored = String::new();
        let mut current = &mut ignored;
        for line in lines {
            let value = match line.split_once(':') {
                // A folded line.
                _ if line.starts_with([' ', '\t']) => line,
                None => continue,
                Some((name, value)) => {
                    current = match name.trim().to_lowercase().as_str() {
                        "transfer-encoding" => &mut transfer,
                        "content-encoding" => &mut content,
                        "content-type" => &mut kind,
                        _ => &mut ignored,
                    };
                    // The same header again adds to it.
                    if !current.is_empty() {
                        current.push(',');
                    }
                    value
                }
            };
            current.push_str(&value.trim().to_lowercase());
        }
        let is_chunked = transfer.contains("chunked");
        return Ok(Response {
            status,
            is_json: kind.contains("json"),
            payload: body,
            without_chunks: is_chunked.then(|| without_chunks(body)).flatten(),
            content_encoding: content,
        });
    }
}

/// Returns the headers, and what follows them.
fn head(bytes: &[u8]) -> Result<(std::borrow::Cow<'_, str>, &[u8]), String> {
    let end = memchr::memmem::find(bytes, b"\r\n\r\n").map(|at| (at, at + 4));
    let end = end.or_else(|| memchr::memmem::find(bytes, b"\n\n").map(|at| (at, at + 2)));
    let (head, body) = end.ok_or("the response has no end of its headers")?;
    Ok((String::from_utf8_lossy(&bytes[..head]), &bytes[body..]))
}

impl Response<'_> {
    /// Returns the body without its encodings, or the beginning of one that has more than `most` bytes.
    ///
    /// # Errors
    /// Returns why it cannot be decompressed.
    pub(super) fn body(&self, most: usize) -> Result<Vec<u8>, String> {
        let body = self.without_chunks.as_deref().unwrap_or(self.payload);
        decoded(body.to_vec(), &self.content_encoding, most)
    }
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
            // Some servers leave out the frame of zlib.
            "deflate" => read(ZlibDecoder::new(&body[..]), most)
                .or_else(|why| read(DeflateDecoder::new(&body[..]), most).map_err(|_| why))?,
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
