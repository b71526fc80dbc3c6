//! From the bytes of a body as they came to its text: compression and character set. Pure.
//!
//! The bytes decide, not the headers: gateways announce codings that they do not apply, and apply others. RFC 9110 §8.4.1
//! says that codings are case-insensitive, that `x-gzip` is `gzip`, and that a body may have several.

use std::io::{self, Read};

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

/// The most codings of one body. `gzip, gzip` has been seen.
const MAX_CODINGS: usize = 4;

/// A body after decoding.
#[derive(Debug, PartialEq)]
pub(super) struct Decoded {
    pub(super) bytes: Vec<u8>,
    /// Why the bytes are not the whole body.
    pub(super) problem: Option<Problem>,
}

#[derive(Debug, PartialEq)]
pub(super) enum Problem {
    /// The decoded body exceeds the limit.
    TooLarge,
    /// The body ends early or is damaged. The bytes are what could be decoded, or the body as it came.
    Broken(String),
}

/// Decodes a body of at most `limit` bytes after decompression. `coding` is the header `Content-Encoding`, `content_type`
/// the header `Content-Type`.
pub(super) fn decode(
    raw: Vec<u8>,
    coding: Option<&str>,
    content_type: Option<&str>,
    limit: usize,
) -> Decoded {
    let mut bytes = raw;
    for _ in 0..MAX_CODINGS {
        let Some(coding) = coding_of(&bytes, coding) else {
            break;
        };
        let mut decoded = Vec::new();
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        let read = coding.reader(&bytes).take(most).read_to_end(&mut decoded);
        if decoded.len() > limit {
            decoded.truncate(limit);
            return Decoded {
                bytes: decoded,
                problem: Some(Problem::TooLarge),
            };
        }
        if let Err(error) = read {
            let kept = if decoded.is_empty() { bytes } else { decoded };
            return Decoded {
                bytes: kept,
                problem: Some(Problem::Broken(format!("{}: {error}", coding.name()))),
            };
        }
        bytes = decoded;
    }
    Decoded {
        bytes: utf8(bytes, content_type),
        problem: None,
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Coding {
    Gzip,
    Zlib,
    Deflate,
    Zstd,
}

impl Coding {
    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zlib | Self::Deflate => "deflate",
            Self::Zstd => "zstd",
        }
    }

    fn reader<'b>(self, bytes: &'b [u8]) -> Box<dyn Read + 'b> {
        match self {
            Self::Gzip => Box::new(MultiGzDecoder::new(bytes)),
            Self::Zlib => Box::new(ZlibDecoder::new(bytes)),
            Self::Deflate => Box::new(DeflateDecoder::new(bytes)),
            Self::Zstd => match zstd::stream::read::Decoder::new(bytes) {
                Ok(decoder) => Box::new(decoder),
                Err(error) => Box::new(Failed(Some(error))),
            },
        }
    }
}

/// A reader that fails.
struct Failed(Option<io::Error>);

impl Read for Failed {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// The coding that the first bytes show. A header is believed only for `deflate`, whose raw form has no mark.
fn coding_of(bytes: &[u8], header: Option<&str>) -> Option<Coding> {
    match bytes {
        [0x1f, 0x8b, 8, ..] => Some(Coding::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Coding::Zstd),
        // The header of zlib: method 8, and a checksum modulo 31.
        [method, flags, ..]
            if method & 0x0f == 8
                && method >> 4 <= 7
                && (u16::from(*method) << 8 | u16::from(*flags)).is_multiple_of(31) =>
        {
            Some(Coding::Zlib)
        }
        _ if is_text(bytes) => None,
        _ => {
            let mut names = header.unwrap_or("").split(',');
            let is_deflate = names.any(|name| name.trim().eq_ignore_ascii_case("deflate"));
            is_deflate.then_some(Coding::Deflate)
        }
    }
}

/// Returns whether the bytes begin like JSON, HTML or other text.
fn is_text(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    first.is_none_or(|first| first.is_ascii_graphic())
}

/// Converts a text to UTF-8, if a mark or the header names another character set. Other bytes stay as they are.
fn utf8(bytes: Vec<u8>, content_type: Option<&str>) -> Vec<u8> {
    let charset = content_type.and_then(charset).unwrap_or_default();
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        let letters = char::decode_utf16(units);
        let text: String = letters.map(|letter| letter.unwrap_or('\u{fffd}')).collect();
        text.into_bytes()
    };
    match &bytes[..] {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        _ if charset == "utf-16le" => wide(&bytes, u16::from_le_bytes),
        _ if charset == "utf-16be" || charset == "utf-16" => wide(&bytes, u16::from_be_bytes),
        _ if ["iso-8859-1", "latin1", "windows-1252"].contains(&charset.as_str())
            && std::str::from_utf8(&bytes).is_err() =>
        {
            let text: String = bytes.iter().copied().map(char::from).collect();
            text.into_bytes()
        }
        _ => bytes,
    }
}

