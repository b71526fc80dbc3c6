//! Reads the records of a decompressed WARC file one after the other.

use std::io::{self, BufRead, Read};

use crate::replies::ahead::Ahead;

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its first byte in the decompressed file.
    pub at: u64,
    headers: Vec<(String, String)>,
    pub content: Vec<u8>,
}

impl Record {
    /// Returns the value of a header. Its name is compared without case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.iter();
        all.find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// What comes next in the file.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    Record(Record),
    /// A record with more bytes than are read. It was passed over.
    TooLong {
        at: u64,
        bytes: u64,
    },
    /// Nothing can be read here. What comes next is the next record that begins after it.
    Broken {
        at: u64,
        why: String,
    },
    End,
}

/// The records of a file.
pub struct Records<R> {
    reader: Ahead<R>,
    at: u64,
    most: usize,
    may_go_on: fn(&io::Error) -> bool,
    /// An error that stands after the last record.
    error: Option<io::Error>,
    /// The next record must be looked for.
    is_lost: bool,
    is_over: bool,
}

/// The longest line of a header.
const LINE: usize = 64 << 10;
/// The most lines and bytes of a header.
const LINES: usize = 200;
const HEADER: usize = 1 << 20;
/// How a record begins.
const BEGIN: &[u8] = b"WARC/";

impl<R: BufRead> Records<R> {
    /// Returns a reader of records with at most `most` bytes of content. `may_go_on` says after which errors reading goes on.
    pub fn new(reader: R, most: usize, may_go_on: fn(&io::Error) -> bool) -> Self {
        Self {
            reader: Ahead::new(reader),
            at: 0,
            most,
            may_go_on,
            error: None,
            is_lost: false,
            is_over: false,
        }
    }

    /// Returns the next record.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read. A file that is cut or damaged is no error, but `Broken`.
    pub fn read_next(&mut self) -> io::Result<Next> {
        if self.is_over {
            return Ok(Next::End);
        }
        let at = self.at;
        let next = match self.try_next() {
            Ok(next) => next,
            Err(error) => {
                self.is_over = !(self.may_go_on)(&error);
                if self.is_over && !is_damage(&error) {
                    return Err(error);
                }
                Next::Broken {
                    at,
                    why: format!("the file is cut or damaged here: {error}"),
                }
            }
        };
        self.is_lost |= matches!(next, Next::Broken { .. });
        self.is_over |= matches!(next, Next::End);
        Ok(next)
    }

