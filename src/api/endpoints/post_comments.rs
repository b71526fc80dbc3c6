//! Lists the comments on a post, with the replies nested in them.

use crate::api::endpoint::{CURSOR, Endpoint, HarvestFn, Malformed, Paging, Param};
use crate::api::json::Json;
use crate::api::parse::{
    Under, comment_item, edge_end, gather, head_post, is_unanswered, page_into,
};
use crate::model::Harvest;

/// `get_post_comments`.
pub struct PostComments;

impl Endpoint for PostComments {
    const NAME: &'static str = "get_post_comments";
    const PATH: &'static str = "/api/v1/sora2/get_post_comments";
    const PARAMS: &'static [Param] = &[Param::required("post_id", "post id, `s_…`"), CURSOR];
    const SUBJECT: Option<&'static str> = Some("post_id");
    const PAGING: Paging = Paging::Cursor {
        page_size: Some(10),
    };
    const YIELDS: &'static str = "comments, users, attachments";
    const LEADS_TO: &'static [&'static str] = &[
        super::CommentReplies::NAME,
        super::UserProfile::NAME,
        super::UserPosts::NAME,
        super::UserFollowers::NAME,
        super::UserFollowing::NAME,
        super::UserCameoAppearances::NAME,
    ];
    const RANK: u8 = 8;
    const HARVEST: Option<HarvestFn> = Some(harvest);
}

fn harvest(subject: &str, data: &Json<'_>) -> Result<Harvest, Malformed> {
    gather(|gather| {
        if !is_unanswered(data, subject) {
            page_into(
                gather,
                data,
                &["children", "items"],
                |gather, item, place, _| {
                    let under = Under {
                        post_id: edge_end(gather, subject),
                        parent_comment_id: None,
                        asked: None,
                    };
                    comment_item(gather, item, place, under)
                },
            )?;
        }
        head_post(gather, data);
        Ok(())
    })
}
