//! Reads seed files: one item per line, or a column of a CSV file.

use std::fmt;

use csv::{ReaderBuilder, StringRecord, Trim};

use crate::model::Seed;
use crate::model::seed::{Kind, item};

/// An item that is not a seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bad {
    /// 1 for the first line.
    pub line: u64,
    pub why: String,
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

/// Seeds of a file, and its lines that are none.
pub type Read = (Vec<Seed>, Vec<Bad>);

/// Seeds of a file with the numbers of their lines, and its lines that are none.
pub type Numbered = (Vec<(u64, Seed)>, Vec<Bad>);

/// Reads one item per line, or CSV with a header. Skips empty lines and lines that begin with `#`.
///
/// # Errors
/// Returns why the file cannot be read as a whole: it is no text, or it is CSV without a column of such seeds.
pub fn read(kind: Kind, bytes: &[u8]) -> Result<Read, String> {
    let (seeds, bad) = read_numbered(kind, bytes)?;
    Ok((seeds.into_iter().map(|(_, seed)| seed).collect(), bad))
}

/// Reads a file like [`read`], and returns the line of each seed.
///
/// # Errors
/// See [`read`].
pub fn read_numbered(kind: Kind, bytes: &[u8]) -> Result<Numbered, String> {
    let text = decode(bytes)?;
    let Some((delimiter, column)) = header(kind, &text) else {
        return lines(kind, &text);
    };
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .comment(Some(b'#'))
        .flexible(true)
        .trim(Trim::All)
        .from_reader(text.as_bytes());
    let (mut seeds, mut bad) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let record = record.map_err(|error| format!("it is no CSV: {error}"))?;
        let line = record.position().map_or(0, csv::Position::line);
        match item(kind, record.get(column).unwrap_or_default()) {
            Ok(seed) => seeds.push((line, seed)),
            Err(why) => bad.push(Bad { line, why }),
        }
    }
    Ok((seeds, bad))
}

/// Reads one item per line.
fn lines(kind: Kind, text: &str) -> Result<Numbered, String> {
    let (mut seeds, mut bad) = (Vec::new(), Vec::new());
    for (line, text) in (1..).zip(text.lines()) {
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        // A line of a quoted cell may look like an item. It must not seed a stranger.
        let is_first = seeds.is_empty() && bad.is_empty();
        let is_csv = text.contains('"') || is_first && text.contains([',', ';', '\t']);
        if kind != Kind::Searches && is_csv {
            return Err(format!(
                "line {line} looks like CSV, but no column has a known name: name one of {} in the first line",
                columns(kind).join(", ")
            ));
        }
        match item(kind, text) {
            Ok(seed) => seeds.push((line, seed)),
            Err(why) => bad.push(Bad { line, why }),
        }
    }
    Ok((seeds, bad))
}

/// Converts the bytes of a file to text: UTF-8, or UTF-16 with a byte order mark.
fn decode(bytes: &[u8]) -> Result<String, String> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        char::decode_utf16(units)
            .collect::<Result<String, _>>()
            .map_err(|_| "it is no UTF-16 text".to_owned())
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        _ => {
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            let text = std::str::from_utf8(bytes);
            text.map(str::to_owned).map_err(|error| {
                let line = bytes[..error.valid_up_to()]
                    .iter()
                    .filter(|byte| **byte == b'\n')
                    .count();
                format!("line {}: it is not UTF-8; save the file as UTF-8", line + 1)
            })
        }
    }
}

/// Heads of CSV columns with such seeds, best first.
fn columns(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Users => &[
            "user_id",
            "author_user_id",
            "id",
            "user",
            "username",
            "profile_url",
            "permalink",
            "url",
        ],
        Kind::Posts => &["post_id", "id", "post", "permalink", "post_url", "url"],
        Kind::Searches => &["query", "search", "username", "name"],
    }
}

