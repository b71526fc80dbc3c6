//! What was answered to a comment.

use crate::api::endpoint::{CURSOR, Endpoint, HarvestFn, Malformed, Paging, Param};
use crate::api::json::Json;
use crate::model::Harvest;

/// `get_comment_replies`.
pub struct CommentReplies;

impl Endpoint for CommentReplies {
    const NAME: &'static str = "get_comment_replies";
    const PATH: &'static str = "/api/v1/sora2/get_comment_replies";
    const PARAMS: &'static [Param] = &[
        Param::required("comment_id", "the comment, 32 hexadecimal digits"),
        CURSOR,
    ];
    const SUBJECT: Option<&'static str> = Some("comment_id");
    const PAGING: Paging = Paging::Cursor {
        page_size: Some(10),
    };
    const YIELDS: &'static str = "comments, users, attachments";
    const LEADS_TO: &'static [&'static str] = &[
        super::UserProfile::NAME,
        super::UserPosts::NAME,
        super::UserFollowers::NAME,
        super::UserFollowing::NAME,
        super::UserCameoAppearances::NAME,
    ];
    const RANK: u8 = 9;
    const HARVEST: Option<HarvestFn> = Some(harvest);
}

fn harvest(_subject: &str, _data: &Json<'_>) -> Result<Harvest, Malformed> {
    Err(Malformed::new("data", "not read yet"))
}
