//! Returns one post with its author, cast, parent and first remixes.

use crate::api::endpoint::{Endpoint, Followed, HarvestFn, Malformed, Param, ShapeFn};
use crate::api::json::Json;
use crate::api::parse::{Place, from_page, gather, post_in, same, whole_post};
use crate::model::{Harvest, Left, Odd, SubjectKind};

/// `get_post_detail`.
pub struct PostDetail;

impl Endpoint for PostDetail {
    const NAME: &'static str = "get_post_detail";
    const PATH: &'static str = "/api/v1/sora2/get_post_detail";
    const PARAMS: &'static [Param] = &[
        Param::optional("post_id", "post id, `s_…`"),
        Param::optional("post_url", "post URL, `https://sora.chatgpt.com/p/s_…`"),
    ];
    const ONE_OF: &'static [&'static str] = &["post_id", "post_url"];
    const SUBJECT: Option<&'static str> = Some("post_id");
    const YIELDS: &'static str = "posts, attachments, users, appearances, remixes";
    const FINDS: &'static [SubjectKind] = &[SubjectKind::Post, SubjectKind::User];
    const SUBJECT_KIND: SubjectKind = SubjectKind::Post;
    const LEFT: Left = Left::Described("counted_at");
    const FOLLOWED: Followed = Followed::If("details");
    const UPSTREAM: &'static str = "post/{}";
    const SHAPE: Option<ShapeFn> = Some(shape);
    const HARVEST: Option<HarvestFn> = Some(harvest);
}

/// A post, wrapped or flat, or what a tool stored of the page of a post.
fn shape(data: &Json<'_>) -> Option<String> {
    if let Some(page) = from_page(data) {
        return shape(&page);
    }
    let is_flat = ["text", "attachments", "posted_at", "caption"]
        .iter()
        .any(|key| data.has(key));
    let post = data.get("post").or(Some(data).filter(|_| is_flat))?;
    match post.get("id")? {
        Json::Text(id) if id.starts_with("s_") => Some(id.to_string()),
        _ => None,
    }
}


fn harvest(subject: &str, data: &Json<'_>) -> Result<Harvest, Malformed> {
    gather(|gather| {
        let page = from_page(data);
        let post_id = whole_post(gather, page.as_ref().unwrap_or(data))?;
        let asked = post_in(subject);
        if !asked.is_empty() && !same(asked, &post_id) {
            gather.odds.note(Place::DATA, format_args!("{} post", Odd::OTHER));
        }
        Ok(())
    })
}
