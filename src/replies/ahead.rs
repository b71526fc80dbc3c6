//! A reader that can look ahead, and take bytes back.

use std::io::{self, BufRead, Read};

/// A reader, and bytes that come before those that it reads next.
pub(super) struct Ahead<R> {
    front: Vec<u8>,
    /// Bytes of `front` that are read.
    used: usize,
    reader: R,
    /// Bytes until the last few of the file. These are given on their own, so that a wrong checksum there takes nothing with it.
    until_tail: u64,
}

/// The size of a checksum of zstd.
const TAIL: u64 = 4;

impl<R: BufRead> Ahead<R> {
    pub(super) fn new(reader: R) -> Self {
        Self::of_file(reader, u64::MAX)
    }

    /// Returns a reader of a file with so many bytes.
    pub(super) fn of_file(reader: R, bytes: u64) -> Self {
        Self {
            front: Vec::new(),
            used: 0,
            reader,
            until_tail: bytes.saturating_sub(TAIL),
        }
    }

    /// Returns the next bytes, which stay unread: `bytes` of them, or fewer at the end.
    pub(super) fn ahead(&mut self, bytes: usize) -> io::Result<&[u8]> {
        if self.front.len() - self.used < bytes {
            self.front.drain(..self.used);
            self.used = 0;
            let more = (bytes - self.front.len()) as u64;
            // What was read before an error stays.
            (&mut self.reader).take(more).read_to_end(&mut self.front)?;
        }
        let end = self.front.len().min(self.used + bytes);
        Ok(&self.front[self.used..end])
    }

    /// Takes back bytes that were read last.
    pub(super) fn put_back(&mut self, mut bytes: Vec<u8>) {
        self.until_tail = self.until_tail.saturating_add(bytes.len() as u64);
        bytes.extend_from_slice(&self.front[self.used..]);
        (self.front, self.used) = (bytes, 0);
    }
}

impl<R: BufRead> BufRead for Ahead<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let buffer = match self.used < self.front.len() {
            true => &self.front[self.used..],
            false => self.reader.fill_buf()?,
        };
        let most = match self.until_tail {
            0 => usize::MAX,
            bytes => usize::try_from(bytes).unwrap_or(usize::MAX),
        };
        Ok(&buffer[..buffer.len().min(most)])
    }

    fn consume(&mut self, bytes: usize) {
        self.until_tail = self.until_tail.saturating_sub(bytes as u64);
        if self.used < self.front.len() {
            self.used += bytes;
            if self.used == self.front.len() {
                (self.front, self.used) = (Vec::new(), 0);
            }
        } else {
            self.reader.consume(bytes);
        }
    }
}

impl<R: BufRead> Read for Ahead<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}
