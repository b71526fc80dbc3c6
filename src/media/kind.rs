//! What a file is, by its first bytes. Neither the URL nor the Content-Type decides the extension.

/// A kind of file that is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    Mp4,
    Webp,
    Gif,
    Png,
    Jpeg,
}

/// Number of first bytes that tell the kind.
pub const HEAD_BYTES: usize = 12;

impl FileKind {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::Mp4, Self::Webp, Self::Gif, Self::Png, Self::Jpeg];

    /// Returns the kind of a file that begins with these bytes.
    #[must_use]
    pub fn of(head: &[u8]) -> Option<Self> {
        let at = |at: usize, bytes: &[u8]| head.get(at..at + bytes.len()) == Some(bytes);
        match () {
            // ISO 14496-12: the first box is `ftyp`, after its size.
            () if at(4, b"ftyp") => Some(Self::Mp4),
            () if at(0, b"RIFF") && at(8, b"WEBP") => Some(Self::Webp),
            () if at(0, b"GIF87a") || at(0, b"GIF89a") => Some(Self::Gif),
            () if at(0, b"\x89PNG\r\n\x1a\n") => Some(Self::Png),
            () if at(0, b"\xff\xd8\xff") => Some(Self::Jpeg),
            () => None,
        }
    }

    /// Returns how many bytes a file has at least, as its first bytes say. Only WebP says it.
    #[must_use]
    pub fn least_bytes(self, head: &[u8]) -> u64 {
        match (self, head) {
            // Without the eight bytes of the name and the size.
            (Self::Webp, [_, _, _, _, a, b, c, d, ..]) => {
                u64::from(u32::from_le_bytes([*a, *b, *c, *d])) + 8
            }
            _ => 0,
        }
    }

    /// Returns the extension of its files.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Mp4 => "mp4",
            Self::Webp => "webp",
            Self::Gif => "gif",
            Self::Png => "png",
            Self::Jpeg => "jpg",
        }
    }

    /// Returns whether a Content-Type may belong to the kind. Storages state a general one for everything.
    #[must_use]
    pub fn fits(self, content_type: &str) -> bool {
        let (kind, _) = content_type.split_once('/').unwrap_or((content_type, ""));
        match kind.trim().to_ascii_lowercase().as_str() {
            "video" => self == Self::Mp4,
            "image" => self != Self::Mp4,
            _ => true,
        }
    }
}

/// Returns whether a Content-Type tells a page or a message, such as those of gateways, and no file.
#[must_use]
pub fn is_text(content_type: &str) -> bool {
    let (kind, _) = content_type.split_once(';').unwrap_or((content_type, ""));
    let kind = kind.trim().to_ascii_lowercase();
    kind.starts_with("text/") || kind.ends_with("json") || kind.ends_with("xml")
}

#[cfg(test)]
mod tests {
    use super::{FileKind, is_text};

    #[test]
    fn the_first_bytes_tell_the_kind() {
        let heads: [(&[u8], FileKind); 5] = [
            (b"\0\0\0\x20ftypisom", FileKind::Mp4),
            (b"RIFF\x10\0\0\0WEBP", FileKind::Webp),
            (b"GIF89a\x01\0\x01\0\0\0", FileKind::Gif),
            (b"\x89PNG\r\n\x1a\n\0\0\0\0", FileKind::Png),
            (b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01", FileKind::Jpeg),
        ];
        for (head, kind) in heads {
            assert_eq!(FileKind::of(head), Some(kind));
        }
        let others: [&[u8]; 6] = [
            b"",
            b"<!DOCTYPE html>",
            b"{\"error\":1}",
            b"RIFF\0\0\0\0WAVE",
            b"GIF",
            b"\0\0\0\0\0\0\0\0\0\0\0\0",
        ];
        for head in others {
            assert_eq!(FileKind::of(head), None);
        }
    }

    #[test]
    fn a_webp_file_says_how_many_bytes_it_has() {
        assert_eq!(FileKind::Webp.least_bytes(b"RIFF\x10\x01\0\0WEBP"), 280);
        assert_eq!(FileKind::Webp.least_bytes(b"RIFF"), 0);
        assert_eq!(FileKind::Mp4.least_bytes(b"\0\0\0\x20ftypisom"), 0);
    }

    #[test]
    fn a_stated_type_must_not_contradict_the_bytes() {
        assert!(FileKind::Mp4.fits("video/mp4") && FileKind::Webp.fits("image/webp"));
        assert!(FileKind::Mp4.fits("application/octet-stream") && FileKind::Gif.fits(""));
        assert!(!FileKind::Mp4.fits("image/png") && !FileKind::Png.fits("Video/mp4"));
        assert!(is_text("text/html; charset=utf-8") && is_text("application/problem+json"));
        assert!(is_text("application/xml") && !is_text("video/mp4"));
    }
}
