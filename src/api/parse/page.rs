//! What downloaders stored beside a video: data of the page of a post, in their own words.

use std::borrow::Cow;

use super::ids::post_in;
use crate::api::json::Json;

/// Keys of the page's address. The second kind also needs a key that only such files have.
const ADDRESSES: [&str; 2] = ["webpage_url", "original_url"];
const MARKS: [&str; 3] = ["scraped_at", "video_url", "extractor"];

/// Returns a post in the remote's shape from yt-dlp's `.info.json` of a page, or from the metadata of a page; `None` for
/// anything else.
pub fn from_page<'a>(data: &Json<'a>) -> Option<Json<'a>> {
    if data.has("post") {
        return None;
    }
    let mut addresses = ADDRESSES.iter().filter_map(|key| data.get(key));
    let is_marked = MARKS.iter().any(|key| data.has(key));
    let address = addresses
        .next()
        .or_else(|| data.get("url").filter(|_| is_marked))?;
    let Json::Text(address) = address else {
        return None;
    };
    let id = post_in(address);
    if !id.starts_with("s_") {
        return None;
    }
    let first = |keys: &[&str]| {
        let mut values = keys.iter().filter_map(|key| data.get(key));
        values.next().cloned()
    };
    let mut post: Vec<(Cow<'a, str>, Json<'a>)> =
        vec![("id".into(), Json::Text(id.to_owned().into()))];
    let mut set = |key: &'static str, value: Option<Json<'a>>| {
        post.extend(value.map(|value| (key.into(), value)));
    };
    set("text", first(&["description", "title"]));
    set("posted_at", first(&["timestamp"]));
    set("permalink", Some(Json::Text(address.to_string().into())));
    set("preview_image_url", first(&["thumbnail"]));
    set("like_count", first(&["like_count", "likes"]));
    set("view_count", first(&["view_count", "views"]));
    set("remix_count", first(&["remix_count", "remixes"]));
    set(
        "reply_count",
        first(&["comment_count", "comments"]).filter(is_number),
    );
    let video = match data.has("webpage_url") || data.has("original_url") {
        true => first(&["url"]),
        false => first(&["video_url"]),
    };
    if let Some(url) = video {
        let of = |key: &'static str, from: &str| Some((key.into(), data.get(from)?.clone()));
        let mut attachment = vec![
            ("kind".into(), Json::Text("sora".into())),
            ("url".into(), url),
        ];
        attachment.extend(of("width", "width"));
        attachment.extend(of("height", "height"));
        attachment.extend(of("duration_s", "duration"));
        set(
            "attachments",
            Some(Json::Array(vec![Json::Object(attachment)])),
        );
    }
    // A name alone is no person: rows need the id.
    if let Some(Json::Text(author)) = data.get("uploader_id")
        && (author.starts_with("user-") || author.starts_with("ch_"))
    {
        set("shared_by", Some(Json::Text(author.clone())));
    }
    Some(Json::Object(vec![("post".into(), Json::Object(post))]))
}

fn is_number(value: &Json<'_>) -> bool {
    matches!(value, Json::Int(_) | Json::Float(_))
}
