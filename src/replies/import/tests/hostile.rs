//! What costs much time or memory for few bytes.

use std::cell::Cell;
use std::io::{self, BufRead, Read};

use super::{POST, entries};
use crate::replies::warc::{Next, Records};

/// A reader that counts how often it is asked.
struct Counting<'a> {
    bytes: &'a [u8],
    asked: &'a Cell<usize>,
}

impl Read for Counting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Counting<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.asked.set(self.asked.get() + 1);
        Ok(&self.bytes[..self.bytes.len().min(64 << 10)])
    }

    fn consume(&mut self, bytes: usize) {
        self.bytes = &self.bytes[bytes..];
    }
}

#[test]
fn a_long_line_of_a_warc_file_is_passed_over_in_large_parts() {
    let header = format!("WARC/1.0\r\nX: {}", "x".repeat(4 << 20));
    let asked = Cell::new(0);
    let reader = Counting {
        bytes: header.as_bytes(),
        asked: &asked,
    };
    let mut records = Records::new(reader, 1_000, |_| true);
    assert!(matches!(
        records.read_next().unwrap(),
        Next::Broken { at: 0, .. }
    ));
    assert_eq!(records.read_next().unwrap(), Next::End);
    assert!(asked.get() < 1_000, "{}", asked.get());
}

#[test]
fn a_record_begins_at_the_start_of_a_line_only() {
    let record = |text: &str| {
        let bytes = text.len();
        format!(
            "WARC/1.0\r\nWARC-Type: resource\r\nWARC-Target-URI: http://h/api/v1/sora2/get_feed\r\nContent-Length: {bytes}\r\n\r\n{text}\r\n\r\n"
        )
    };
    for shift in 1..12 {
        // The beginning of a header that is too long, and what looks like a record in it.
        let long = "x".repeat((70 << 10) + shift);
        let junk = format!("WARC/1.0\r\nX: {long}{}", record("{\"items\":[1]}"));
        let file = format!("{}{junk}{}", record("{}"), record("{\"items\":[]}"));
        let (_, found) = entries("x.warc", file.as_bytes());
        let bad = found.iter().filter(|it| it.contains("bad: ")).count();
        assert_eq!((found.len(), bad), (3, 1), "{shift}: {found:#?}");
    }
}

#[test]
fn a_body_of_many_tiny_values_is_named() {
    let list = |values: usize| format!("[{}1]", "1,".repeat(values - 1));
    let line = |values| format!("{{\"endpoint\":\"get_feed\",\"body\":{}}}", list(values));
    for (text, is_bad) in [
        (line(200), false),
        (line(300), true),
        (list(300), true),
        (format!("[{POST}]"), false),
    ] {
        for name in ["x.jsonl", "x.json"] {
            let (_, found) = entries(name, text.as_bytes());
            let has = found[0].contains("bad: the body has more than 250 values");
            assert_eq!((found.len(), has), (1, is_bad), "{found:?}");
        }
    }
}
