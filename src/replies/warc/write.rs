//! Writes one record, as one member of gzip.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use crate::model::hex::hex;

/// A record that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its id, a URN.
    pub id: String,
    pub bytes: u64,
}

/// Writes a record with these headers. `WARC-Record-ID`, `WARC-Block-Digest` and `Content-Length` are added. The id is made
/// from the headers and the content, so the same record always has the same id.
///
/// # Errors
/// Returns an error if the file cannot be written.
pub fn record(
    into: &mut impl Write,
    headers: &[(&str, String)],
    content: &[u8],
) -> io::Result<Written> {
    let digest = Sha256::digest(content);
    let id = id(headers, &digest);
    let mut text = String::from("WARC/1.1\r\n");
    let of_record = [
        ("WARC-Record-ID", format!("<{id}>")),
        ("WARC-Block-Digest", format!("sha256:{}", hex(&digest))),
        ("Content-Length", content.len().to_string()),
    ];
    for (name, value) in headers.iter().chain(&of_record) {
        // No value may begin another line.
        let value = value.replace(['\r', '\n'], " ");
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    let mut counting = Counting { into, bytes: 0 };
    let mut member = GzEncoder::new(&mut counting, Compression::default());
    member.write_all(text.as_bytes())?;
    member.write_all(content)?;
    member.write_all(b"\r\n\r\n")?;
    member.finish()?;
    Ok(Written {
        id,
        bytes: counting.bytes,
    })
}

/// Returns a UUID of version 8 (RFC 9562): 122 bits of a hash.
fn id(headers: &[(&str, String)], digest: &[u8]) -> String {
    let mut hash = Sha256::new();
    for (name, value) in headers {
        hash.update(format!("{name}: {value}\n"));
    }
    hash.update(digest);
    let mut bytes: Vec<u8> = hash.finalize()[..16].to_vec();
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let digits = hex(&bytes);
    format!(
        "urn:uuid:{}-{}-{}-{}-{}",
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..]
    )
}

struct Counting<'w, W> {
    into: &'w mut W,
    bytes: u64,
}

impl<W: Write> Write for Counting<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.into.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.into.flush()
    }
}