    fn try_next(&mut self) -> io::Result<Next> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        if self.is_lost {
            self.seek(u64::MAX)?;
            self.is_lost = false;
        }
        let first = loop {
            match self.line()? {
                None => return Ok(Next::End),
                Some(line) if line.trim_matches(BLANK).is_empty() => {}
                Some(line) => break line,
            }
        };
        let at = self.at - first.len() as u64;
        let broken = |why: &str| {
            let why = why.to_owned();
            Ok(Next::Broken { at, why })
        };
        if !first
            .trim_start_matches(BLANK)
            .as_bytes()
            .starts_with(BEGIN)
        {
            return broken("no WARC record begins here");
        }
        let headers = match self.headers()? {
            Ok(headers) => headers,
            Err(why) => return broken(why),
        };
        let content = Vec::new();
        let record = Record {
            at,
            headers,
            content,
        };
        let bytes = record
            .header("Content-Length")
            .and_then(|it| it.parse::<u64>().ok());
        let Some(bytes) = bytes else {
            return broken("the record has no Content-Length");
        };
        if bytes > self.most as u64 {
            let begin = self.at;
            let is_begun = self.seek(bytes)?;
            return match self.at - begin == bytes && !is_begun {
                true => Ok(Next::TooLong { at, bytes }),
                false if is_begun => broken(WRONG_LENGTH),
                false => broken("the file ends in this record"),
            };
        }
        let mut content = Vec::new();
        let read = (&mut self.reader).take(bytes).read_to_end(&mut content);
        self.at += content.len() as u64;
        read?;
        let is_cut = (content.len() as u64) < bytes;
        let next = match self.reader.ahead(1) {
            Ok(next) => next.first().copied(),
            Err(error) => {
                self.error = Some(error);
                None
            }
        };
        if is_cut || next.is_some_and(|byte| !b"\r\n".contains(&byte)) {
            let is_begun = self.begun_inside(content);
            return match is_cut && !is_begun {
                true => broken("the file ends in this record"),
                false => broken(WRONG_LENGTH),
            };
        }
        Ok(Next::Record(Record { content, ..record }))
    }

    /// Returns the headers of a record, or why they are none.
    fn headers(&mut self) -> io::Result<Result<Vec<(String, String)>, &'static str>> {
        let mut headers: Vec<(String, String)> = Vec::new();
        let (mut lines, mut bytes) = (0, 0);
        loop {
            if self.reader.ahead(BEGIN.len())? == BEGIN {
                return Ok(Err("the header of the record has no end"));
            }
            let Some(line) = self.line()? else {
                return Ok(Err("the file ends in the header of a record"));
            };
            (lines, bytes) = (lines + 1, bytes + line.len());
            let line = line.trim_end_matches(['\r', '\n']);
            if line.is_empty() {
                return Ok(Ok(headers));
            }
            if lines > LINES || bytes > HEADER || line.len() >= LINE {
                return Ok(Err("the header of the record is too long"));
            }
            match (line.starts_with([' ', '\t']), line.split_once(':')) {
                // A folded line, as older versions allow.
                (true, _) => {
                    if let Some((_, value)) = headers.last_mut() {
                        value.push_str(line.trim());
                    }
                }
                (false, Some((name, value))) => {
                    headers.push((name.trim().to_owned(), value.trim().to_owned()));
                }
                (false, None) => return Ok(Err("a line of the header has no colon")),
            }
        }
    }

    /// Takes back what stands in the content of a record after the beginning of another one. Returns whether there is one.
    fn begun_inside(&mut self, mut content: Vec<u8>) -> bool {
        let begun = match content.starts_with(BEGIN) {
            true => Some(0),
            false => memchr::memmem::find(&content, b"\nWARC/1.").map(|at| at + 1),
        };
        if let Some(at) = begun {
            let next = content.split_off(at);
            self.at -= next.len() as u64;
            self.reader.put_back(next);
        }
        begun.is_some()
    }

    /// Goes to the next line that begins a record, or on by `most` bytes. Returns whether a record begins there.
    fn seek(&mut self, most: u64) -> io::Result<bool> {
        let end = self.at.saturating_add(most);
        let mut is_line = true;
        loop {
            let left = usize::try_from(end - self.at).unwrap_or(usize::MAX);
            let buffer = self.reader.fill_buf()?;
            let buffer = &buffer[..buffer.len().min(left)];
            if buffer.is_empty() {
                return Ok(false);
            }
            // A long line is passed over in large parts.
            let may_begin = is_line && buffer[0] == BEGIN[0];
            if may_begin && self.reader.ahead(BEGIN.len())? == BEGIN {
                return Ok(true);
            }
            let buffer = self.reader.fill_buf()?;
            let buffer = &buffer[..buffer.len().min(left)];
            let line = memchr::memchr(b'\n', buffer);
            is_line = line.is_some();
            let passed = line.map_or(buffer.len(), |at| at + 1);
            self.reader.consume(passed);
            self.at += passed as u64;
        }
    }

    /// Returns the next line with its end; `None` at the end of the file.
    fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        let read = (&mut self.reader)
            .take(LINE as u64)
            .read_until(b'\n', &mut line);
        self.at += line.len() as u64;
        let read = read?;
        Ok((read > 0).then(|| String::from_utf8_lossy(&line).into_owned()))
    }
}

const WRONG_LENGTH: &str = "the Content-Length of the record is wrong";
/// What may stand before a record.
const BLANK: [char; 5] = ['\u{feff}', ' ', '\t', '\r', '\n'];

fn is_damage(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
    matches!(
        error.kind(),
        InvalidData | InvalidInput | Other | UnexpectedEof
    )
}
