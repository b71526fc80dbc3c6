//! Returns a post's video URLs in the vendor's short form. `get_post_detail` returns more at the same price.

use crate::api::endpoint::{Endpoint, Followed, HarvestFn, Malformed, Param, ShapeFn};
use crate::api::json::Json;
use crate::api::parse::{
    Fields, Gather, Place, attachment_id, expiry, gather, is_id, post_in, profile, same,
};
use crate::model::{Attachment, Counts, Harvest, Odd, Post, SubjectKind};

/// `get_video_download_info`.
pub struct VideoDownloadInfo;

impl Endpoint for VideoDownloadInfo {
    const NAME: &'static str = "get_video_download_info";
    const PATH: &'static str = "/api/v1/sora2/get_video_download_info";
    const PARAMS: &'static [Param] = &[
        Param::optional("post_id", "post id, `s_…`"),
        Param::optional("post_url", "post URL, `https://sora.chatgpt.com/p/s_…`"),
    ];
    const ONE_OF: &'static [&'static str] = &["post_id", "post_url"];
    const SUBJECT: Option<&'static str> = Some("post_id");
    const YIELDS: &'static str = "posts, attachments, users";
    const FINDS: &'static [SubjectKind] = &[SubjectKind::Post, SubjectKind::User];
    const SUBJECT_KIND: SubjectKind = SubjectKind::Post;
    const FOLLOWED: Followed = Followed::If("download_info");
    const SHAPE: Option<ShapeFn> = Some(shape);
    const HARVEST: Option<HarvestFn> = Some(harvest);
}

/// Download information that names its post.
fn shape(data: &Json<'_>) -> Option<String> {
    match (data.get("post_id")?, data.get("video")?) {
        (Json::Text(id), Json::Object(_)) => Some(id.to_string()),
        _ => None,
    }
}


fn harvest(subject: &str, data: &Json<'_>) -> Result<Harvest, Malformed> {
    let asked = Some(post_in(subject)).filter(|id| is_id(id));
    gather(|gather| {
        let fields = Fields::new(data, &Place::DATA, gather.odds)
            .filter(|fields| {
                ["post_id", "video", "title"]
                    .iter()
                    .any(|key| fields.get(key).is_some())
            })
            .ok_or_else(|| Malformed::new("data.video", "no download information"))?;
        let post_id = fields
            .id("post_id")
            .or_else(|| asked.map(str::to_owned))
            .ok_or_else(|| Malformed::new("data.post_id", "no usable id"))?;
        if asked.is_some_and(|asked| !same(asked, &post_id)) {
            gather.odds.note(Place::DATA, format_args!("{} post", Odd::OTHER));
        }
        let author_user_id = author(gather, &fields);
        gather
            .rows
            .posts
            .push(post(&fields, &post_id, author_user_id));
        gather
            .rows
            .attachments
            .extend(fields.within("video", |fields| Some(video(&fields, &post_id))));
        gather.rows.items.push(post_id);
        Ok(())
    })
}

/// Reads the author and returns their id. Without an id, as in the vendor's example, no row is possible.
fn author(gather: &mut Gather<'_>, fields: &Fields<'_>) -> Option<String> {
    let json = fields.get("author")?;
    json.get("user_id")?;
    profile(gather, json, &fields.place.key("author"), None)
}

fn post(fields: &Fields<'_>, post_id: &str, author_user_id: Option<String>) -> Post {
    let count = |key| fields.within("stats", |stats| stats.count(key));
    Post {
        post_id: post_id.to_owned(),
        author_user_id,
        // The title may be a truncated prompt, so it must not overwrite the complete one in `text`.
        title: fields.text("title"),
        permalink: fields.url("permalink"),
        posted_at: fields.time("created_at"),
        counts: Counts::of([
            ("like_count", count("like_count")),
            ("view_count", count("view_count")),
            ("reply_count", count("comment_count")),
            ("remix_count", count("remix_count")),
        ]),
        ..Post::default()
    }
}

fn video(fields: &Fields<'_>, post_id: &str) -> Attachment {
    let mut attachment = Attachment {
        attachment_id: attachment_id(post_id, 0),
        post_id: Some(post_id.to_owned()),
        width: fields.count("width"),
        height: fields.count("height"),
        no_watermark_url: fields.url("no_watermark"),
        watermark_url: fields.url("watermark"),
        thumbnail_url: fields.url("thumbnail"),
        gif_url: fields.url("preview_gif"),
        md_url: fields.url("medium_quality"),
        ..Attachment::default()
    };
    attachment.expires_at = expiry(&attachment);
    attachment
}
