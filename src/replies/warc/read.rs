//! Reads the records of a decompressed WARC file one after the other.

use std::io::{self, BufRead, Read};

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
    /// The rest of the file cannot be read.
    Broken {
        at: u64,
        why: String,
    },
    End,
}

/// The records of a file.
pub struct Records<R> {
    reader: R,
    at: u64,
    most: usize,
    is_over: bool,
}

/// The longest line of a header.
const LINE: u64 = 64 << 10;
/// The most lines of a header.
const LINES: usize = 200;

impl<R: BufRead> Records<R> {
    /// Returns a reader of records with at most `most` bytes of content.
    pub fn new(reader: R, most: usize) -> Self {
        Self {
            reader,
            at: 0,
            most,
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
            Err(error) if is_damage(&error) => Next::Broken {
                at,
                why: format!("the file is cut or damaged here: {error}"),
            },
            Err(error) => return Err(error),
        };
        self.is_over = matches!(next, Next::Broken { .. } | Next::End);
        Ok(next)
    }

    fn try_next(&mut self) -> io::Result<Next> {
        let mut first = self.line()?;
        while first.as_deref().is_some_and(|line| line.trim().is_empty()) {
            first = self.line()?;
        }
        let Some(first) = first else {
            return Ok(Next::End);
        };
        let at = self.at - first.len() as u64;
        let broken = |why: &str| {
            Ok(Next::Broken {
                at,
                why: why.to_owned(),
            })
        };
        if !first.starts_with("WARC/") {
            return broken("no WARC record begins here");
        }
        let mut headers: Vec<(String, String)> = Vec::new();
        loop {
            let Some(line) = self.line()? else {
                return broken("the file ends in the header of a record");
            };
            let line = line.trim_end_matches(['\r', '\n']);
            if line.is_empty() {
                break;
            }
            if headers.len() == LINES {
                return broken("the header of the record has too many lines");
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
                (false, None) => return broken("a line of the header has no colon"),
            }
        }
        let record = Record {
            at,
            headers,
            content: Vec::new(),
        };
        let bytes = record
            .header("Content-Length")
            .and_then(|it| it.parse::<u64>().ok());
        let Some(bytes) = bytes else {
            return broken("the record has no Content-Length");
        };
        if bytes > self.most as u64 {
            let passed = io::copy(&mut (&mut self.reader).take(bytes), &mut io::sink())?;
            self.at += passed;
            return Ok(match passed == bytes {
                true => Next::TooLong { at, bytes },
                false => Next::Broken {
                    at,
                    why: "the file ends in this record".to_owned(),
                },
            });
        }
        let mut content = Vec::with_capacity(bytes as usize);
        (&mut self.reader).take(bytes).read_to_end(&mut content)?;
        self.at += content.len() as u64;
        if (content.len() as u64) < bytes {
            return broken("the file ends in this record");
        }
        Ok(Next::Record(Record { content, ..record }))
    }

    /// Returns the next line with its end; `None` at the end of the file.
    fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        let read = (&mut self.reader).take(LINE).read_until(b'\n', &mut line)?;
        self.at += read as u64;
        Ok((read > 0).then(|| String::from_utf8_lossy(&line).into_owned()))
    }
}

fn is_damage(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
    matches!(
        error.kind(),
        InvalidData | InvalidInput | Other | UnexpectedEof
    )
}
