//! Goes through a JSON text from outside inwards, and keeps only what is asked for. What is inside of a value is judged by
//! who parses it: one bad value does not end the text.

use std::io::{self, BufRead};

use super::extent::MARK;

/// Why a text cannot be gone through further.
#[derive(Debug)]
pub(super) enum Stop {
    Io(io::Error),
    Malformed(String),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

pub(super) type Scanned<T> = Result<T, Stop>;

/// The longest key that is kept.
const KEY: usize = 1 << 10;

/// A value as it stands in the text, and whether it was cut because it is longer than wanted.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) bytes: Vec<u8>,
    pub(super) is_cut: bool,
}

/// A place in a JSON text.
pub(super) struct Scanner<R> {
    reader: R,
    /// Open objects and lists.
    depth: u64,
}

impl<R: BufRead> Scanner<R> {
    /// Begins at the start of a text. A byte order mark is passed over.
    pub(super) fn new(reader: R) -> io::Result<Self> {
        let mut this = Self { reader, depth: 0 };
        this.pass_mark()?;
        Ok(this)
    }

    fn pass_mark(&mut self) -> io::Result<()> {
        for mark in MARK {
            if self.reader.fill_buf()?.first() != Some(mark) {
                break;
            }
            self.reader.consume(1);
        }
        Ok(())
    }

    /// Returns the first byte of the next document, and stays before it; `None` at the end.
    pub(super) fn peek_document(&mut self) -> io::Result<Option<u8>> {
        loop {
            match self.peek()? {
                Some(b',' | 0x1e) => self.reader.consume(1),
                Some(first) if first == MARK[0] => self.pass_mark()?,
                other => return Ok(other),
            }
        }
    }

    pub(super) fn depth(&self) -> u64 {
        self.depth
    }

    /// Returns the next byte that is no white space, and stays before it; `None` at the end.
    pub(super) fn peek(&mut self) -> io::Result<Option<u8>> {
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                return Ok(None);
            }
            let blank = buffer.iter().take_while(|it| it.is_ascii_whitespace());
            let blank = blank.count();
            if let Some(byte) = buffer.get(blank).copied() {
                self.reader.consume(blank);
                return Ok(Some(byte));
            }
            self.reader.consume(blank);
        }
    }

    /// Passes over a byte, if it is the next one.
    pub(super) fn take(&mut self, byte: u8) -> Scanned<bool> {
        let is_next = self.peek()?.ok_or_else(cut)? == byte;
        if is_next {
            self.reader.consume(1);
            match byte {
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
        Ok(is_next)
    }

    /// Reads an object. `each` gets its keys, and reads their values.
    pub(super) fn object(
        &mut self,
        each: &mut dyn FnMut(&mut Self, &str) -> Scanned<()>,
    ) -> Scanned<()> {
        if !self.take(b'{')? {
            return Err(Stop::Malformed("an object is expected".to_owned()));
        }
        while !self.take(b'}')? {
            let key = self.value(KEY)?;
            if !self.take(b':')? {
                return Err(Stop::Malformed("a key has no value".to_owned()));
            }
            // A key that is no text is none that is looked for.
            let key: String = serde_json::from_slice(&key.bytes).unwrap_or_default();
            each(self, &key)?;
            if !self.take(b',')? && self.peek()? != Some(b'}') {
                return Err(Stop::Malformed("a comma is missing".to_owned()));
            }
        }
        Ok(())
    }

    /// Reads a list. `each` reads the next value, and says whether to go on.
    pub(super) fn list(
        &mut self,
        each: &mut dyn FnMut(&mut Self) -> Scanned<bool>,
    ) -> Scanned<bool> {
        if !self.take(b'[')? {
            return Err(Stop::Malformed("a list is expected".to_owned()));
        }
        while !self.take(b']')? {
            if self.take(b',')? {
                continue;
            }
            if matches!(self.peek()?, Some(b'}' | b':')) {
                return Err(Stop::Malformed("a list has no end".to_owned()));
            }
            if !each(self)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Reads a value, and keeps at most `most` bytes of it.
    pub(super) fn value(&mut self, most: usize) -> Scanned<Kept> {
        let mut kept = Kept::default();
        match self.peek()?.ok_or_else(cut)? {
            b'{' | b'[' => {
                let depth = self.depth;
                self.pass_to_depth(depth, most, &mut kept)?;
            }
            b'"' => self.text(most, &mut kept)?,
            b'}' | b']' | b',' | b':' => {
                return Err(Stop::Malformed("a value is missing".to_owned()));
            }
            _ => self.bare(most, &mut kept)?,
        }
        Ok(kept)
    }

    /// Goes on to the end of the values that are open below a depth.
    pub(super) fn leave(&mut self, depth: u64) -> Scanned<()> {
        if self.depth > depth {
            self.pass_to_depth(depth, 0, &mut Kept::default())?;
        }
        Ok(())
    }

    fn pass_to_depth(&mut self, depth: u64, most: usize, kept: &mut Kept) -> Scanned<()> {
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                return Err(cut());
            }
            let special = |byte: &u8| matches!(byte, b'"' | b'{' | b'[' | b'}' | b']');
            let at = buffer.iter().position(special).unwrap_or(buffer.len());
            let byte = buffer.get(at).copied();
            keep(kept, &buffer[..at], most);
            self.reader.consume(at);
            match byte {
                Some(b'"') => self.text(most, kept)?,
                Some(byte) => {
                    keep(kept, &[byte], most);
                    self.take(byte)?;
                    if self.depth <= depth {
                        return Ok(());
                    }
                }
                None => {}
            }
        }
    }

    /// Reads a string, which begins here.
    fn text(&mut self, most: usize, kept: &mut Kept) -> Scanned<()> {
        keep(kept, b"\"", most);
        self.reader.consume(1);
        let mut is_escaped = false;
        loop {
            let buffer = self.reader.fill_buf()?;
            let Some(first) = buffer.first().copied() else {
                return Err(cut());
            };
            if is_escaped {
                is_escaped = false;
                keep(kept, &[first], most);
                self.reader.consume(1);
                continue;
            }
            let found = memchr::memchr2(b'"', b'\\', buffer);
            let end = found.map_or(buffer.len(), |at| at + 1);
            let last = found.map(|at| buffer[at]);
            keep(kept, &buffer[..end], most);
            self.reader.consume(end);
            match last {
                Some(b'"') => return Ok(()),
                Some(_) => is_escaped = true,
                None => {}
            }
        }
    }

    /// Reads a number, a word, or what stands in the place of one.
    fn bare(&mut self, most: usize, kept: &mut Kept) -> Scanned<()> {
        loop {
            let buffer = self.reader.fill_buf()?;
            let is_end = |byte: &u8| byte.is_ascii_whitespace() || b"{}[],:\"".contains(byte);
            let found = buffer.iter().position(is_end);
            let end = found.unwrap_or(buffer.len());
            let is_over = found.is_some() || buffer.is_empty();
            keep(kept, &buffer[..end], most);
            self.reader.consume(end);
            if is_over {
                return Ok(());
            }
        }
    }
}

fn keep(kept: &mut Kept, bytes: &[u8], most: usize) {
    let room = most - kept.bytes.len().min(most);
    kept.is_cut |= bytes.len() > room;
    kept.bytes
        .extend_from_slice(&bytes[..bytes.len().min(room)]);
}

fn cut() -> Stop {
    Stop::Malformed(CUT.to_owned())
}

/// Why a text that ends early is malformed.
pub(super) const CUT: &str = "it ends too early";
