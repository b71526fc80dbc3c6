//! The renditions of a video: which of its URLs a file comes from.

/// One rendition of a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rendition {
    /// Name in the configuration and in the archive.
    pub name: &'static str,
    /// Columns of the table `attachments` with its URL. The first that is not null counts.
    pub columns: &'static [&'static str],
}

const fn of(name: &'static str, columns: &'static [&'static str]) -> Rendition {
    Rendition { name, columns }
}

/// All renditions.
pub static RENDITIONS: [Rendition; 14] = [
    of(
        "best",
        &[
            "source_url",
            "no_watermark_url",
            "downloadable_url",
            "url",
            "md_url",
            "ld_url",
        ],
    ),
    of("video", &["url"]),
    of("downloadable", &["downloadable_url"]),
    of("watermark", &["watermark_url"]),
    of("no_watermark", &["no_watermark_url"]),
    of("endcard_watermark", &["endcard_watermark_url"]),
    of("source", &["source_url"]),
    of("source_wm", &["source_wm_url"]),
    of("endcard_wm", &["endcard_wm_url"]),
    of("thumbnail", &["thumbnail_url"]),
    of("unfurl", &["unfurl_url"]),
    of("md", &["md_url"]),
    of("ld", &["ld_url"]),
    of("gif", &["gif_url"]),
];

impl Rendition {
    /// Returns the rendition with a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        RENDITIONS.iter().find(|known| known.name == name).copied()
    }
}
