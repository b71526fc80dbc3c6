//! Lists the replies to a comment.

use crate::api::endpoint::{CURSOR, Endpoint, Followed, HarvestFn, Malformed, Paging, Param};
use crate::api::json::Json;
use crate::api::parse::{
    Under, comment_item, edge_end, gather, head_comment, is_unanswered, page_into, post_item,
};
use crate::model::{Harvest, Items, Left, SubjectKind, Listed};

/// `get_comment_replies`.
pub struct CommentReplies;

impl Endpoint for CommentReplies {
    const NAME: &'static str = "get_comment_replies";
    const PATH: &'static str = "/api/v1/sora2/get_comment_replies";
    const PARAMS: &'static [Param] = &[
        Param::required("comment_id", "comment id, 32 hexadecimal digits"),
        CURSOR,
    ];
    const SUBJECT: Option<&'static str> = Some("comment_id");
    const PAGING: Paging = Paging::Cursor {
        page_size: Some(10),
    };
    const YIELDS: &'static str = "comments, users, attachments";
    const FINDS: &'static [SubjectKind] = &[SubjectKind::User];
    const SUBJECT_KIND: SubjectKind = SubjectKind::Comment;
    const ITEMS: Items = Items::Comments;
    const LEFT: Left = Left::Count("reply_count");
    const LISTED: Option<Listed> = Some(Listed::RepliesOfComment);
    const FOLLOWED: Followed = Followed::If("replies");
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
                        parent_comment_id: edge_end(gather, subject),
                        asked: Some(subject),
                        ..Under::of(post_item)
                    };
                    comment_item(gather, item, place, under)
                },
            )?;
        }
        head_comment(gather, data, post_item);
        Ok(())
    })
}