/// The parameter `charset` of a content type, in lower case.
fn charset(content_type: &str) -> Option<String> {
    let mut parameters = content_type.split(';').skip(1);
    parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches('"').to_ascii_lowercase();
        name.trim().eq_ignore_ascii_case("charset").then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const TEXT: &[u8] = br#"{"code":200,"data":{"items":[]}}"#;
    const LIMIT: usize = 1000;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn deflate(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn the_bytes_decide_how_a_body_is_decoded() {
        let two = [gzip(&TEXT[..9]), gzip(&TEXT[9..])].concat();
        for (raw, header) in [
            (TEXT.to_vec(), None),
            (TEXT.to_vec(), Some("gzip")),
            (TEXT.to_vec(), Some("br")),
            (gzip(TEXT), None),
            (gzip(TEXT), Some("gzip")),
            (gzip(TEXT), Some("GZIP")),
            (gzip(TEXT), Some("x-gzip")),
            (gzip(TEXT), Some("identity")),
            (gzip(&gzip(TEXT)), Some("gzip, gzip")),
            (two, Some("gzip")),
            (zlib(TEXT), Some("deflate")),
            (zlib(TEXT), None),
            (deflate(TEXT), Some("Deflate")),
            (gzip(&zlib(TEXT)), Some("deflate, gzip")),
            (zstd::encode_all(TEXT, 1).unwrap(), None),
        ] {
            let decoded = decode(raw, header, None, LIMIT);
            assert_eq!(
                (&*decoded.bytes, decoded.problem),
                (TEXT, None),
                "{header:?}"
            );
        }
    }

    #[test]
    fn a_body_that_cannot_be_decoded_is_returned_as_far_as_it_goes() {
        let whole = gzip(TEXT);
        let cut = decode(whole[..whole.len() - 12].to_vec(), None, None, LIMIT);
        assert!(TEXT.starts_with(&cut.bytes) && !cut.bytes.is_empty());
        assert!(matches!(cut.problem, Some(Problem::Broken(_))));
        let head = decode(whole[..11].to_vec(), Some("gzip"), None, LIMIT);
        assert!(!head.bytes.is_empty(), "what came is kept");
        assert!(matches!(head.problem, Some(Problem::Broken(_))));
    }

    #[test]
    fn no_more_is_decoded_than_the_limit() {
        let large = decode(gzip(&vec![b' '; 1 << 20]), None, None, LIMIT);
        assert_eq!(
            (large.bytes.len(), large.problem),
            (LIMIT, Some(Problem::TooLarge))
        );
        let exact = decode(gzip(&vec![b' '; LIMIT]), None, None, LIMIT);
        assert_eq!((exact.bytes.len(), exact.problem), (LIMIT, None));
    }

    #[test]
    fn other_character_sets_become_utf8() {
        let wide = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            "{\"a\":\"é😀\"}".encode_utf16().flat_map(bytes).collect()
        };
        let expected = "{\"a\":\"é😀\"}".as_bytes();
        let marked = [&[0xff, 0xfe][..], &wide(u16::to_le_bytes)].concat();
        assert_eq!(decode(marked, None, None, LIMIT).bytes, expected);
        let named = Some("application/json; charset=\"UTF-16BE\"");
        assert_eq!(
            decode(wide(u16::to_be_bytes), None, named, LIMIT).bytes,
            expected
        );
        let latin = Some("application/json;charset=ISO-8859-1");
        assert_eq!(
            decode(b"{\"a\":\"\xe9\"}".to_vec(), None, latin, LIMIT).bytes,
            "{\"a\":\"é\"}".as_bytes()
        );
        let untrue = decode("{\"a\":\"é\"}".as_bytes().to_vec(), None, latin, LIMIT);
        assert_eq!(untrue.bytes, "{\"a\":\"é\"}".as_bytes());
    }
}
