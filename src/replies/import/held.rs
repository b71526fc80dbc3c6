//! What is read ahead of a file of documents.

use std::io::{self, BufRead, ErrorKind, Read};

use super::extent::{MARK, is_between};
use super::unpack::may_go_on;

/// What is read ahead of a file.
pub(super) struct Held<R> {
    reader: R,
    bytes: Vec<u8>,
    /// How many of them are used.
    used: usize,
    /// The line of the next byte.
    pub(super) line: u64,
    /// It is the first of its line.
    pub(super) is_at_start: bool,
    /// Bytes that were read.
    pub(super) read: u64,
    /// The reading may go on after it.
    pub(super) damage: Option<io::Error>,
}

/// Memory that is kept after a long document.
const KEPT: usize = 1 << 20;
/// The most bytes that are read at once.
const PIECE: usize = 256 << 10;

impl<R: BufRead> Held<R> {
    /// Begins at the start of a file.
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            bytes: Vec::new(),
            used: 0,
            line: 1,
            is_at_start: true,
            read: 0,
            damage: None,
        }
    }

    /// Returns what is known and not used.
    pub(super) fn ahead(&self) -> &[u8] {
        &self.bytes[self.used..]
    }

    /// Returns the line of the last byte that was used.
    pub(super) fn last_line(&self) -> u64 {
        self.line - u64::from(self.is_at_start && self.line > 1)
    }

    /// Uses the next bytes.
    pub(super) fn advance(&mut self, bytes: usize) {
        let passed = &self.bytes[self.used..self.used + bytes];
        if let Some(last) = passed.last() {
            self.is_at_start = *last == b'\n';
        }
        self.line += memchr::memchr_iter(b'\n', passed).count() as u64;
        self.used += bytes;
        if self.used == self.bytes.len() {
            self.bytes.clear();
            self.used = 0;
            self.bytes.shrink_to(KEPT);
        }
    }

    /// Reads more. Returns false at the end of the file, and before damage until that is taken.
    pub(super) fn fill(&mut self) -> io::Result<bool> {
        if self.damage.is_some() {
            return Ok(false);
        }
        self.bytes.drain(..self.used);
        self.used = 0;
        let more = loop {
            match self.reader.fill_buf() {
                Ok(more) => break more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if may_go_on(&error) => {
                    self.damage = Some(error);
                    return Ok(false);
                }
                Err(error) => return Err(error),
            }
        };
        let read = more.len().min(PIECE);
        self.bytes.extend_from_slice(&more[..read]);
        self.reader.consume(read);
        self.read += read as u64;
        Ok(read > 0)
    }

    /// Goes to the next document. Returns false if there is none before the end of the file or damage.
    pub(super) fn pass_between(&mut self) -> io::Result<bool> {
        loop {
            let bytes = self.ahead();
            let blank = bytes.iter().take_while(|byte| is_between(**byte)).count();
            let rest = &bytes[blank..];
            let mark = rest
                .iter()
                .zip(MARK)
                .take_while(|(one, other)| one == other);
            let mark = mark.count();
            let is_known = mark == MARK.len() || mark < rest.len();
            if mark == MARK.len() {
                self.advance(blank + mark);
            } else if is_known {
                self.advance(blank);
                return Ok(true);
            } else {
                self.advance(blank);
                if !self.fill()? {
                    return Ok(!self.ahead().is_empty());
                }
            }
        }
    }

    /// Goes to the end of the line.
    pub(super) fn pass_line(&mut self) -> io::Result<()> {
        loop {
            if let Some(end) = memchr::memchr(b'\n', self.ahead()) {
                self.advance(end + 1);
                return Ok(());
            }
            self.advance(self.ahead().len());
            if !self.fill()? {
                return Ok(());
            }
        }
    }
}

impl<R: BufRead> BufRead for Held<R> {
    /// Ends before damage.
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.ahead().is_empty() {
            self.fill()?;
        }
        Ok(self.ahead())
    }

    fn consume(&mut self, bytes: usize) {
        self.advance(bytes);
    }
}

impl<R: BufRead> Read for Held<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}
