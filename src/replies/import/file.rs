//! A file of captured replies: opened, decompressed, and its kind told by its first bytes.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::begun::{Begun, Until};
use super::unpack::{GZIP, Raw, Unpack, ZSTD};
use super::utf16::{Encoding, Utf16};
use crate::replies::ahead::Ahead;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Json,
    JsonLines,
    Har,
    Warc,
    Archive,
}

impl Kind {
    /// Returns the name that the archive stores.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::JsonLines => "jsonl",
            Self::Har => "har",
            Self::Warc => "warc",
            Self::Archive => "archive",
        }
    }
}

/// A file that is ready to be read.
pub struct Opened {
    pub kind: Kind,
    pub(super) reader: Box<dyn BufRead + Send>,
    /// The reader makes UTF-8 of UTF-16.
    pub(super) is_utf16: bool,
    /// Bytes of the file that have been read so far.
    pub read: Arc<AtomicU64>,
    pub bytes: u64,
    /// When the file was changed last, Unix seconds.
    pub changed_at: Option<f64>,
}

/// Bytes that tell the kind of a file.
const BEGINNING: usize = 64 << 10;
const BUFFER: usize = 256 << 10;
const SQLITE: &[u8] = b"SQLite format 3\0";
/// A skippable frame in which a WARC file has its dictionary (iipc/warc-specifications, warc-zstd).
const ZSTD_DICTIONARY: u32 = 0x184d_2a5d;
/// Frames of zstd that a decoder passes over.
const ZSTD_SKIPPABLE: std::ops::RangeInclusive<u32> = 0x184d_2a50..=0x184d_2a5f;
/// The largest dictionary that is read, in bytes.
const DICTIONARY: u64 = 16 << 20;

/// Opens a file. A symbolic link is not followed.
///
/// # Errors
/// Returns an error if the file cannot be read, is no regular file, or is an archive that is compressed.
pub fn open(path: &Path) -> io::Result<Opened> {
    let file = regular(path)?;
    let bytes = file.metadata()?.len();
    let read = Arc::new(AtomicU64::new(0));
    let file = Counting {
        file,
        read: read.clone(),
    };
    let raw: Reader = Box::new(BufReader::with_capacity(BUFFER, file));
    let (reader, is_compressed) = decompressed(Ahead::of_file(raw, bytes))?;
    let (reader, mut begin) = beginning(reader);
    let (mut reader, mut is_utf16) = (reader, false);
    match Encoding::of(&begin) {
        Encoding::Utf8 => {}
        Encoding::Utf16(order) => {
            (reader, begin) = beginning(Box::new(Utf16::new(reader, order)));
            is_utf16 = true;
        }
        Encoding::Utf32 => {
            return Err(invalid(
                "it is text in UTF-32, which is not read. Convert it first: iconv -f UTF-32 -t UTF-8",
            ));
        }
    }
    let kind = kind(path, &begin);
    if kind == Kind::Archive && is_compressed {
        return Err(invalid(
            "it is an archive that is compressed. Decompress it first: an archive is read in its place",
        ));
    }
    Ok(Opened {
        kind,
        reader,
        is_utf16,
        read,
        bytes,
        changed_at: crate::clock::touched_at(path),
    })
}

impl Opened {
    /// Ends the reading with an error as soon as this is true, also in the middle of an entry.
    #[must_use]
    pub fn until(self, is_over: impl Fn() -> bool + Send + 'static) -> Self {
        let reader = Until {
            reader: self.reader,
            is_over: Box::new(is_over),
        };
        Self {
            reader: Box::new(reader),
            ..self
        }
    }
}

/// Opens a file that is no link, no pipe and no device, without waiting for one.
fn regular(path: &Path) -> io::Result<File> {
    let what = |about: &std::fs::Metadata| match about.is_symlink() {
        true => "it is a symbolic link",
        false => "it is no regular file",
    };
    let about = std::fs::symlink_metadata(path)?;
    if !about.is_file() {
        return Err(invalid(what(&about)));
    }
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        // Somebody may put something else there meanwhile.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        options.custom_flags(flags.bits().cast_signed());
    }
    let file = options.open(path)?;
    let about = file.metadata()?;
    match about.is_file() {
        true => Ok(file),
        false => Err(invalid(what(&about))),
    }
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}

