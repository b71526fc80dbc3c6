//! Lists the comments on a post, with the replies nested in them.

use crate::api::endpoint::{CURSOR, Endpoint, Followed, HarvestFn, Malformed, Paging, Param};
use crate::api::json::Json;
use crate::api::parse::{
    Under, comment_item, edge_end, gather, head_post, is_unanswered, page_into, post_item,
};
use crate::model::{Harvest, Items, Left, SubjectKind, Listed};

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
    const FINDS: &'static [SubjectKind] = &[SubjectKind::Comment, SubjectKind::User];
    const SUBJECT_KIND: SubjectKind = SubjectKind::Post;
    const ITEMS: Items = Items::Comments;
    const LEFT: Left = Left::Count("reply_count");
    const LISTED: Option<Listed> = Some(Listed::CommentsOfPost);
    const FOLLOWED: Followed = Followed::If("comments");
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
                        ..Under::of(post_item)
                    };
                    comment_item(gather, item, place, under)
                },
            )?;
        }
        head_post(gather, data);
        Ok(())
    })
}
