//! Decompresses a file of gzip members or zstd frames. Damage is said once, and the next member is looked for after it.

use std::fmt;
use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;
use zstd::stream::read::Decoder;

use crate::replies::ahead::Ahead;

/// Bytes with which a gzip member begins.
pub(super) const GZIP: &[u8] = &[0x1f, 0x8b, 0x08];
/// Bytes with which a zstd frame begins.
pub(super) const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// A place that cannot be decompressed. Reading may go on after it.
#[derive(Debug)]
pub struct Damage(String);

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Damage {}

/// Returns whether reading may go on after an error.
#[must_use]
pub fn may_go_on(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Damage>())
}

pub(super) type Raw = Ahead<Box<dyn BufRead + Send>>;

enum State {
    Between(Raw),
    Gzip(GzDecoder<Raw>),
    Zstd(Decoder<'static, Raw>),
    Over,
}

/// A compressed file.
pub(super) struct Unpack {
    state: State,
    magic: &'static [u8],
    /// For zstd.
    dictionary: Vec<u8>,
    /// Something was read since the last damage.
    has_read: bool,
    /// A new line comes first, so that what follows damage is not taken for the end of what was before.
    is_new_line: bool,
}

impl Unpack {
    pub(super) fn gzip(raw: Raw) -> Self {
        Self::new(raw, GZIP, Vec::new())
    }

    pub(super) fn zstd(raw: Raw, dictionary: Vec<u8>) -> io::Result<Self> {
        let mut this = Self::new(raw, ZSTD, dictionary);
        // The decoder passes over frames that are to be skipped, and reads all others.
        this.state = match std::mem::replace(&mut this.state, State::Over) {
            State::Between(raw) => State::Zstd(Decoder::with_dictionary(raw, &this.dictionary)?),
            other => other,
        };
        Ok(this)
    }

    fn new(raw: Raw, magic: &'static [u8], dictionary: Vec<u8>) -> Self {
        Self {
            state: State::Between(raw),
            magic,
            dictionary,
            has_read: true,
            is_new_line: false,
        }
    }

    /// Begins the next member, if there is one.
    fn begin(&mut self, mut raw: Raw) -> io::Result<()> {
        // A tape or a disk fills a file with zeros.
        while raw.ahead(1)?.first() == Some(&0) {
            raw.consume(1);
        }
        if raw.ahead(1)?.is_empty() {
            return Ok(());
        }
        if !raw.ahead(self.magic.len())?.starts_with(self.magic) {
            let is_next = self.seek(&mut raw)?;
            if is_next {
                self.state = State::Between(raw);
            }
            return self.damage("what follows is not compressed");
        }
        self.state = match self.magic == GZIP {
            true => State::Gzip(GzDecoder::new(raw)),
            false => State::Zstd(Decoder::with_dictionary(raw, &self.dictionary)?),
        };
        Ok(())
    }

    /// Goes to the next bytes that may begin a member.
    fn seek(&self, raw: &mut Raw) -> io::Result<bool> {
        loop {
            let buffer = raw.fill_buf()?;
            if buffer.is_empty() {
                return Ok(false);
            }
            match memchr::memchr(self.magic[0], buffer) {
                None => {
                    let all = buffer.len();
                    raw.consume(all);
                }
                Some(at) => {
                    raw.consume(at);
                    if raw.ahead(self.magic.len())?.starts_with(self.magic) {
                        return Ok(true);
                    }
                    raw.consume(1);
                }
            }
        }
    }

    /// Says damage, unless it was said and nothing was read since.
    fn damage(&mut self, why: &str) -> io::Result<()> {
        self.is_new_line = true;
        match std::mem::take(&mut self.has_read) {
            true => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                Damage(why.to_owned()),
            )),
            false => Ok(()),
        }
    }

    /// Looks for the next member after one that is damaged.
    fn broken(&mut self, mut raw: Raw, error: &io::Error) -> io::Result<()> {
        if self.seek(&mut raw)? {
            self.state = State::Between(raw);
        }
        self.damage(&error.to_string())
    }
}

impl Read for Unpack {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let read = match &mut self.state {
                State::Over => return Ok(0),
                State::Between(_) => Ok(0),
                State::Gzip(_) | State::Zstd(_) if self.is_new_line => {
                    self.is_new_line = false;
                    buffer[0] = b'\n';
                    return Ok(1);
                }
                State::Gzip(decoder) => decoder.read(buffer),
                State::Zstd(decoder) => decoder.read(buffer),
            };
            if let Ok(1..) = read {
                self.has_read = true;
                return read;
            }
            let is_zstd_over = matches!(self.state, State::Zstd(_)) && read.is_ok();
            let raw = match std::mem::replace(&mut self.state, State::Over) {
                State::Between(raw) => raw,
                State::Gzip(decoder) => decoder.into_inner(),
                State::Zstd(decoder) => decoder.finish(),
                State::Over => return Ok(0),
            };
            match read {
                // It has read all frames.
                Ok(_) if is_zstd_over => return Ok(0),
                Ok(_) => self.begin(raw)?,
                // The disk fails.
                Err(error) if error.raw_os_error().is_some() => return Err(error),
                Err(error) => self.broken(raw, &error)?,
            }
        }
    }
}