struct Counting {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Returns the name of a file without that of its compression.
pub(super) fn uncompressed(name: &str) -> &str {
    let endings = [".gz", ".zst"];
    let found = endings.iter().find_map(|ending| name.strip_suffix(ending));
    found.unwrap_or(name)
}

type Reader = Box<dyn BufRead + Send>;

/// Returns the decompressed stream, and whether the file is compressed.
fn decompressed(mut raw: Raw) -> io::Result<(Reader, bool)> {
    let begin = raw.ahead(4)?;
    let magic = begin.try_into().map_or(0, u32::from_le_bytes);
    let reader = if begin.starts_with(&GZIP[..2]) {
        Unpack::gzip(raw)
    } else if magic == ZSTD_DICTIONARY {
        let dictionary = dictionary(&mut raw)?;
        Unpack::zstd(raw, dictionary)?
    } else if begin == ZSTD || ZSTD_SKIPPABLE.contains(&magic) {
        Unpack::zstd(raw, Vec::new())?
    } else {
        return Ok((Box::new(raw), false));
    };
    Ok((Box::new(BufReader::with_capacity(BUFFER, reader)), true))
}

/// Reads the dictionary with which the file begins.
fn dictionary(raw: &mut Raw) -> io::Result<Vec<u8>> {
    let mut head = [0; 8];
    raw.read_exact(&mut head)?;
    let bytes = u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]));
    let too_long = || invalid(&format!("its dictionary has more than {DICTIONARY} bytes"));
    if bytes > DICTIONARY {
        return Err(too_long());
    }
    let mut dictionary = Vec::new();
    raw.take(bytes).read_to_end(&mut dictionary)?;
    if dictionary.starts_with(ZSTD) {
        let packed = std::mem::take(&mut dictionary);
        zstd::stream::read::Decoder::with_buffer(&packed[..])?
            .take(DICTIONARY + 1)
            .read_to_end(&mut dictionary)?;
    }
    match dictionary.len() as u64 > DICTIONARY {
        true => Err(too_long()),
        false => Ok(dictionary),
    }
}

/// Returns the stream, and its first bytes, which are still in it. An error after them is still in it, too.
fn beginning(mut reader: Reader) -> (Reader, Vec<u8>) {
    let mut begin = Vec::new();
    let read = (&mut reader).take(BEGINNING as u64).read_to_end(&mut begin);
    let rest = Begun {
        front: begin.clone(),
        used: 0,
        error: read.err(),
        reader,
    };
    (Box::new(rest), begin)
}

fn kind(path: &Path, beginning: &[u8]) -> Kind {
    if beginning.starts_with(SQLITE) {
        return Kind::Archive;
    }
    let text = beginning.strip_prefix("\u{feff}".as_bytes());
    let text = text.unwrap_or(beginning).trim_ascii_start();
    if text.starts_with(b"WARC/") {
        return Kind::Warc;
    }
    let text = String::from_utf8_lossy(beginning);
    let text = text.trim_start_matches(['\u{feff}', '\u{1e}', ' ', '\t', '\r', '\n']);
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let name = uncompressed(&name);
    let of_lines = [".jsonl", ".ndjson", ".json-seq"];
    let is_of_lines = of_lines.iter().any(|ending| name.ends_with(ending));
    // People give files any name. A line may have a `log` of its own, without entries.
    let is_har = match is_of_lines {
        true => is_har(text) && may_be_har(text),
        false => is_har(text) || (name.ends_with(".har") && text.contains(LOG)),
    };
    if is_har {
        return Kind::Har;
    }
    if is_of_lines {
        return Kind::JsonLines;
    }
    // Two values on two lines are lines of JSON; one value may have many lines.
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    let is_value = |line: &str| {
        line.starts_with(['{', '[']) && serde_json::from_str::<serde::de::IgnoredAny>(line).is_ok()
    };
    match is_value(first) && lines.next().is_some() {
        true => Kind::JsonLines,
        false => Kind::Json,
    }
}

/// Returns whether the first line may be a HAR file, or the beginning of one.
fn may_be_har(text: &str) -> bool {
    let line = text.lines().next().unwrap_or_default();
    match serde_json::from_str::<serde::de::IgnoredAny>(line) {
        Ok(_) => serde_json::from_str::<serde_json::Value>(line)
            .is_ok_and(|line| line["log"]["entries"].is_array()),
        Err(_) => text.contains("\"entries\"") || text.contains("\"creator\""),
    }
}

/// The key of a HAR file that has all others.
const LOG: &str = "\"log\"";

/// Returns whether a text begins as a HAR file: with an object `log`.
fn is_har(text: &str) -> bool {
    let inside = text.strip_prefix('{').map(str::trim_start);
    let after = inside.and_then(|inside| inside.strip_prefix(LOG));
    let value = after.and_then(|after| after.trim_start().strip_prefix(':'));
    value.is_some_and(|value| value.trim_start().starts_with('{'))
}
