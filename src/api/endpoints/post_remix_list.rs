//! Lists the remixes of a post. The vendor states no page size.

use crate::api::endpoint::{CURSOR, Endpoint, Followed, HarvestFn, Malformed, Paging, Param};
use crate::api::json::Json;
use crate::api::parse::{edge_end, page, post_in, post_item};
use crate::model::{Harvest, Items, Left, SubjectKind, Listed};

/// `get_post_remix_list`.
pub struct PostRemixList;

impl Endpoint for PostRemixList {
    const NAME: &'static str = "get_post_remix_list";
    const PATH: &'static str = "/api/v1/sora2/get_post_remix_list";
    const PARAMS: &'static [Param] = &[
        Param::optional("post_id", "post id, `s_…`"),
        Param::optional("post_url", "post URL, `https://sora.chatgpt.com/p/s_…`"),
        CURSOR,
    ];
    const ONE_OF: &'static [&'static str] = &["post_id", "post_url"];
    const SUBJECT: Option<&'static str> = Some("post_id");
    const PAGING: Paging = Paging::Cursor { page_size: None };
    const YIELDS: &'static str = "remixes, posts, attachments, users, appearances";
    const FINDS: &'static [SubjectKind] = &[SubjectKind::Post, SubjectKind::User];
    const SUBJECT_KIND: SubjectKind = SubjectKind::Post;
    const ITEMS: Items = Items::Posts;
    const LEFT: Left = Left::Count("remix_count");
    const LISTED: Option<Listed> = Some(Listed::RemixesOfPost);
    const FOLLOWED: Followed = Followed::If("remixes");
    const UPSTREAM: &'static str = "post/{}/remix_feed";
    const HARVEST: Option<HarvestFn> = Some(harvest);
}

fn harvest(subject: &str, data: &Json<'_>) -> Result<Harvest, Malformed> {
    page(data, &["items"], |gather, item, place, _| {
        let parent = edge_end(gather, post_in(subject));
        post_item(gather, item, place, parent)
    })
}
