//! Videos: all URLs of each, and the time at which the first URL expires.

use url::form_urlencoded;

use super::fields::Fields;
use super::gather::Gather;
use super::time::iso_seconds;
use crate::model::Attachment;

/// The post or comment that has a video.
#[derive(Clone, Copy)]
pub enum Owner<'o> {
    Post(&'o str),
    Comment(&'o str),
}

/// Reads the videos of a post or a comment.
pub fn attachments(gather: &mut Gather<'_>, fields: &Fields<'_>, owner: Owner<'_>) {
    fields.each("attachments", |index, json, place| {
        if let Some(fields) = Fields::new(json, place, gather.odds) {
            gather
                .rows
                .attachments
                .push(attachment(&fields, owner, index));
        }
    });
}

/// Returns the id for a video that has none in the reply.
pub fn attachment_id(owner_id: &str, index: usize) -> String {
    format!("{owner_id}-attachment-{index}")
}

fn attachment(fields: &Fields<'_>, owner: Owner<'_>, index: usize) -> Attachment {
    let (owner_id, post_id, comment_id) = match owner {
        Owner::Post(id) => (id, Some(id.to_owned()), None),
        Owner::Comment(id) => (id, None, Some(id.to_owned())),
    };
    let mut attachment = Attachment {
        attachment_id: fields
            .id("id")
            .unwrap_or_else(|| attachment_id(owner_id, index)),
        post_id,
        comment_id,
        kind: fields.text("kind"),
        generation_id: fields.id("generation_id"),
        generation_type: fields.text("generation_type"),
        task_id: fields.id("task_id"),
        width: fields.count("width"),
        height: fields.count("height"),
        duration_s: fields.float("duration_s"),
        n_frames: fields.count("n_frames"),
        output_blocked: fields.flag("output_blocked"),
        has_captions: fields.flag("has_captions"),
        url: fields.url("url"),
        downloadable_url: fields.url("downloadable_url"),
        ..Attachment::default()
    };
    downloads(fields, &mut attachment);
    encodings(fields, &mut attachment);
    attachment.expires_at = expiry(&attachment);
    attachment
}

fn downloads(fields: &Fields<'_>, attachment: &mut Attachment) {
    fields.within("download_urls", |fields| {
        attachment.watermark_url = fields.url("watermark");
        attachment.no_watermark_url = fields.url("no_watermark");
        attachment.endcard_watermark_url = fields.url("endcard_watermark");
        Some(())
    });
}

fn encodings(fields: &Fields<'_>, attachment: &mut Attachment) {
    fields.within("encodings", |fields| {
        let address = |key| {
            fields.within(key, |encoding| {
                encoding.url("path").or_else(|| encoding.url("url"))
            })
        };
        attachment.source_url = address("source");
        attachment.source_wm_url = address("source_wm");
        attachment.endcard_wm_url = address("endcard_wm");
        attachment.thumbnail_url = address("thumbnail");
        attachment.unfurl_url = address("unfurl");
        attachment.md_url = address("md");
        attachment.ld_url = address("ld");
        attachment.gif_url = address("gif");
        Some(())
    });
}

/// Returns the Unix time at which the first of a video's URLs expires, according to their queries.
pub fn expiry(attachment: &Attachment) -> Option<f64> {
    let Attachment {
        url,
        downloadable_url,
        watermark_url,
        no_watermark_url,
        endcard_watermark_url,
        source_url,
        source_wm_url,
        endcard_wm_url,
        thumbnail_url,
        unfurl_url,
        md_url,
        ld_url,
        gif_url,
        ..
    } = attachment;
    let all = [
        url,
        downloadable_url,
        watermark_url,
        no_watermark_url,
        endcard_watermark_url,
        source_url,
        source_wm_url,
        endcard_wm_url,
        thumbnail_url,
        unfurl_url,
        md_url,
        ld_url,
        gif_url,
    ];
    all.into_iter()
        .flatten()
        .flat_map(|url| ends_of(url))
        .reduce(f64::min)
}

/// Returns the Unix time at which a URL expires, according to its query.
#[must_use]
pub fn url_expiry(url: &str) -> Option<f64> {
    ends_of(url).reduce(f64::min)
}

/// Returns the expiry times in a URL's query: `se` of the signature and `ske` of the signing key.
fn ends_of(url: &str) -> impl Iterator<Item = f64> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    // Each by one byte: a search for several characters decodes the whole query, which is long and comes with every video.
    query
        .split('&')
        .flat_map(|pair| pair.split('#'))
        .filter(|pair| pair.starts_with("se=") || pair.starts_with("ske="))
        .filter_map(|pair| {
            let (_, value) = form_urlencoded::parse(pair.as_bytes()).next()?;
            iso_seconds(&value)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ending(urls: [&str; 2]) -> Option<f64> {
        let [url, gif_url] = urls.map(|url| Some(url.to_owned()));
        expiry(&Attachment {
            url,
            gif_url,
            ..Attachment::default()
        })
    }

    #[test]
    fn a_video_expires_with_its_first_url() {
        let late = "https://x/a?st=2020-01-01T00%3A00%3A00Z&se=2025-10-19T07%3A42%3A42Z&sig=se%3D1";
        let soon = "https://x/b?se=2025-10-19T07:42:42Z&ske=2025-10-18T07%3A42%3A42Z";
        assert_eq!(ending([late, late]), Some(1_760_859_762.0));
        assert_eq!(ending([late, soon]), Some(1_760_773_362.0));
    }

    #[test]
    fn a_url_without_a_valid_expiry_has_none() {
        assert_eq!(
            ending(["https://x/a", "https://x/a?se=soon&ske&ske=%zz"]),
            None
        );
    }
}