/// Returns the delimiter and the column of the seeds, if the first line is a header.
fn header(kind: Kind, text: &str) -> Option<(u8, usize)> {
    [b',', b';', b'\t'].into_iter().find_map(|delimiter| {
        let mut reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .comment(Some(b'#'))
            .has_headers(false)
            .flexible(true)
            .trim(Trim::All)
            .from_reader(text.as_bytes());
        let first = reader.records().next()?.ok()?;
        Some((delimiter, column(kind, &first)?))
    })
}

/// Returns the best column, whatever the spelling of its head: `User ID`, `user-id`, `USER_ID`, `userId`.
fn column(kind: Kind, heads: &StringRecord) -> Option<usize> {
    let plain = |text: &str| -> String {
        let letters = text.chars().filter(|letter| letter.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    let heads: Vec<String> = heads.iter().map(plain).collect();
    let names = columns(kind).iter().map(|name| plain(name));
    names
        .filter_map(|name| heads.iter().position(|head| *head == name))
        .next()
}

#[cfg(test)]
mod tests {
    use super::{Kind, read};

    fn subjects(text: &[u8]) -> Vec<String> {
        let (seeds, bad) = read(Kind::Users, text).unwrap();
        assert_eq!(bad, []);
        seeds.into_iter().map(|seed| seed.subject).collect()
    }

    #[test]
    fn a_bad_line_is_named_with_its_number() {
        let (seeds, bad) = read(Kind::Users, b"# people\n\nuser-a\nsomething\n@b\n").unwrap();
        assert_eq!(seeds.len(), 2);
        assert_eq!(bad.iter().map(|bad| bad.line).collect::<Vec<_>>(), [4]);
        assert!(bad[0].to_string().starts_with("line 4: `something`"));
    }

    #[test]
    fn a_header_names_the_column_whatever_its_spelling_and_delimiter() {
        for head in ["User ID", "user_id", "USER-ID", "userId", "\"user_id\""] {
            for delimiter in [",", ";", "\t"] {
                let text = format!(
                    "\u{feff}name{delimiter}{head}\n\"Smith, ; \"\"Jo\"\"\"{delimiter}user-a\n"
                );
                assert_eq!(subjects(text.as_bytes()), ["user-a"], "{text:?}");
            }
        }
        let (seeds, bad) = read(Kind::Users, b"name,user_id\nx,user-a\ny,\n").unwrap();
        assert_eq!((seeds.len(), bad.len(), bad[0].line), (1, 1, 3));
    }

    #[test]
    fn a_line_of_a_quoted_biography_is_no_seed() {
        let text = "user_id,bio\nuser-a,\"I like\nuser-stranger\n@stranger\"\nuser-b,x\n";
        assert_eq!(subjects(text.as_bytes()), ["user-a", "user-b"]);
        let (_, bad) = read(Kind::Users, text.replace("user-b", "nobody").as_bytes()).unwrap();
        assert_eq!(bad[0].line, 5, "the line in the file, not the record");
        let unnamed = text.replace("user_id,bio", "who,bio");
        let why = read(Kind::Users, unnamed.as_bytes()).unwrap_err();
        assert!(why.contains("line 1 looks like CSV"), "{why}");
    }

    #[test]
    fn utf_16_with_a_mark_is_text_and_other_bytes_are_refused_with_their_line() {
        let text = "user_id\r\nuser-a\r\n";
        let units = || text.encode_utf16();
        let little: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain(units().flat_map(u16::to_le_bytes))
            .collect();
        let big: Vec<u8> = [0xfe, 0xff]
            .into_iter()
            .chain(units().flat_map(u16::to_be_bytes))
            .collect();
        for bytes in [little, big] {
            assert_eq!(subjects(&bytes), ["user-a"]);
        }
        let why = read(Kind::Users, b"user-a\n@caf\xe9\n").unwrap_err();
        assert!(why.starts_with("line 2: it is not UTF-8"), "{why}");
    }
}
