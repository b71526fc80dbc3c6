//! A file of captured replies: opened, decompressed, and its kind told by its first bytes.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

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
const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// A skippable frame in which a WARC file has its dictionary (iipc/warc-specifications, warc-zstd).
const ZSTD_DICTIONARY: u32 = 0x184d_2a5d;

/// Opens a file. A symbolic link is not followed.
///
/// # Errors
/// Returns an error if the file cannot be read, or is no regular file.
pub fn open(path: &Path) -> io::Result<Opened> {
    let about = std::fs::symlink_metadata(path)?;
    if !about.is_file() {
        let what = if about.is_symlink() {
            "a symbolic link"
        } else {
            "no regular file"
        };
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("it is {what}"),
        ));
    }
    let read = Arc::new(AtomicU64::new(0));
    let file = Counting {
        file: File::open(path)?,
        read: read.clone(),
    };
    let (reader, beginning) = decompressed(Box::new(BufReader::with_capacity(BUFFER, file)))?;
    Ok(Opened {
        kind: kind(path, &beginning),
        reader,
        read,
        bytes: about.len(),
        changed_at: crate::clock::touched_at(path),
    })
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

type Reader = Box<dyn BufRead + Send>;

/// Returns the decompressed stream, and its first bytes, which are still in the stream.
fn decompressed(mut reader: Reader) -> io::Result<(Reader, Vec<u8>)> {
    let begin = reader.fill_buf()?;
    if begin.starts_with(GZIP) {
        let reader = MultiGzDecoder::new(reader);
        return beginning(Box::new(BufReader::with_capacity(BUFFER, reader)));
    }
    let magic = begin
        .get(..4)
        .and_then(|it| it.try_into().ok())
        .map(u32::from_le_bytes);
    if magic == Some(ZSTD_DICTIONARY) {
        let mut head = [0; 8];
        reader.read_exact(&mut head)?;
        let bytes = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        let mut dictionary = Vec::new();
        (&mut reader)
            .take(u64::from(bytes))
            .read_to_end(&mut dictionary)?;
        if dictionary.starts_with(ZSTD) {
            dictionary = zstd::decode_all(&dictionary[..])?;
        }
        let reader = zstd::stream::read::Decoder::with_dictionary(reader, &dictionary)?;
        return beginning(Box::new(BufReader::with_capacity(BUFFER, reader)));
    }
    if begin.starts_with(ZSTD) {
        let reader = zstd::stream::read::Decoder::with_buffer(reader)?;
        return beginning(Box::new(BufReader::with_capacity(BUFFER, reader)));
    }
    beginning(reader)
}

fn beginning(mut reader: Reader) -> io::Result<(Reader, Vec<u8>)> {
    let mut begin = Vec::new();
    (&mut reader)
        .take(BEGINNING as u64)
        .read_to_end(&mut begin)?;
    let rest = io::Cursor::new(begin.clone()).chain(reader);
    Ok((Box::new(BufReader::with_capacity(BUFFER, rest)), begin))
}

fn kind(path: &Path, beginning: &[u8]) -> Kind {
    if beginning.starts_with(SQLITE) {
        return Kind::Archive;
    }
    if beginning.starts_with(b"WARC/") {
        return Kind::Warc;
    }
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let name = name.trim_end_matches(".gz").trim_end_matches(".zst");
    if name.ends_with(".jsonl") || name.ends_with(".ndjson") {
        return Kind::JsonLines;
    }
    let text = String::from_utf8_lossy(beginning);
    let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    let inside = text.strip_prefix('{').map(str::trim_start);
    if name.ends_with(".har") || inside.is_some_and(|inside| inside.starts_with("\"log\"")) {
        return Kind::Har;
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
